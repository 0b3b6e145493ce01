//! Traversals: from records along edges to other records, and back along references.
//!
//! A [`Traverse`] has arrived at records, [`OutEdges`] and [`InEdges`] at the edges between them. Each holds a `Walk`, which
//! makes the text, and passes it on with the next step.

mod edges;
mod origin;
mod referrers;
mod walk;

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeBounds;

use super::condition::IntoCondition;
use super::select::{Fields, Select};
use super::statement::{Call, Fragment, Statement, builder_methods, send};
use super::{Response, Scope};
use crate::error::Result;
use crate::protocol::Operation;
use crate::record::{LinkTo, Record, Relation};
use crate::session::CallFuture;
use crate::value::Id;
pub use edges::{InEdges, OutEdges};
pub use origin::Origin;
pub use referrers::{Reference, ReferrersWithoutField};
use walk::Walk;

/// The records of type `T` at which a traversal has arrived: awaiting it returns a `Vec<T>`, each record once, in no order.
///
/// A step follows the edges of a relation: [`out`](Self::out) in their direction, [`in_`](Self::in_) against it; then
/// [`to`](OutEdges::to) names the type of the records at their other ends. `F` is the type of the records that the last step
/// came from; it is `()` if there was no step, or a repeated one.
///
/// A traversal that finds nothing returns an empty `Vec`, also if it starts from records that do not exist, or if no edge of
/// the relation exists yet.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if it starts from a [select](crate::query::Select) that fails so;
/// [`Decode`](crate::ErrorKind::Decode) if a record does not fit `T`;
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an invalid [depth](Self::depth);
/// [`Validation`](crate::ErrorKind::Validation) for more than 18 steps, or fewer repeated ones: the server (3.3.5) limits how
/// deep a statement is nested.
///
/// # Cancel safety
///
/// See [`CallFuture`]; a traversal only reads.
///
/// # Examples
///
/// ```
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
/// # surreal_session_embedded::example(async |session| {
/// # let since = Datetime::now();
/// # let bob = session.create::<User>().id("bob").content(NewUser { name: "Bob".into() }).await?;
/// # let ada = session.create::<User>().id("ada").content(NewUser { name: "Ada".into() }).await?;
/// # let post = session.create::<Post>().content(NewPost { title: "Notes".into() }).await?;
/// # session.relate(NewWrote { r#in: ada.id.clone(), out: post.id.clone(), at: Datetime::now() }).await?;
/// # session.relate(NewKnows { r#in: bob.id.clone(), out: ada.id.clone() }).await?;
/// let posts: Vec<Post> = session.traverse(&ada.id).out::<Wrote>().to::<Post>().await?;
/// let authors: Vec<User> = session.traverse(&post.id).in_::<Wrote>().to::<User>().await?;
/// let edges: Vec<Wrote> = session.traverse(&ada.id).out::<Wrote>().edges().order_by(|w| w.at.desc()).await?;
/// assert_eq!((posts.len(), authors.len(), edges.len()), (1, 1, 1));
///
/// let news: Vec<Post> = session
///     .traverse(&bob.id)
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
/// assert_eq!(news.len(), 1);
/// # Ok(()) });
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct Traverse<T, F = ()> {
    walk: Walk,
    marker: PhantomData<fn() -> (T, F)>,
}

impl<T: Record> Traverse<T> {
    pub(super) fn new(scope: Scope, origin: impl Origin<Record = T>) -> Self {
        Self::at(Walk::new(Call::new(scope), origin.target(), origin.ids()))
    }
}

impl<T: Record, F: 'static> Traverse<T, F> {
    fn at(walk: Walk) -> Self {
        Self { walk, marker: PhantomData }
    }

    /// Follows edges of type `E` in their direction: from the records at their `in` to those at their `out`.
    pub fn out<E: Relation<In: LinkTo<Id<T, T::Key>>>>(self) -> OutEdges<E, T> {
        OutEdges::new(self.walk)
    }

    /// Follows edges of type `E` against their direction: from the records at their `out` to those at their `in`.
    pub fn in_<E: Relation<Out: LinkTo<Id<T, T::Key>>>>(self) -> InEdges<E, T> {
        InEdges::new(self.walk)
    }

    /// Goes to the records of type `R` with a link to these, in the field that [`via`](ReferrersWithoutField::via) names.
    pub fn referenced_by<R: Record>(self) -> ReferrersWithoutField<R, T> {
        ReferrersWithoutField::new(self.walk)
    }

    /// Reads the records through a [`Select`], with its filters, order, limit, views, links and counts.
    pub fn select(self) -> Select<T> {
        Select::from_source(self.walk.call.clone(), self.walk.operation(), self.walk.into_source())
    }

    /// Returns the ids of the records instead of reading them.
    pub fn ids(self) -> ReachedIds<T> {
        ReachedIds { walk: self.walk, marker: PhantomData }
    }

    builder_methods! { walk.call }
}

/// After a step to records.
impl<T: Record, F: Record> Traverse<T, F> {
    /// Goes only to records for which this is true. Several filters all apply.
    ///
    /// With a [depth](Self::depth) it applies to each of the steps: a record that it excludes is not passed either.
    pub fn filter<C: IntoCondition<T>>(mut self, condition: impl FnOnce(Fields<T>) -> C) -> Self {
        self.walk.filter_end(condition(*T::fields()).into_condition());
        self
    }

    /// Adds a filter if there is a value, such as an optional parameter of a search.
    pub fn filter_opt<O, C: IntoCondition<T>>(
        self,
        value: Option<O>,
        condition: impl FnOnce(Fields<T>, O) -> C,
    ) -> Self {
        self.apply_if(value, |builder, value| builder.filter(|fields| condition(fields, value)))
    }
}

/// After a step from records of the type `T` to records of the same type.
#[expect(clippy::mismatching_type_param_order, reason = "the step starts and ends at records of one type")]
impl<T: Record> Traverse<T, T> {
    /// Repeats the last step, and returns the records that this number of steps leads to: `1..=3`, or `2..` for two or more.
    ///
    /// The records from which it starts are included only if the edges lead back to them. The server makes at most 256
    /// steps, and stops earlier when it finds nothing new.
    pub fn depth(mut self, steps: impl RangeBounds<u16>) -> Traverse<T> {
        self.walk.repeat(steps);
        Traverse::at(self.walk)
    }
}

impl<T: Record, F: 'static> Statement for Traverse<T, F> {
    type Output = Vec<T>;

    fn call(&self) -> &Call {
        &self.walk.call
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

/// The ids of the records at which a traversal has arrived: awaiting it returns each once, in no order.
///
/// Made by [`Traverse::ids`]. The records themselves are not read: an id is returned even if the identity of the session may
/// not see its record. Errors and cancel safety are those of [`Traverse`].
#[must_use = "nothing is read until this is awaited"]
pub struct ReachedIds<T> {
    walk: Walk,
    marker: PhantomData<fn() -> T>,
}

impl<T: Record> ReachedIds<T> {
    builder_methods! { walk.call }
}

impl<T: Record> Statement for ReachedIds<T> {
    type Output = Vec<Id<T, T::Key>>;

    fn call(&self) -> &Call {
        &self.walk.call
    }

    fn operation(&self) -> Operation {
        self.walk.operation()
    }

    fn surql(&self) -> Fragment {
        Fragment::new("RETURN ").then(self.walk.clone().into_fragment())
    }

    fn read(&self, response: &Response, index: usize) -> Result<Self::Output> {
        response.take(index)
    }
}

impl<T: Record> IntoFuture for ReachedIds<T> {
    type Output = Result<Vec<Id<T, T::Key>>>;
    type IntoFuture = CallFuture<Vec<Id<T, T::Key>>>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

/// The statement, without the values.
impl<T> fmt::Debug for ReachedIds<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReachedIds({})", self.walk.clone().into_fragment())
    }
}
