//! The edges that a step goes along.

use std::fmt;
use std::marker::PhantomData;

use super::Traverse;
use super::walk::Walk;
use crate::query::condition::IntoCondition;
use crate::query::select::{Fields, Select, state};
use crate::record::{LinkTo, Record, Relation};
use crate::value::Id;

/// The edges of type `E` at the records of type `T` that a walk has come to.
///
/// [`to`](Self::to) goes on to the records at their other ends; [`edges`](Self::edges) reads the edges themselves.
#[must_use = "nothing is read until the walk ends with `.to::<..>()` or `.edges()` and is awaited"]
pub struct Edges<E, T, D> {
    walk: Walk,
    marker: Marker<E, T, D>,
}

type Marker<E, T, D> = PhantomData<fn() -> (E, T, D)>;

/// In which direction a step goes.
pub trait Direction {
    /// The link to where an edge leads, seen in this direction.
    type End<E: Relation>;

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
    type End<E: Relation> = E::Out;

    const ARROW: &'static str = "->";
}

impl Direction for Against {
    type End<E: Relation> = E::In;

    const ARROW: &'static str = "<-";
}

impl<E: Relation, T: Record, D: Direction> Edges<E, T, D> {
    pub(super) fn new(mut walk: Walk) -> Self {
        walk.follow(D::ARROW, E::TABLE);
        Self { walk, marker: PhantomData }
    }

    /// Goes only along edges of which this is true. Given several times, all of them have to be.
    pub fn filter<C: IntoCondition<E>>(mut self, condition: impl FnOnce(Fields<E>) -> C) -> Self {
        self.walk.filter_edges(condition(*E::fields()).into_condition());
        self
    }

    /// Goes on to the records of type `R` that the edges lead to. Those of other tables are left out.
    pub fn to<R: Record>(mut self) -> Traverse<R, T>
    where
        D::End<E>: LinkTo<Id<R, R::Key>>,
    {
        self.walk.arrive(R::TABLE);
        Traverse::at(self.walk)
    }

    /// Reads the edges as any select does, with its conditions, order, limit, views, links and counts.
    ///
    /// With `.fetch(|w| w.out)` each comes with the record that it leads to.
    pub fn edges(self) -> Select<E, E, state::Found> {
        Select::found(self.walk.call().clone(), self.walk.into_fragment())
    }
}

/// The ids of the edges as SurrealQL, without the values.
impl<E, T, D> fmt::Debug for Edges<E, T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Edges({})", self.walk.clone().into_fragment())
    }
}
