//! Single new edge.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::Response;
use super::fragment::Fragment;
use super::lacking::lacking;
use super::statement::{Call, Statement, send};
use super::write::{
    After, Before, Diff, NeedsId, Nothing, Returning, Shape, Single, SingleOrNone, State, Unnamed, Verb,
};
use crate::error::{Error, Result};
use crate::protocol::Operation;
use crate::record::{Checked, Ids, IntoId, Record, Relation};
use crate::session::{CallFuture, Scope};
use crate::value::Table;

/// An edge to be created when awaited, giving it back as stored.
///
/// It is sent as an INSERT RELATION of one row, which refuses an id that is taken where RELATE would write over the
/// edge (server 3.3.5). Edges of a LIGHTWEIGHT relation are made with [`Untyped::relate`](crate::query::untyped::Untyped::relate).
///
/// # Errors
///
/// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) for an id that is taken;
/// [`NotFound`](crate::ErrorKind::NotFound) if the server gives no edge back, because the identity may not create or not
/// read it, unless [`optional`](Relate::optional), and for the ends of an ENFORCED relation that do not exist;
/// [`is_unique_violation`](crate::Error::is_unique_violation) for a value that a UNIQUE index has already; otherwise
/// what the table's schema refuses.
///
/// # Cancel safety
///
/// See [`CallFuture`]. Relating again after a dropped call without an id may make a second edge.
///
/// # Examples
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct Post { id: Id<Post>, title: String }
/// #[derive(Serialize, Deserialize, Record)]
/// #[record(relation)]
/// struct Wrote {
///     id: Id<Wrote>,
///     r#in: Id<User>,
///     out: Id<Post>,
///     at: Datetime,
/// }
///
/// # async fn example(session: Session, ada: User, post: Post) -> surreal_session::Result<()> {
/// let wrote = session.relate(NewWrote { r#in: ada.id, out: post.id, at: Datetime::now() }).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is created until this is awaited"]
pub struct Relate<T: Record, S = <T as Record>::Ids, R = After<T>> {
    call: Call,
    edge: Fragment,
    id: Option<Fragment>,
    timeout: Option<Duration>,
    state: State<(T, S, R)>,
}

impl<T: Relation> Relate<T> {
    pub(super) fn new(scope: Scope, edge: &T::New) -> Self {
        Self {
            call: Call::new(scope),
            edge: Fragment::of(&Checked::<T>(edge)),
            id: None,
            timeout: None,
            state: PhantomData,
        }
    }
}

impl<T: Relation, S, R> Relate<T, S, R> {
    /// Sets the id, or the key of the id, of the edge; otherwise the server makes one, which is text.
    pub fn id(mut self, id: impl IntoId<T>) -> Relate<T, S::Named, R>
    where
        S: Ids,
    {
        self.id = Some(Fragment::of(&id.into_id()));
        self.becoming()
    }

    /// Takes it that no edge may come back: gives an `Option`.
    pub fn optional(self) -> Relate<T, SingleOrNone, R>
    where
        S: Shape,
    {
        self.becoming()
    }

    /// Gives the edge back as it was before: `None`, as it is new.
    pub fn return_before(self) -> Relate<T, S, Before<Option<T>>> {
        self.becoming()
    }

    /// Gives back what changed: the whole edge, as it is new.
    pub fn return_diff(self) -> Relate<T, S, Diff> {
        self.becoming()
    }

    /// Gives nothing back. That the edge was created is checked all the same.
    pub fn return_none(self) -> Relate<T, S, Nothing> {
        self.becoming()
    }

    /// Sets how long the server may work on it; then it fails with [`Query`](crate::ErrorKind::Query), and nothing is
    /// created.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.call.deadline = Some(deadline);
        self
    }

    fn becoming<S2, R2>(self) -> Relate<T, S2, R2> {
        Relate { call: self.call, edge: self.edge, id: self.id, timeout: self.timeout, state: PhantomData }
    }
}

impl<T: Relation, S: Shape, R: Returning> Relate<T, S, R> {
    /// The statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }
}

impl<T: Relation, S: Shape, R: Returning> Statement for Relate<T, S, R> {
    type Output = S::Output<R>;

    fn call(&self) -> &Call {
        &self.call
    }

    fn operation(&self) -> Operation {
        Operation::on_table("relate", T::TABLE)
    }

    fn surql(&self) -> Fragment {
        let edge = match &self.id {
            Some(id) => {
                Fragment::new("object::extend(").then(self.edge.clone()).text(", { id: ").then(id.clone()).text(" })")
            }
            None => self.edge.clone(),
        };
        let statement = Fragment::new("INSERT RELATION INTO ").value(&Table::new(T::TABLE)).text(" ").then(edge);
        statement.text(" RETURN ").text(S::clause::<R>()).timeout(self.timeout)
    }

    fn read(&self, response: &Response, index: usize) -> Result<Self::Output> {
        S::read::<R>(response, index, no_edge::<T>)
    }

    fn missing(&self) -> Option<Error> {
        S::NEEDS_RECORD.then(no_edge::<T>)
    }
}

macro_rules! awaited {
    ($($shape:ident)+) => {$(
        impl<T: Relation, R: Returning> IntoFuture for Relate<T, $shape, R> {
            type Output = Result<<$shape as Shape>::Output<R>>;
            type IntoFuture = CallFuture<<$shape as Shape>::Output<R>>;

            fn into_future(self) -> Self::IntoFuture {
                send(self)
            }
        }
    )+};
}

awaited! { Single SingleOrNone }

lacking! { [T: Relation, R: Returning] Relate<T, NeedsId, R>: NeedsId, Unnamed<T, T> => R::One }

fn no_edge<T: Relation>() -> Error {
    Verb::Relate.missing(T::TABLE, false)
}

impl<T: Relation, S, R> fmt::Debug for Relate<T, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relate").field("table", &T::TABLE).finish_non_exhaustive()
    }
}
