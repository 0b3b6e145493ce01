//! Columns: values of each record that are read, or by which records are grouped.

use std::fmt;

use super::aggregate::GroupKey;
use super::condition::Condition;
use super::expression::{Computed, Expression};
use super::statement::Fragment;
use crate::record::{Collection, Container, FieldRef, Optional, Path, Within, tuples};

/// The columns of records of type `R`: a field, a computed value, a condition, or several of these in a tuple.
///
/// The closures of [`values`](crate::query::Select::values) and [`group_by`](crate::query::Select::group_by) return them.
/// A column has the type of its field, and is an `Option` if the path to it leads through an optional object or a link.
///
/// | Column | Type |
/// |---|---|
/// | `u.name` | that of the field |
/// | `u.address.city`, where `address` is optional; `u.employer.name` through a link | `Option` of that of the field |
/// | `u.name.lowercase()`, `u.age.add(1)` | that of the computed value |
/// | `u.age.gte(18)` | `bool` |
/// | `u.tags.split()` | that of an element: a row for each element |
/// | `(u.id, u.name)` | a tuple of these |
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a column of `{R}`",
    label = "expected a field of `{R}`, a value computed from its fields, or a tuple of these"
)]
pub trait Selection<R> {
    /// The type of the column, or a tuple of the types of the columns.
    type Output;

    /// The columns as fields of a group: [`having`](crate::query::Aggregated::having) and
    /// [`order_by`](crate::query::Aggregated::order_by) receive them.
    type Keys;

    /// True if there are several columns, which are read as an array.
    #[doc(hidden)]
    const IS_TUPLE: bool = false;

    /// Adds the columns.
    #[doc(hidden)]
    fn select(self, into: &mut Columns);

    /// Returns the columns as fields of a group.
    #[doc(hidden)]
    fn keys() -> Self::Keys;
}

/// One column of a [`Selection`].
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a column of `{R}`",
    label = "expected a field of `{R}`, or a value computed from its fields"
)]
pub trait SingleColumn<R>: Selection<R> {}

/// The expressions of columns.
#[doc(hidden)]
#[derive(Debug, Clone, Default)]
pub struct Columns {
    pub(super) columns: Vec<Fragment>,
    /// The fields of which each element makes a row.
    pub(super) split: Vec<Fragment>,
}

impl Columns {
    pub(super) fn of<R, S: Selection<R>>(selection: S) -> Self {
        let mut columns = Self::default();
        selection.select(&mut columns);
        columns
    }
}

/// A column with each element of an array: there is a row for each element, and none for an empty array.
///
/// Made by [`FieldRef::split`].
#[must_use = "nothing is read until a select is given it"]
pub struct Split<P, T>(FieldRef<P, T>);

impl<P: Path, T: Collection> FieldRef<P, T> {
    /// Each element of the array or set as a row, as SPLIT in SurrealQL: `post.tags.split()`.
    ///
    /// A record whose array is empty or missing gives no row.
    pub fn split(self) -> Split<P, T> {
        Split(self)
    }
}

macro_rules! columns {
    ($([$($generics:tt)*] $ty:ty => $output:ty, |$column:ident, $into:ident| $select:expr;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<R: 'static, $($generics)*> Selection<R> for $ty {
            type Output = $output;
            type Keys = FieldRef<GroupKey<R, 0>, $output>;

            fn select(self, $into: &mut Columns) {
                let $column = self;
                $select
            }

            fn keys() -> Self::Keys {
                FieldRef::new()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<R: 'static, $($generics)*> SingleColumn<R> for $ty {}
    )+};
}

columns! {
    [P: Within<R>, T] FieldRef<P, T> => P::Read<T>, |_column, into| into.columns.push(Fragment::path::<P>());
    [P: Within<R>, T: Container] Split<P, T> => T::Item, |_column, into| {
        into.columns.push(Fragment::path::<P>());
        into.split.push(Fragment::path::<P>());
    };
    [T, P] Computed<R, T, P> => T, |column, into| into.columns.push(column.term().into_value_or_none());
    [] Condition<R> => bool, |column, into| {
        into.columns.push(Fragment::new("(").then(column.into_tree().into_fragment()).text(")"));
    };
}

macro_rules! several {
    ($([$name:ident $_name:ident $variable:ident $index:tt])+) => {
        #[diagnostic::do_not_recommend]
        impl<R: 'static, $($name: SingleColumn<R>),+> Selection<R> for ($($name,)+) {
            type Output = ($($name::Output,)+);
            type Keys = ($(FieldRef<GroupKey<R, $index>, $name::Output>,)+);

            const IS_TUPLE: bool = true;

            fn select(self, into: &mut Columns) {
                $(self.$index.select(into);)+
            }

            fn keys() -> Self::Keys {
                ($(FieldRef::<GroupKey<R, $index>, $name::Output>::new(),)+)
            }
        }
    };
}

tuples! { several }

/// Optional fields of records of type `R`, which a select may leave out: a field, or several in a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be left out of `{R}`",
    label = "only a field of type `Option` can be left out, or a tuple of such fields",
    note = "a `View` reads some of the fields into another type"
)]
pub trait OptionalFields<R> {
    /// Adds the paths of the fields.
    #[doc(hidden)]
    fn paths(self, into: &mut Vec<Fragment>);
}

#[diagnostic::do_not_recommend]
impl<R, P: Within<R>, T: Optional> OptionalFields<R> for FieldRef<P, T> {
    fn paths(self, into: &mut Vec<Fragment>) {
        into.push(Fragment::path::<P>());
    }
}

macro_rules! optional {
    ($([$name:ident $_name:ident $variable:ident $index:tt])+) => {
        #[diagnostic::do_not_recommend]
        impl<R, $($name: OptionalFields<R>),+> OptionalFields<R> for ($($name,)+) {
            fn paths(self, into: &mut Vec<Fragment>) {
                $(self.$index.paths(into);)+
            }
        }
    };
}

tuples! { optional }

impl<P, T> Clone for Split<P, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, T> Copy for Split<P, T> {}

impl<P: Path, T> fmt::Debug for Split<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Split").field(&self.0).finish()
    }
}
