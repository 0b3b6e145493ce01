//! Walks through the graph: along edges, and back along references.

mod depth;
mod edges;
mod ids;
mod origin;
mod referrers;
mod walk;

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeBounds;
use std::time::Duration;

use super::Response;
use super::condition::IntoCondition;
use super::fragment::Fragment;
use super::select::{Fields, Select, state};
use super::statement::{Call, Statement, send};
use crate::error::Result;
use crate::protocol::Operation;
use crate::record::{LinkTo, Record, Relation};
use crate::session::{CallFuture, Scope};
use crate::value::Id;
use depth::depth;
pub use edges::{Against, Along, Direction, Edges, ReachedBy};
pub use ids::Reached;
pub use origin::Origin;
pub use referrers::{Own, Referred, Referrers, Refers};
use walk::Walk;

/// The records of type `T` that a walk through the graph has come to, read when awaited: each once, in no order.
///
/// A step goes along the edges of a relation: [`out`](Self::out) to where they lead, [`in_`](Self::in_) to where they
/// come from; then [`to`](Edges::to) says at which records. `F` is where the last step came from.
///
/// A walk that finds nothing gives an empty `Vec`, also if it starts from records that do not exist, or if there is no
/// table of such edges yet.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if a [select](crate::query::Select) that it starts from fails so;
/// [`Decode`](crate::ErrorKind::Decode) if a record does not fit `T`;
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a [depth](Self::depth) that there cannot be;
/// [`Validation`](crate::ErrorKind::Validation) for more than 18 steps, or fewer that are repeated, which are nested too deep for the server (3.3.5).
///
/// # Cancel safety
///
/// See [`CallFuture`]; it only reads.
///
/// # Examples
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// #[derive(Serialize, Deserialize, Record)]
/// struct User {
///     id: Id<User>,
///     name: String,
/// }
///
/// #[derive(Serialize, Deserialize, Record)]
/// struct Post {
///     id: Id<Post>,
///     title: String,
/// }
///
/// #[derive(Serialize, Deserialize, Record)]
/// #[record(relation)]
/// struct Wrote {
///     id: Id<Wrote>,
///     r#in: Id<User>,
///     out: Id<Post>,
///     at: Datetime,
/// }
///
/// #[derive(Serialize, Deserialize, Record)]
/// #[record(relation)]
/// struct Knows {
///     id: Id<Knows>,
///     r#in: Id<User>,
///     out: Id<User>,
/// }
///
/// # async fn example(session: Session, ada: User, post: Post, since: Datetime) -> surreal_session::Result<()> {
/// let posts: Vec<Post> = session.traverse(&ada.id).out::<Wrote>().to::<Post>().await?;
/// let authors: Vec<User> = session.traverse(&post.id).in_::<Wrote>().to::<User>().await?;
/// let edges: Vec<Wrote> = session.traverse(&ada.id).out::<Wrote>().edges().order_by(|w| w.at.desc()).await?;
///
/// let news: Vec<Post> = session
///     .traverse(&ada.id)
///     .out::<Knows>()
///     .to::<User>()
///     .depth(1..=3)
///     .out::<Wrote>()
///     .filter(|w| w.at.gt(since))
///     .to::<Post>()
///     .select()
///     .order_by(|p| p.title.asc())
///     .limit(20)
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct Traverse<T, F = Start> {
    walk: Walk,
    marker: PhantomData<fn() -> (T, F)>,
}

/// Stands for the last step of a walk that has made none.
#[derive(Debug)]
#[non_exhaustive]
pub struct Start;

/// Stands for the last step of a walk whose step was repeated.
#[derive(Debug)]
#[non_exhaustive]
pub struct Repeated;

/// A step that ends where another of its kind can begin. Said of where a step to `T` came from.
#[diagnostic::on_unimplemented(
    message = "only a step from `{T}` to `{T}` can be repeated",
    label = "the last step of the walk does not lead from `{T}` to `{T}`"
)]
pub trait Repeats<T> {}

impl<T: Record> Repeats<T> for T {}

/// Where a step came from whose end can be filtered.
#[diagnostic::on_unimplemented(
    message = "there is no step here whose end could be filtered",
    label = "say this right after `.to::<..>()`",
    note = "what is read in the end is filtered with `.select().filter(..)`"
)]
pub trait Filters {}

#[diagnostic::do_not_recommend]
impl<T: Record> Filters for T {}

/// A relation whose edges have records of type `T` as `in`.
#[diagnostic::on_unimplemented(
    message = "edges of `{Self}` do not begin at `{T}`",
    label = "these edges have other records as `in`",
    note = "edges are followed from `in` to `out` with `.out::<..>()`, and from `out` to `in` with `.in_::<..>()`"
)]
pub trait BeginsAt<T> {}

#[diagnostic::do_not_recommend]
impl<E: Relation<In: LinkTo<Id<T, T::Key>>>, T: Record> BeginsAt<T> for E {}

/// A relation whose edges have records of type `T` as `out`.
#[diagnostic::on_unimplemented(
    message = "edges of `{Self}` do not end at `{T}`",
    label = "these edges have other records as `out`",
    note = "edges are followed from `in` to `out` with `.out::<..>()`, and from `out` to `in` with `.in_::<..>()`"
)]
pub trait EndsAt<T> {}

#[diagnostic::do_not_recommend]
impl<E: Relation<Out: LinkTo<Id<T, T::Key>>>, T: Record> EndsAt<T> for E {}

impl<T: Record> Traverse<T> {
    pub(super) fn new(scope: Scope, origin: impl Origin<Record = T>) -> Self {
        Self::at(Walk::new(Call::new(scope), origin.target(), origin.ids()))
    }
}

impl<T: Record, F: 'static> Traverse<T, F> {
    fn at(walk: Walk) -> Self {
        Self { walk, marker: PhantomData }
    }

    /// Goes along edges of the type `E`, from the records that they have as `in`.
    pub fn out<E: Relation + BeginsAt<T>>(self) -> Edges<E, T, Along> {
        Edges::new(self.walk)
    }

    /// Goes against edges of the type `E`, from the records that they have as `out`.
    pub fn in_<E: Relation + EndsAt<T>>(self) -> Edges<E, T, Against> {
        Edges::new(self.walk)
    }

    /// Goes to the records of type `R` that have a link to these, in the field that [`via`](Referrers::via) names.
    pub fn referenced_by<R: Record>(self) -> Referrers<R, T> {
        Referrers::new(self.walk)
    }

    /// Goes only to records of which this is true. Given several times, all of them have to be.
    ///
    /// With a [depth](Self::depth) it concerns each of the steps: what it keeps out is not walked through either.
    pub fn filter<C: IntoCondition<T>>(mut self, condition: impl FnOnce(Fields<T>) -> C) -> Self
    where
        F: Filters,
    {
        self.walk.filter_end(condition(*T::fields()).into_condition());
        self
    }

    /// Repeats the last step, and gives the records that so many steps lead to: `1..=3`, or `2..` for all from the second
    /// on.
    ///
    /// The records from which it starts are among them only if the edges lead back to them. The server makes at most 256
    /// steps, and stops earlier where there is nothing new.
    pub fn depth(mut self, steps: impl RangeBounds<u16>) -> Traverse<T, Repeated>
    where
        F: Repeats<T>,
    {
        self.walk.repeat(depth(steps));
        Traverse::at(self.walk)
    }

    /// Reads the records as any select does, with its conditions, order, limit, views, links and counts.
    pub fn select(self) -> Select<T, T, state::Found> {
        Select::found(self.walk.call().clone(), self.walk.operation(), self.walk.into_source())
    }

    /// Gives the ids of the records instead of reading them.
    pub fn ids(self) -> Reached<T> {
        Reached::new(self.walk)
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`](super::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.walk.set_deadline(deadline);
        self
    }

    /// The statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }
}

impl<T: Record, F: 'static> Statement for Traverse<T, F> {
    type Output = Vec<T>;

    fn call(&self) -> &Call {
        self.walk.call()
    }

    fn operation(&self) -> Operation {
        self.walk.operation()
    }

    fn surql(&self) -> Fragment {
        Fragment::new("SELECT * FROM ").then(self.walk.clone().into_source())
    }

    fn read(&self, response: &Response, index: usize) -> Result<Vec<T>> {
        response.take(index)
    }
}

impl<T: Record, F: 'static> IntoFuture for Traverse<T, F> {
    type Output = Result<Vec<T>>;
    type IntoFuture = CallFuture<Vec<T>>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

impl<T, F> Clone for Traverse<T, F> {
    fn clone(&self) -> Self {
        Self { walk: self.walk.clone(), marker: PhantomData }
    }
}

/// The statement, without the values.
impl<T, F> fmt::Debug for Traverse<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Traverse({})", self.walk.clone().into_fragment())
    }
}
