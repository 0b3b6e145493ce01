//! The stream of a board that is always right again.
//!
//! Events are hints, and reads are the truth: events come in no certain order, some are never sent, and many may be lost
//! with a connection. So a task of the connection's runtime ([`repair`](super::repair)) marks the records of the events,
//! reads them again, and compares. The stream takes the changes from a bounded queue.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::board::BoardChange;
use super::registration::AbortOnDrop;
use super::repair::{Repair, SyncItem, SyncStatus};
use super::{EndReason, Identified};
use crate::codec;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::LiveId;
use crate::query::Scope;
use crate::session::{SessionCall, kill_live};

/// An item of a [`SyncedStream`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SyncEvent<T: Identified, V = T> {
    /// A record is new to the program: it was created, or changed so that it passes the filter, or became visible.
    Created(V),
    /// A record that the program has is in another state now.
    Updated(V),
    /// A record that the program has was deleted, or no longer passes the filter, or is no longer visible. Its last state is
    /// not known: the deletion was found by reading.
    Deleted(T::Id),
    /// The stream is over; no item follows.
    Ended(EndReason),
}

/// A stream that keeps a copy of some records equal to the table.
///
/// The program applies each [`SyncEvent`] to the records that it got with the stream. Each item is a true change: the
/// stream never reports a state twice in a row. If a record changes faster than the program takes the changes, the states in
/// between are left out. An error for a record whose data do not fit `V` names the record, and the stream goes on.
///
/// # What is promised
///
/// After the last change, and once the program has taken all items, its copy equals what the session reads. Events that
/// come late, in another order, or not at all do not matter, and nothing is reported as a gap. There are two exceptions,
/// which the server (3.3.5) does not report and which the next sweep repairs:
///
/// - the changes of a transaction that began before the live query was registered and is committed after the records were read;
/// - a record that the session's permissions hide after a change.
///
/// A sweep reads all records again and compares them. It happens ten seconds after each registration of the live query,
/// after every loss of events, and as often as [`resync_every`](crate::live::Live::resync_every) says. With the nodes of a
/// cluster that do not run with `SURREAL_LIVE_QUERY_ENGINE=router`, writes on other nodes are found only by sweeps.
///
/// The condition and the view may depend on the record alone. Those that follow links are refused, because a change of
/// another record is no event; [`Condition::raw`](crate::Condition::raw) cannot be checked. The time and the session's
/// variables change without an event as well.
///
/// # Costs
///
/// A task on the connection's runtime reads the changed records, at most 500 in one statement, and one statement after
/// another. It does not wait for the program while it receives events, and it reads no further while the program
/// has more than some hundred changes to take. It keeps the id and a digest of each record, some 100 bytes, for a million
/// records unless [`max_records`](crate::live::Live::max_records) says otherwise.
///
/// It reads on a session of its own, which takes a place on the sockets for calls like one of the program. The synced
/// streams of one session share it if the session's namespace, database, variables and sign-in were the same.
///
/// A read that fails is repeated, after a pause that grows to five seconds. If the server has refused it, or if there is no
/// place for the session ([`TooManySessions`](ErrorKind::TooManySessions)), the error is an item of the stream, once.
///
/// Dropping the stream kills its live query in the background; [`kill`](Self::kill) does the same and waits.
///
/// # Cancel safety
///
/// [`next`](Self::next) may be dropped at any time; no change is lost by it.
#[must_use = "dropping a stream kills its live query"]
pub struct SyncedStream<T, V = T> {
    scope: Scope,
    items: mpsc::Receiver<SyncItem>,
    status: Arc<SyncStatus>,
    task: AbortOnDrop,
    is_over: bool,
    data: PhantomData<fn() -> (T, V)>,
}

impl<T, V> SyncedStream<T, V> {
    /// Starts the task.
    pub(super) fn start(scope: Scope, repair: Repair) -> Self {
        let (sender, items) = mpsc::channel(UNREAD);
        let status = repair.status();
        let task = scope.client().spawn(repair.run(sender));
        let task = AbortOnDrop(task.abort_handle());
        Self { scope, items, status, task, is_over: false, data: PhantomData }
    }

    /// Returns the id of the live query. It is another one after the live query was registered again.
    pub fn id(&self) -> LiveId {
        self.status.id()
    }

    /// Returns the number of sweeps that are complete, without the first one: all their changes are in the stream.
    pub fn sweeps(&self) -> u64 {
        self.status.sweeps.load(Ordering::Acquire)
    }
}

impl<T: 'static, V: 'static> SyncedStream<T, V> {
    /// Kills the live query and waits until the server has removed it, unless another stream follows it.
    ///
    /// # Errors
    ///
    /// [`Internal`](ErrorKind::Internal) if it was killed before.
    ///
    /// # Cancel safety
    ///
    /// The live query is killed whether or not the future is kept.
    pub fn kill(self) -> SessionCall<()> {
        let session = Arc::clone(self.scope.session());
        SessionCall::in_session(&session, "kill", async move |deadline| {
            // Dropped after the call: the stream goes with the future, and that kills the live query.
            let stream = self;
            match stream.status.live() {
                // With the reference of its task.
                Some(live) => live.kill(2, deadline).await,
                None => kill_live(stream.scope.session(), stream.id(), deadline).await,
            }
        })
    }
}

impl<T: Identified, V: DeserializeOwned> SyncedStream<T, V> {
    /// Waits for the next change. Returns `None` after the end.
    pub async fn next(&mut self) -> Option<Result<SyncEvent<T, V>>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<SyncEvent<T, V>>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        // The task ends without a reason only if its runtime was shut down.
        let item = ready!(self.items.poll_recv(cx)).unwrap_or(SyncItem::Ended(EndReason::ConnectionLost));
        Poll::Ready(Some(match item {
            SyncItem::Change(BoardChange::Created(row)) => row.decode().map(SyncEvent::Created),
            SyncItem::Change(BoardChange::Updated(row)) => row.decode().map(SyncEvent::Updated),
            SyncItem::Change(BoardChange::Deleted(id)) => record_id(&id).map(SyncEvent::Deleted),
            SyncItem::Failed(error) => Err(error),
            SyncItem::Ended(reason) => {
                self.is_over = true;
                Ok(SyncEvent::Ended(reason))
            }
        }))
    }
}

fn record_id<Id: DeserializeOwned>(id: &Bytes) -> Result<Id> {
    codec::decode(id).map_err(|error| {
        Error::new(ErrorKind::Decode, format!("cannot decode the id of a deleted record: {error}")).answered()
    })
}

impl<T: Identified, V: DeserializeOwned> Stream for SyncedStream<T, V> {
    type Item = Result<SyncEvent<T, V>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_event(cx)
    }
}

impl<T, V> fmt::Debug for SyncedStream<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("SyncedStream");
        debug.field("id", &self.id()).field("sweeps", &self.sweeps()).field("task", &self.task);
        debug.finish_non_exhaustive()
    }
}

/// The number of changes in the queue between the task and the stream.
const UNREAD: usize = 64;
