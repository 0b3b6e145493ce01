//! Conditions on a record.

mod tree;

use std::fmt;
use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr, Not};

use serde::Serialize;

use super::statement::Fragment;
use super::surql::IntoSurql;
use crate::record::{FieldRef, Path, Record, Within};
pub(crate) use tree::Tree;

/// Something that is true or false of a record of type `R`.
///
/// Made by the methods of [`Expression`](crate::Expression), and put together with `&`, `|` and `!`, or from lists
/// with [`any`] and [`all`]. A field of type `bool` is a condition by itself.
///
/// A comparison with something missing is false: NONE, NULL, a field that a record does not have, and whatever is read
/// through a link that leads nowhere. In this it is as Rust's `is_some_and`, and not as SurrealQL, for which NONE is
/// less than any number. [`ne`](crate::Expression::ne) is the opposite of `eq`, so it is true for them.
///
/// NaN compares as in Rust: every comparison with it is false, and `ne` is true. A NaN that is computed, or compared with
/// another field, is a number beyond infinity for the server (3.3.5).
///
/// An index changes what some comparisons find on the server (3.3.5). Conditions are written in forms that do not depend on
/// indexes; comparisons with whole arrays and with sets use none. One case has no such form: an index on an array field
/// without a declared type has a record once for each element, and finds it as often. Declare such fields with
/// `DEFINE FIELD tags ON t TYPE array`. The file `docs/indexes.md` lists all forms and what they cost.
///
/// Conditions that are nested more than 64 levels deep fail the statement with
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) before it is sent; the server's own limit is lower.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String, age: u8, active: bool, nickname: Option<String> }
/// # surreal_session_embedded::example(async |session| {
/// # session.execute("CREATE user:ada SET name = 'Ada', age = 36, active = true").await?;
/// let search = ["da", "x"];
/// let users = session
///     .select::<User>()
///     .filter(|u| u.active & (u.age.gte(18) | u.nickname.is_some()) & !u.name.starts_with("_"))
///     .filter(|u| any(search.iter().map(|word| u.name.contains(*word))))
///     .await?;
/// assert_eq!(users.len(), 1);
/// # Ok(())
/// # });
/// ```
#[must_use = "a condition does nothing until a builder is given it"]
pub struct Condition<R> {
    tree: Tree,
    record: PhantomData<fn() -> R>,
}

impl<R> Condition<R> {
    pub(super) fn new(tree: Tree) -> Self {
        Self { tree, record: PhantomData }
    }

    /// A condition in SurrealQL, for what has no method. Values go into it with [`bind`](Self::bind), or come with the text
    /// of [`surql!`](crate::surql!).
    ///
    /// Text of `surql!` is checked by the compiler, any other not until the server reads it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String, age: u8 }
    /// # surreal_session_embedded::example(async |session| {
    /// # session.execute("CREATE user:ada SET name = 'Ada', age = 36; CREATE user:alan SET name = 'Alan', age = 41").await?;
    /// let users = session
    ///     .select::<User>()
    ///     .filter(|u| u.age.gte(18) & Condition::raw("string::len(name) > $min").bind("min", 3))
    ///     .await?;
    /// assert_eq!(users[0].name, "Alan");
    ///
    /// let min = 3;
    /// let longer = session.select::<User>().filter(|_| Condition::raw(surql!("string::len({User.name}) > $min", min)));
    /// assert_eq!(longer.await?, users);
    /// # Ok(())
    /// # });
    /// ```
    pub fn raw(surql: impl IntoSurql) -> Self {
        Self::new(Tree::Leaf(Fragment::of_surql(surql.into_surql())))
    }

    /// Binds `value` to `$name` in the text of a [`raw`](Self::raw) condition.
    ///
    /// A name can be bound once in a statement: two conditions in one filter need different names.
    ///
    /// The type of the value is not checked. Types of chrono, time, jiff, uuid and `rust_decimal` and `std::time::Duration` are
    /// sent as serde writes them, a time as text: convert them first, as in `Datetime::from(time)`.
    pub fn bind(mut self, name: impl AsRef<str>, value: impl Serialize) -> Self {
        self.tree = Tree::Leaf(self.tree.into_fragment().bind(name.as_ref(), &value));
        self
    }

    /// Binds each field of a struct, or each entry of a map, to a parameter of its name in the text of a [`raw`](Self::raw)
    /// condition; see [`Query::bind_all`](crate::Query::bind_all).
    pub fn bind_all(mut self, values: impl Serialize) -> Self {
        self.tree = Tree::Leaf(self.tree.into_fragment().bind_all(&values));
        self
    }

    pub(crate) fn into_tree(self) -> Tree {
        self.tree
    }
}

/// The condition that records of type `T` have to meet unless the program says `unscoped`.
pub(crate) fn default_condition<T: Record>() -> Option<Condition<T>> {
    let scope = T::SCOPE?;
    Some(Condition::new(Tree::Leaf(Fragment::new(format!("({scope})")).of_program())))
}

/// A [`Condition`], or a field of type `bool` or `Option<bool>`; a missing one is false.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a condition on `{R}`: compare fields with methods, as in `u.age.gte(18)`, and join \
               conditions with `&`, `|` and `!`",
    label = "this closure returns `{Self}`"
)]
pub trait IntoCondition<R> {
    /// The condition.
    fn into_condition(self) -> Condition<R>;
}

#[diagnostic::do_not_recommend]
impl<R> IntoCondition<R> for Condition<R> {
    fn into_condition(self) -> Self {
        self
    }
}

fn truth<P: Path>() -> Condition<P::Root> {
    Condition::new(Tree::Leaf(Fragment::path::<P>()))
}

/// The condition that at least one of these is true; of none it is false.
pub fn any<R>(conditions: impl IntoIterator<Item = Condition<R>>) -> Condition<R> {
    Condition::new(Tree::any(conditions.into_iter().map(Condition::into_tree)))
}

/// The condition that each of these is true; of none it is true.
pub fn all<R>(conditions: impl IntoIterator<Item = Condition<R>>) -> Condition<R> {
    Condition::new(Tree::all(conditions.into_iter().map(Condition::into_tree)))
}

impl<R, C: IntoCondition<R>> BitAnd<C> for Condition<R> {
    type Output = Self;

    fn bitand(self, other: C) -> Self {
        all([self, other.into_condition()])
    }
}

impl<R, C: IntoCondition<R>> BitOr<C> for Condition<R> {
    type Output = Self;

    fn bitor(self, other: C) -> Self {
        any([self, other.into_condition()])
    }
}

impl<R> Not for Condition<R> {
    type Output = Self;

    fn not(self) -> Self {
        Self::new(self.tree.negated())
    }
}

macro_rules! bools {
    ($($ty:ty)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<R, P: Within<R>> IntoCondition<R> for FieldRef<P, $ty> {
            fn into_condition(self) -> Condition<R> {
                Condition::new(truth::<P>().tree)
            }
        }

        impl<P: Path, C: IntoCondition<P::Root>> BitAnd<C> for FieldRef<P, $ty> {
            type Output = Condition<P::Root>;

            fn bitand(self, other: C) -> Self::Output {
                truth::<P>() & other
            }
        }

        impl<P: Path, C: IntoCondition<P::Root>> BitOr<C> for FieldRef<P, $ty> {
            type Output = Condition<P::Root>;

            fn bitor(self, other: C) -> Self::Output {
                truth::<P>() | other
            }
        }

        impl<P: Path> Not for FieldRef<P, $ty> {
            type Output = Condition<P::Root>;

            fn not(self) -> Self::Output {
                !truth::<P>()
            }
        }
    )+};
}

// A missing one is false.
bools! { bool Option<bool> }

impl<R> Clone for Condition<R> {
    fn clone(&self) -> Self {
        Self::new(self.tree.clone())
    }
}

/// The SurrealQL, without the values.
impl<R> fmt::Debug for Condition<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({})", self.tree.clone().into_fragment())
    }
}
