//! The edges that a step goes along.

use std::fmt;
use std::marker::PhantomData;

use super::walk::Walk;
use super::{BeginsAt, EndsAt, Traverse};
use crate::error::Result;
use crate::query::condition::IntoCondition;
use crate::query::select::{Fields, Select, state};
use crate::record::{Record, Relation};
use crate::session::CallFuture;

/// The edges of type `E` at the records of type `T` that a walk has come to, read when awaited: each once, in no order.
///
/// [`to`](Self::to) goes on to the records at their other ends. Errors and cancel safety are those of [`Traverse`].
#[must_use = "nothing is read until this is awaited"]
pub struct Edges<E, T, D> {
    walk: Walk,
    marker: Marker<E, T, D>,
}

type Marker<E, T, D> = PhantomData<fn() -> (E, T, D)>;

/// In which direction a step goes.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a direction", label = "expected `Along` or `Against`")]
pub trait Direction {
    /// The operator.
    #[doc(hidden)]
    const ARROW: &'static str;
}

/// From `in` to `out`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Along;

/// From `out` to `in`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Against;

impl Direction for Along {
    const ARROW: &'static str = "->";
}

impl Direction for Against {
    const ARROW: &'static str = "<-";
}

/// A record to which edges of type `E` lead in the direction `D`.
#[diagnostic::on_unimplemented(
    message = "in this direction edges of `{E}` do not lead to `{Self}`",
    label = "these edges lead to other records",
    note = "`.out::<..>()` leads to the records that edges have as `out`, and `.in_::<..>()` to those that they have as `in`"
)]
pub trait ReachedBy<E, D> {}

#[diagnostic::do_not_recommend]
impl<E: EndsAt<R>, R: Record> ReachedBy<E, Along> for R {}

#[diagnostic::do_not_recommend]
impl<E: BeginsAt<R>, R: Record> ReachedBy<E, Against> for R {}

impl<E, T, D: Direction> Edges<E, T, D> {
    pub(super) fn new(mut walk: Walk) -> Self
    where
        E: Relation,
    {
        walk.follow(D::ARROW, E::TABLE);
        Self { walk, marker: PhantomData }
    }

    /// Goes only along edges of which this is true. Given several times, all of them have to be.
    pub fn filter<C: IntoCondition<E>>(mut self, condition: impl FnOnce(Fields<E>) -> C) -> Self
    where
        E: Record,
    {
        self.walk.filter_edges(condition(*E::fields()).into_condition());
        self
    }

    /// Goes on to the records of type `R` that the edges lead to. Those of other tables are left out.
    pub fn to<R: Record + ReachedBy<E, D>>(mut self) -> Traverse<R, T>
    where
        T: Record,
    {
        self.walk.arrive(R::TABLE);
        Traverse::at(self.walk)
    }

    /// Reads the edges as any select does, with its conditions, order, limit, views, links and counts.
    ///
    /// With `.fetch(|w| w.out)` each comes with the record that it leads to.
    pub fn edges(self) -> Select<E, E, state::Found>
    where
        E: Record,
    {
        Select::found(self.walk.call().clone(), self.walk.operation(), self.walk.into_source())
    }
}

impl<E: Record, T, D: Direction> IntoFuture for Edges<E, T, D> {
    type Output = Result<Vec<E>>;
    type IntoFuture = CallFuture<Vec<E>>;

    fn into_future(self) -> Self::IntoFuture {
        self.edges().into_future()
    }
}

/// The ids of the edges as SurrealQL, without the values.
impl<E, T, D> fmt::Debug for Edges<E, T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Edges({})", self.walk.clone().into_fragment())
    }
}
