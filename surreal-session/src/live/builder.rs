//! Registering a live query.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::{Identified, LiveStream};
use crate::error::Result;
use crate::protocol::LiveId;
use crate::query::{Fragment, Query, Response};
use crate::record::{IntoId, Record};
use crate::session::{CallFuture, Scope, Session, WHO};
use crate::value::{Table, Value};

/// A live query to be registered when awaited, giving a [`LiveStream`] of the changes that are committed from then on.
///
/// Transactions that were under way at that moment are not reported (server 3.3.5), and those of other clients may fail
/// with a conflict, as they may when a live query is killed.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) for a table that does not exist; [`Auth`](crate::ErrorKind::Auth) if the
/// identity may not select from it at all. Records that it may not see are left out of the stream without a word.
///
/// # Cancel safety
///
/// If the future is dropped, a live query that the server may have registered is killed by the connection's task.
///
/// # Examples
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let mut users = session.live::<User>().await?;
/// while let Some(event) = users.next().await {
///     match event? {
///         LiveEvent::Change(change) => println!("{:?} {}: {}", change.action, change.id, change.data.name),
///         LiveEvent::Gap(gap) => println!("events are missing: {gap:?}"),
///         LiveEvent::Ended(reason) => println!("over: {reason:?}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is registered until this is awaited"]
pub struct Live<T, D = T> {
    scope: Scope,
    target: Table,
    condition: Option<Fragment>,
    capacity: usize,
    deadline: Option<Duration>,
    data: PhantomData<fn() -> (T, D)>,
}

impl Session {
    /// Follows the changes of `T`'s table, or with [`Live::id`] those of one record.
    ///
    /// # Errors
    ///
    /// See [`Live`].
    pub fn live<T: Record>(&self) -> Live<T> {
        Live::new(self.scope(), Table::new(T::TABLE))
    }

    /// Follows a live query that a `LIVE SELECT` in the text of a query has registered, with records as they are.
    ///
    /// Events that came before are kept for a while: what was dropped meanwhile is a [`Gap`](super::Gap) at the
    /// beginning. Several streams may follow one live query; the last of them to be dropped kills it. The id of
    /// a live query that does not exist gives a stream without events.
    ///
    /// # Errors
    ///
    /// Fails only if the session or the connection is closed.
    ///
    /// # Cancel safety
    ///
    /// Nothing is sent to the server.
    pub async fn subscribe_live<T: Identified + DeserializeOwned>(&self, id: LiveId) -> Result<LiveStream<T>> {
        let scope = self.scope();
        let followed = scope.subscribe(id, CAPACITY)?;
        let who = scope.request("query").text(WHO).bindings().finish();
        let who = Response::read(&scope.call(who, None).await?)?.take(0)?;
        Ok(LiveStream::new(scope, id, followed, who))
    }

    /// Kills a live query of this session, whoever follows it; its streams end with
    /// [`EndReason::Killed`](super::EndReason::Killed).
    ///
    /// # Errors
    ///
    /// [`Internal`](crate::ErrorKind::Internal) for one that does not exist, or belongs to somebody else.
    ///
    /// # Cancel safety
    ///
    /// The live query may or may not be killed if the future is dropped. Killing again then is safe, and fails if it was.
    pub async fn kill(&self, id: LiveId) -> Result<()> {
        self.scope().kill(id).await
    }
}

impl<T, D> Live<T, D> {
    pub(super) fn new(scope: Scope, target: Table) -> Self {
        Self { scope, target, condition: None, capacity: CAPACITY, deadline: None, data: PhantomData }
    }

    /// Sets how many events wait for the program at most; 1,024 unless set, at least one.
    ///
    /// What comes while the queue is full is counted, and stands in the stream as a [`Gap`](super::Gap).
    pub fn capacity(mut self, events: usize) -> Self {
        self.capacity = events;
        self
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`].
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The statements and the names bound to them, for logs. Never shows a value.
    ///
    /// The first asks who the session is, so that the stream can end when that changes.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }

    fn query(&self) -> Query {
        let live = Fragment::new(WHO).text("; LIVE ");
        live.then(self.selection()).into_query(self.scope.clone(), self.deadline)
    }

    /// The statement that reads what the live query is about.
    pub(super) fn select(&self) -> Query {
        self.selection().into_query(self.scope.clone(), self.deadline)
    }

    fn selection(&self) -> Fragment {
        let selection = Fragment::new("SELECT * FROM ").value(&self.target);
        match &self.condition {
            Some(condition) => selection.text(" WHERE ").then(condition.clone()),
            None => selection,
        }
    }

    /// Registers the live query. The server (3.3.5) lets registrations at the same time conflict with each other, so that
    /// trying again succeeds.
    pub(super) async fn register(&self) -> Result<LiveStream<T, D>> {
        let mut tries_left = TRIES;
        loop {
            match self.try_register().await {
                Err(error) if error.is_conflict() && tries_left > 0 => tries_left -= 1,
                stream => return stream,
            }
        }
    }

    async fn try_register(&self) -> Result<LiveStream<T, D>> {
        let (scope, request, deadline) = self.query().into_request()?;
        // Dropped here: the connection's task kills what may have been registered.
        let (reply, followed) = scope.follow(request, deadline, self.capacity).await?;
        let response = Response::read(&reply)?;
        let id = response.take(1)?;
        Ok(LiveStream::new(scope, id, followed, response.take(0)?))
    }

    fn condition(mut self, condition: Fragment) -> Self {
        self.condition = Some(match self.condition {
            Some(before) => before.text(" AND ").then(condition),
            None => condition,
        });
        self
    }
}

impl<T: Record, D> Live<T, D> {
    /// Follows only the record with this id, or with this key.
    pub fn id(self, id: impl IntoId<T>) -> Self {
        let condition = Fragment::new("id = ").value(&id.into_id());
        self.condition(condition)
    }
}

impl Live<Value> {
    /// Follows a table without a model.
    pub(crate) fn untyped(scope: Scope, table: Table) -> Self {
        Self::new(scope, table)
    }
}

impl<T: Identified + 'static, D: DeserializeOwned + 'static> IntoFuture for Live<T, D> {
    type Output = Result<LiveStream<T, D>>;
    type IntoFuture = CallFuture<LiveStream<T, D>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.register().await })
    }
}

impl<T, D> fmt::Debug for Live<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("table", &self.target).field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

const CAPACITY: usize = 1_024;

const TRIES: u32 = 100;
