//! How many records a write touches, and whether it is complete.

use super::{Deletes, Returning, Updates, Upserts};
use crate::error::{Error, Result};
use crate::query::Response;
use crate::record::{Ids, LeftOut, Record};
pub use crate::record::{NeedsId, Single};

/// How many records a write gives something back of: [`Single`], [`SingleOrNone`] or [`Many`]. Sealed.
#[diagnostic::on_unimplemented(
    message = "this write does not say which records it is about",
    label = "say it before `.await`: `.id(..)`, `.filter(..)` or `.all()`",
    note = "`.all()` is for every record of the table"
)]
pub trait Shape: private::Sealed + 'static {
    /// What awaiting gives.
    type Output<R: Returning>;

    /// The same where there may be no record at all, as when reading.
    #[doc(hidden)]
    type Perhaps: Shape;

    /// Whether there being no record is an error.
    #[doc(hidden)]
    const NEEDS_RECORD: bool = false;

    #[doc(hidden)]
    fn clause<R: Returning>() -> &'static str;

    /// Reads the result of the statement at `index`; `missing` makes the error for a record that has to be there.
    #[doc(hidden)]
    fn read<R: Returning>(
        response: &Response,
        index: usize,
        missing: impl FnOnce() -> Error,
    ) -> Result<Self::Output<R>>;
}

/// Single record or none.
#[derive(Debug)]
#[non_exhaustive]
pub struct SingleOrNone;

/// Any number of records.
#[derive(Debug)]
#[non_exhaustive]
pub struct Many;

/// Stands in for what a write is about until it is said, with `.id(..)`, `.filter(..)` or `.all()`.
#[derive(Debug)]
#[non_exhaustive]
pub struct NeedsTarget;

/// How many records a write is about once it has a filter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how many records a write is about",
    label = "cannot have a filter"
)]
pub trait Filtered: 'static {
    /// How many records it is about then.
    type Then;
}

/// A new edge that may come back or not has its id, or can do without.
impl Ids for SingleOrNone {
    type Named = Self;
}

/// A write that makes no record of type `T` by the verb `V` without an id, or one that can do without.
#[doc(hidden)]
pub trait Makes<V, T> {}

impl<V, T> Makes<V, T> for Single {}
impl<V, T> Makes<V, T> for SingleOrNone {}
impl<V, T> Makes<V, T> for Many {}
impl<V: MakesOne<T>, T> Makes<V, T> for NeedsTarget {}

/// A verb that makes no record of type `T`, or one that can do without an id.
#[doc(hidden)]
pub trait MakesOne<T> {}

impl<T> MakesOne<T> for Updates {}
impl<T> MakesOne<T> for Deletes {}
impl<T: Record<Ids: LeftOut<T>>> MakesOne<T> for Upserts {}

impl Filtered for NeedsTarget {
    type Then = Many;
}

impl Filtered for Many {
    type Then = Self;
}

impl Filtered for Single {
    type Then = Self;
}

impl Filtered for SingleOrNone {
    type Then = Self;
}

impl Shape for Single {
    type Output<R: Returning> = R::One;
    type Perhaps = SingleOrNone;

    const NEEDS_RECORD: bool = true;

    fn clause<R: Returning>() -> &'static str {
        R::COUNTED
    }

    fn read<R: Returning>(response: &Response, index: usize, missing: impl FnOnce() -> Error) -> Result<R::One> {
        only_row::<R>(response, index)?.ok_or_else(|| missing().with_statement(index))
    }
}

impl Shape for SingleOrNone {
    type Output<R: Returning> = Option<R::One>;
    type Perhaps = Self;

    fn clause<R: Returning>() -> &'static str {
        R::COUNTED
    }

    fn read<R: Returning>(response: &Response, index: usize, _: impl FnOnce() -> Error) -> Result<Option<R::One>> {
        only_row::<R>(response, index)
    }
}

impl Shape for Many {
    type Output<R: Returning> = R::Many;
    type Perhaps = Self;

    fn clause<R: Returning>() -> &'static str {
        R::CLAUSE
    }

    fn read<R: Returning>(response: &Response, index: usize, _: impl FnOnce() -> Error) -> Result<R::Many> {
        response.take(index).map(R::many)
    }
}

/// The server gives an array even of one record: `ONLY` would make a record that was not there the same as none.
fn only_row<R: Returning>(response: &Response, index: usize) -> Result<Option<R::One>> {
    let rows: Vec<R::Row> = response.take(index)?;
    Ok(rows.into_iter().next().map(R::one))
}

/// A write that has everything that it needs, so that it can be awaited.
#[diagnostic::on_unimplemented(
    message = "this write does not say what to write",
    label = "say it before `.await`: `.content(..)`, and for a record that is there also `.merge(..)`, `.set(..)`, `.replace(..)` or `.patch(..)`"
)]
pub trait Complete: private::Sealed + 'static {}

/// Stands in for the data of a write that has to be given some.
#[derive(Debug)]
#[non_exhaustive]
pub struct NeedsData;

/// Stands in for the data of a write that can do without.
#[derive(Debug)]
#[non_exhaustive]
pub struct MayHaveContent;

/// Marks a write that has been given its data, or takes none.
#[derive(Debug)]
#[non_exhaustive]
pub struct HasData;

impl Complete for MayHaveContent {}
impl Complete for HasData {}

/// [`Shape`], for [`lacking`](crate::query::lacking): a bound on a type that is known has to have a parameter.
#[doc(hidden)]
pub trait Aimed<V> {}

impl<V, S: Shape> Aimed<V> for S {}

/// `LeftOut`, for the same.
#[doc(hidden)]
pub trait Unnamed<V, T> {}

impl<V, T, S: LeftOut<T>> Unnamed<V, T> for S {}

/// [`Complete`], for the same.
#[doc(hidden)]
pub trait Filled<V> {}

impl<V, D: Complete> Filled<V> for D {}

impl private::Sealed for Single {}
impl private::Sealed for SingleOrNone {}
impl private::Sealed for Many {}
impl private::Sealed for MayHaveContent {}
impl private::Sealed for HasData {}

mod private {
    pub trait Sealed {}
}
