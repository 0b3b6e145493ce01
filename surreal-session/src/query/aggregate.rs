//! Aggregates: values that the server computes from a group of records.

use std::fmt;
use std::marker::PhantomData;

use super::condition::IntoCondition;
use super::expression::Expression;
use super::statement::Fragment;
use crate::record::{FieldRef, Kind, Ordered, Path, Stored, Total, tuples};

/// A value of type `T` that the server computes from each group of records of type `R`.
///
/// Made by [`count`], [`count_if`] and the methods of [`Expression`] such as [`sum`](Expression::sum); the closure of
/// [`aggregate`](crate::query::Select::aggregate) returns one, or several in a tuple. Missing values are left out, except
/// by [`collect`](Expression::collect).
#[must_use = "nothing is computed until a select is given it"]
pub struct Aggregate<R, T> {
    surql: Fragment,
    marker: PhantomData<fn() -> (R, T)>,
}

/// A group of records of type `R`: the start of the paths that [`having`](crate::query::Aggregated::having) and
/// [`order_by`](crate::query::Aggregated::order_by) receive.
pub struct Group<R>(PhantomData<fn() -> R>);

/// The key number `INDEX` of a group, as a path.
pub struct GroupKey<R, const INDEX: usize>(PhantomData<fn() -> R>);

/// The aggregate number `INDEX` of a group, as a path.
pub struct GroupValue<R, const INDEX: usize>(PhantomData<fn() -> R>);

impl<R, T> Aggregate<R, T> {
    fn new(surql: Fragment) -> Self {
        Self { surql, marker: PhantomData }
    }

    pub(super) fn into_fragment(self) -> Fragment {
        self.surql
    }
}

/// The number of records in a group.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct Order { id: Id<Order>, country: String, total: u32 }
/// # surreal_session_embedded::example(async |session| {
/// # session.execute("CREATE order SET country = 'fr', total = 5; CREATE order SET country = 'fr', total = 7").await?;
/// let orders = session.select::<Order>().group_by(|o| o.country).aggregate(|o| (count(), o.total.sum())).await?;
/// assert_eq!(orders, [("fr".to_owned(), (2, 12))]);
/// # Ok(()) });
/// ```
pub fn count<R>() -> Aggregate<R, u64> {
    Aggregate::new(Fragment::new("count()"))
}

/// The number of records in a group that meet the condition: `count_if(o.paid)`, `count_if(o.total.gt(100))`.
pub fn count_if<R, C: IntoCondition<R>>(condition: C) -> Aggregate<R, u64> {
    let condition = condition.into_condition().into_tree().into_fragment();
    Aggregate::new(Fragment::new("count(").then(condition).text(")"))
}

pub(super) fn sum<E: Expression>(of: E) -> Aggregate<E::Record, <<E::Type as Stored>::As as Total>::Total>
where
    E::Type: Stored<As: Total>,
{
    let term = of.term();
    let presence = term.presence();
    let value = term.into_value_or_none();
    let known = |cast: &str| {
        let presence = Fragment::new("IF ").joined(presence.clone(), " AND ");
        presence.text(" { ").text(cast).then(value.clone()).text(" } ELSE { NONE }")
    };
    Aggregate::new(match kind_of::<E::Type>() {
        // A sum of ints would wrap around (server 3.3.5).
        Kind::Int => Fragment::new("<int>math::sum(").then(known("<decimal>")).text(")"),
        Kind::Decimal => Fragment::new("<decimal>math::sum(").then(value).text(")"),
        Kind::Duration => array(value).text(".filter(|$v| $v > NULL).fold(0ns, |$a, $b| $a + $b)"),
        _ => Fragment::new("<float>math::sum(").then(value).text(")"),
    })
}

/// A statistic of numbers as a float; NaN of no numbers.
pub(super) fn statistic<E: Expression>(function: &str, of: E) -> Aggregate<E::Record, f64> {
    let value = of.term().into_value_or_none();
    Aggregate::new(Fragment::new("<float>(").text(function).text("(").then(value).text(") ?? NaN)"))
}

pub(super) fn extreme<E: Expression>(end: &str, of: E) -> Aggregate<E::Record, Option<<E::Type as Stored>::As>>
where
    E::Type: Stored<As: Ordered>,
{
    let value = of.term().into_value_or_none();
    let call = |module: &str, first: &str, last: &str| {
        let call = Fragment::new(format!("[{module}::{end}(")).then(value.clone());
        call.text(&format!(")].filter(|$v| $v != {first} AND $v != {last})[0]"))
    };
    Aggregate::new(match kind_of::<E::Type>() {
        // Of no numbers, the server (3.3.5) returns an infinite float; of no times, server 3.0 the first or the last one.
        Kind::Int | Kind::Decimal => call("math", "math::inf", "-math::inf"),
        Kind::Datetime => call("time", "time::minimum", "time::maximum"),
        _ => array(value).text(".filter(|$v| $v > NULL)").text(&format!(".{end}()")),
    })
}

pub(super) fn count_distinct<E: Expression>(of: E) -> Aggregate<E::Record, u64> {
    let value = of.term().into_value_or_none();
    Aggregate::new(Fragment::new("array::distinct(").then(value).text(").filter(|$v| $v > NULL).len()"))
}

pub(super) fn count_some<E: Expression>(of: E) -> Aggregate<E::Record, u64> {
    let presence = of.term().presence();
    Aggregate::new(Fragment::new("count(").joined(presence, " AND ").text(")"))
}

pub(super) fn collect<E: Expression>(of: E) -> Aggregate<E::Record, Vec<E::Type>> {
    Aggregate::new(array(of.term().into_value_or_none()))
}

/// All values, as an array.
///
/// Server 4.0 groups values without those that are equal, and flattens arrays: so each is in an object that no other is equal to.
fn array(value: Fragment) -> Fragment {
    Fragment::new("array::group({ key: rand::uuid::v7(), value: ").then(value).text(" }).map(|$item| $item.value)")
}

/// The kind of the values that are there.
fn kind_of<T: Stored>() -> Kind {
    let mut kind = T::KIND;
    while let Kind::Option(inner) = kind {
        kind = *inner;
    }
    kind
}

/// Aggregates of records of type `R`: an [`Aggregate`], or several in a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate of `{R}`",
    label = "expected an aggregate, such as `count()` or `o.total.sum()`, or a tuple of them"
)]
pub trait Aggregates<R> {
    /// The type of the value, or a tuple of the types of the values.
    type Output;

    /// The values as fields of a group.
    type Values;

    /// True if there are several values, which are read as an array.
    #[doc(hidden)]
    const IS_TUPLE: bool = false;

    #[doc(hidden)]
    fn aggregates(self) -> Vec<Fragment>;

    /// Returns the values as fields of a group.
    #[doc(hidden)]
    fn values() -> Self::Values;
}

#[diagnostic::do_not_recommend]
impl<R: 'static, T> Aggregates<R> for Aggregate<R, T> {
    type Output = T;
    type Values = FieldRef<GroupValue<R, 0>, T>;

    fn aggregates(self) -> Vec<Fragment> {
        vec![self.surql]
    }

    fn values() -> Self::Values {
        FieldRef::new()
    }
}

macro_rules! several {
    ($([$name:ident $_name:ident $variable:ident $index:tt])+) => {
        #[diagnostic::do_not_recommend]
        impl<R: 'static, $($name),+> Aggregates<R> for ($(Aggregate<R, $name>,)+) {
            type Output = ($($name,)+);
            type Values = ($(FieldRef<GroupValue<R, $index>, $name>,)+);

            const IS_TUPLE: bool = true;

            fn aggregates(self) -> Vec<Fragment> {
                vec![$(self.$index.into_fragment()),+]
            }

            fn values() -> Self::Values {
                ($(FieldRef::<GroupValue<R, $index>, $name>::new(),)+)
            }
        }
    };
}

tuples! { several }

/// The names of the keys and of the values of a group.
pub(super) fn key_name(index: usize) -> String {
    format!("__k{index}")
}

pub(super) fn value_name(index: usize) -> String {
    format!("__a{index}")
}

macro_rules! paths {
    ($($path:ident => $name:ident;)+) => {$(
        impl<R: 'static, const INDEX: usize> Path for $path<R, INDEX> {
            type Root = Group<R>;
            type Read<T> = T;

            fn write(into: &mut String) {
                into.push_str(&$name(INDEX));
            }
        }

        impl<R, const INDEX: usize> Clone for $path<R, INDEX> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<R, const INDEX: usize> Copy for $path<R, INDEX> {}

        impl<R, const INDEX: usize> fmt::Debug for $path<R, INDEX> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&$name(INDEX))
            }
        }
    )+};
}

paths! {
    GroupKey => key_name;
    GroupValue => value_name;
}

impl<R, T> Clone for Aggregate<R, T> {
    fn clone(&self) -> Self {
        Self::new(self.surql.clone())
    }
}

/// The SurrealQL, without the values.
impl<R, T> fmt::Debug for Aggregate<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aggregate({})", self.surql)
    }
}

impl<R> fmt::Debug for Group<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Group")
    }
}
