//! The stream of a live query.
//!
//! It takes items from the queue that the connection's task fills, parses the events, and puts those that arrive together in
//! order. [`History`] decides which events are reported. The stream asks the server in the background why a live query
//! has ended, and whether its table was removed during the registration.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tracing::debug;

use super::history::{Arrival, EventPosition, History, Recency, RecordChange};
use super::{EndReason, Gap, Identified, LiveEvent, Notification};
use crate::codec;
use crate::connection::{QueueItem, StreamEnd, Timer};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{LiveId, Operation, Target, record_decode_error};
use crate::query::{Fragment, Response, Scope};
use crate::session::{SessionCall, SessionIdentity, SessionSubscription, kill_live};
use crate::value::{Table, Value};

/// A stream of the changes that a live query reports.
///
/// Each item is a [`LiveEvent`], or an error for an event whose data do not fit `D`. The error names the record, and the
/// stream goes on. No item follows [`LiveEvent::Ended`].
///
/// # Order
///
/// The changes of one record come in the order in which they were made. The server (3.3.5) may send a change before an earlier
/// one, above all in a transaction that changes a record more than once. Events that arrive together are put in order. An
/// event that arrives after a later one of its record is left out and reported as [`Gap::Superseded`], or as
/// [`Gap::Unordered`] if the stream cannot know whether a later one was reported. So the last state that a stream gives of a
/// record is its last state, or a gap follows it. The order is the one in which the server computed the changes. It does
/// not depend on how fast the program takes events. On a cluster it depends on the clocks of the nodes, see
/// [`Gap::Superseded`].
///
/// Changes of different records come in no promised order. A stream of
/// [`subscribe_live`](crate::Session::subscribe_live) gives events in the order of their arrival.
///
/// If a `DEFINE EVENT` of the table changes the record itself, the server (3.3.5) sends the inner change first and the
/// outer one second. Both show the record as it is after both; if the event deleted it, both are deletions. A stream of
/// [differences](crate::live::Live::diff) gives the whole record in the outer change, in place of the inner ones.
///
/// # Events that the server does not send
///
/// The server (3.3.5) sends no event, and so the stream reports none, for
///
/// - an update after which the record no longer passes the filter; with [`as_set`](crate::live::Live::as_set) it sends one;
/// - a record that the identity may not select any more;
/// - a transaction that began before the live query was registered, whenever it is committed;
/// - a record that contains a value without CBOR form, a regular expression;
/// - a record for which the filter, a computed field or the selection fails;
/// - a write on another node of a cluster, unless its nodes run with `SURREAL_LIVE_QUERY_ENGINE=router`.
///
/// # How many events a connection bears
///
/// The server (3.3.5) closes the connection when more than a hundred events wait to be written to its socket
/// (`SURREAL_WEBSOCKET_RESPONSE_CHANNEL_SIZE`), however quickly the client reads. Each change counts once for each live query
/// that reports it. A single commit of more than a hundred records can be enough; with sixteen live queries on one socket
/// a few hundred small writes in quick succession were enough, with one live query 7,000 writes a second were not. Every
/// stream of the connection then ends with [`EndReason::ConnectionLost`]. Open a connection for each few live queries of busy
/// tables.
///
/// The stream keeps its session open. Dropping it kills the live query in the background, unless another stream
/// follows it; [`kill`](Self::kill) does the same and waits.
///
/// # Cancel safety
///
/// [`next`](Self::next) may be dropped at any time; no event is lost by it.
#[must_use = "dropping a stream kills its live query"]
pub struct LiveStream<T, D = T> {
    scope: Scope,
    id: LiveId,
    /// The table of the live query. `None` if the program's own text has registered it: then its events carry plain records.
    table: Option<Table>,
    history: History,
    /// `None` when the stream is over.
    subscription: Option<SessionSubscription>,
    /// Items that were taken from the queue, to be put in order.
    ahead: VecDeque<Arrival>,
    /// The time that the first item ahead waits for others.
    hold: Duration,
    held: Option<Pin<Box<Timer>>>,
    /// The session's identity at the registration.
    identity: Value,
    expiry: Option<Pin<Box<Timer>>>,
    /// Finds out why the server has ended the live query.
    end_lookup: Option<JoinHandle<EndReason>>,
    /// Finds out whether the table was removed while the live query was registered.
    removal_lookup: Option<JoinHandle<bool>>,
    received: u64,
    missed: u64,
    data: PhantomData<fn() -> (T, D)>,
}

impl<T, D> LiveStream<T, D> {
    pub(super) fn new(
        scope: Scope,
        id: LiveId,
        subscription: SessionSubscription,
        identity: SessionIdentity,
        table: Option<Table>,
    ) -> Self {
        let expiry = identity.expires_in().map(|left| Box::pin(scope.sleep(left)));
        let identity = identity.identity;
        Self {
            scope,
            id,
            table,
            history: History::default(),
            subscription: Some(subscription),
            ahead: VecDeque::new(),
            hold: Duration::ZERO,
            held: None,
            identity,
            expiry,
            end_lookup: None,
            removal_lookup: None,
            received: 0,
            missed: 0,
            data: PhantomData,
        }
    }

    /// Lets the first of some events wait for the others.
    pub(super) fn holding(self, hold: Duration) -> Self {
        Self { hold, ..self }
    }

    /// Looks, in the background, whether the live query is on a table that was removed in the meantime.
    ///
    /// `place` is the namespace and the database of the live query.
    pub(super) fn looking_for_removal(self, place: Value) -> Self {
        let removal_lookup = self.table.as_ref().map(|table| was_removed(&self.scope, table, self.id, place));
        Self { removal_lookup, ..self }
    }

    /// Returns the id of the live query.
    pub fn id(&self) -> LiveId {
        self.id
    }

    /// Returns the number of changes that this stream has given. Those that could not be decoded count as well.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Returns the number of missing events that the gaps of this stream have reported.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Takes the items that are in the queue now.
    pub(super) fn drain(&self) -> impl Iterator<Item = Arrival> {
        std::iter::from_fn(|| self.subscription.as_ref()?.events.queue.try_next().map(|item| self.parsed(item)))
    }

    /// Puts items before those in the queue, with what the program has seen already.
    pub(super) fn begin_with(&mut self, arrivals: VecDeque<Arrival>, history: History) {
        (self.ahead, self.history) = (arrivals, history);
    }

    fn parsed(&self, item: QueueItem) -> Arrival {
        item.parsed(if self.table.is_some() { RecordChange::read } else { RecordChange::read_plain })
    }

    fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<Option<Arrival>> {
        let Some(subscription) = &self.subscription else { return Poll::Ready(None) };
        if self.ahead.is_empty() {
            let item = ready!(subscription.events.queue.poll_next(cx));
            self.ahead.push_back(self.parsed(item));
            match self.table {
                Some(_) if self.hold.is_zero() => self.gather(),
                Some(_) => self.held = Some(Box::pin(self.scope.sleep(self.hold))),
                None => {}
            }
        }
        if let Some(held) = &mut self.held {
            ready!(held.as_mut().poll(cx));
            self.held = None;
            self.gather();
        }
        Poll::Ready(self.ahead.pop_front())
    }

    /// Takes the events that have arrived with the first item, and puts them in the order in which the changes were made:
    /// the events of one transaction arrive together, and in any order (server 3.3.5).
    fn gather(&mut self) {
        let most = if self.hold.is_zero() { TOGETHER } else { usize::MAX };
        while matches!(self.ahead.back(), Some(QueueItem::Event(_))) && self.ahead.len() < most {
            let Some(arrival) = self.drain().next() else { break };
            self.ahead.push_back(arrival);
        }
        let events = self.ahead.iter().take_while(|arrival| matches!(arrival, QueueItem::Event(_))).count();
        if events > 1 {
            self.ahead.make_contiguous()[..events].sort_by_key(position);
            self.leave_whole();
        }
    }

    /// Removes the differences of a record before an event that replaces the whole record.
    fn leave_whole(&mut self) {
        if self.hold.is_zero() {
            return;
        }
        let mut whole = HashSet::new();
        let arrivals = std::mem::take(&mut self.ahead);
        for arrival in arrivals.into_iter().rev() {
            if let QueueItem::Event(Ok(change)) = &arrival {
                if whole.contains(&change.record) {
                    continue;
                }
                if change.is_whole {
                    whole.insert(change.record.clone());
                }
            }
            self.ahead.push_front(arrival);
        }
    }

    fn poll_removal(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(removal) = &mut self.removal_lookup else { return false };
        let Poll::Ready(removed) = Pin::new(removal).poll(cx) else { return false };
        self.removal_lookup = None;
        removed.unwrap_or(false)
    }

    fn poll_expiry(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.expiry.as_mut().map_or(Poll::Pending, |expiry| expiry.as_mut().poll(cx))
    }

    /// Returns true if a report of the session's identity differs from the identity at the registration.
    fn is_other_identity(&self, identity: Option<&Bytes>) -> bool {
        let identity = identity.and_then(|identity| codec::decode::<SessionIdentity>(identity).ok());
        identity.is_none_or(|identity| identity.identity != self.identity)
    }
}

impl<T: 'static, D: 'static> LiveStream<T, D> {
    /// Kills the live query and waits until the server has removed it.
    ///
    /// # Errors
    ///
    /// [`Internal`](ErrorKind::Internal) if it was killed before.
    ///
    /// # Cancel safety
    ///
    /// The live query is killed whether or not the future is kept.
    pub fn kill(self) -> SessionCall<()> {
        let client = self.scope.client().clone();
        SessionCall::new(&client, async move |deadline| {
            // The whole stream, not the two fields used below: dropping the others kills the live query.
            let stream = self;
            // Dropped here: the stream goes with the future, and that kills the live query.
            kill_live(stream.scope.session(), stream.id, deadline).await
        })
    }
}

impl<T: Identified, D: DeserializeOwned> LiveStream<T, D> {
    /// Waits for the next event. Returns `None` after the end.
    pub async fn next(&mut self) -> Option<Result<LiveEvent<T, D>>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<LiveEvent<T, D>>>> {
        loop {
            if let Some(lookup) = &mut self.end_lookup {
                let reason = ready!(Pin::new(lookup).poll(cx)).unwrap_or(EndReason::KilledByServer);
                self.end_lookup = None;
                return Poll::Ready(Some(Ok(self.end(reason))));
            }
            let event = match self.poll_arrival(cx) {
                Poll::Ready(Some(arrival)) => self.event(arrival),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending if self.poll_removal(cx) => Some(Ok(self.end(EndReason::TableRemoved))),
                Poll::Pending => {
                    ready!(self.poll_expiry(cx));
                    Some(Ok(self.end(EndReason::Expired)))
                }
            };
            if event.is_some() {
                return Poll::Ready(event);
            }
        }
    }

    /// The event of an item, if there is something to report.
    fn event(&mut self, arrival: Arrival) -> Option<Result<LiveEvent<T, D>>> {
        match arrival {
            QueueItem::Event(change) => change.and_then(|change| self.change(&change)).transpose(),
            QueueItem::Missed(missed) => {
                self.history.note_loss(missed.last);
                Some(Ok(self.gap(missed.count, Gap::of(missed))))
            }
            QueueItem::Identity(identity) => {
                let is_other = self.is_other_identity(identity.as_ref());
                is_other.then(|| Ok(self.end(EndReason::IdentityChanged)))
            }
            QueueItem::End(end) => match (&end, &self.table) {
                (StreamEnd::KilledByServer, Some(table)) => {
                    self.end_lookup = Some(why_killed(&self.scope, table));
                    self.subscription = None;
                    None
                }
                _ => Some(Ok(self.end(EndReason::of(&end)))),
            },
        }
    }

    /// Decodes a change, unless the program has seen it.
    fn change(&mut self, change: &RecordChange) -> Result<Option<LiveEvent<T, D>>> {
        match self.history.note(change) {
            Recency::Last => {}
            Recency::Repeated => return Ok(None),
            Recency::Superseded => return Ok(Some(self.gap(1, Gap::Superseded { missed: 1 }))),
            Recency::Unknown => return Ok(Some(self.gap(1, Gap::Unordered { missed: 1 }))),
        }
        self.received += 1;
        let id = codec::decode(&change.record).map_err(|error| {
            Error::new(ErrorKind::Decode, format!("cannot decode the id of a changed record: {error}")).answered()
        })?;
        let data = codec::decode(&change.data).map_err(|error| record_decode_error(&change.record, &error))?;
        Ok(Some(LiveEvent::Change(Notification { action: change.action, id, data })))
    }

    fn gap(&mut self, missed: u64, gap: Gap) -> LiveEvent<T, D> {
        self.missed = self.missed.saturating_add(missed);
        debug!(live = %self.id, ?gap, missed = self.missed, "events are missing from a live stream");
        LiveEvent::Gap(gap)
    }

    fn end(&mut self, reason: EndReason) -> LiveEvent<T, D> {
        debug!(live = %self.id, ?reason, received = self.received, missed = self.missed, "live stream over");
        self.subscription = None;
        LiveEvent::Ended(reason)
    }
}

/// The position of a change. A malformed event comes first, and is an error when it is taken.
fn position(arrival: &Arrival) -> Option<EventPosition> {
    let QueueItem::Event(Ok(change)) = arrival else { return None };
    change.position
}

/// The name of a request about a table in messages.
pub(super) fn operation(verb: &'static str, table: &Table) -> Operation {
    Operation::statement(verb, Target::shown(table.clone()))
}

/// Finds out why the server has ended a live query: the server (3.3.5) says only that it has. If the table is gone, that is
/// the reason.
fn why_killed(scope: &Scope, table: &Table) -> JoinHandle<EndReason> {
    let select = Fragment::new("SELECT VALUE 1 FROM ").value(table).text(" LIMIT 0");
    let selected = select.into_query(scope.clone(), operation("live", table), None).into_future();
    scope.client().spawn(async move {
        match selected.await.and_then(Response::check) {
            Err(error) if error.is_not_found() => EndReason::TableRemoved,
            _ => EndReason::KilledByServer,
        }
    })
}

/// Finds out whether the server has lost a live query of the table.
///
/// The server (3.3.5) sends no KILLED if the table is removed before the reply to LIVE SELECT, nor if both commit at the same
/// time. It answers only identities that may see the table's definition, and about the database that the session is in by
/// now.
fn was_removed(scope: &Scope, table: &Table, id: LiveId, place: Value) -> JoinHandle<bool> {
    let info = Fragment::new(format!("RETURN [{PLACE}, (INFO FOR TABLE ")).value(table.as_str()).text(").lives[");
    let info = info.value(&id.to_string()).text("] = NONE]");
    let query = info.into_query(scope.clone(), operation("live", table), None).into_future();
    scope.client().spawn(async move {
        match query.await.and_then(|response| response.take::<(Value, bool)>(0)) {
            Ok((is_at, true)) if is_at == place => {
                // If it was killed, the server's notice comes within this time.
                sleep(KILLED_AFTER).await;
                true
            }
            Ok(_) => false,
            Err(error) => {
                debug!(live = %id, %error, "cannot look whether the table of a live query was removed");
                false
            }
        }
    })
}

impl<T: Identified, D: DeserializeOwned> Stream for LiveStream<T, D> {
    type Item = Result<LiveEvent<T, D>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_event(cx)
    }
}

impl<T, D> fmt::Debug for LiveStream<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("LiveStream");
        debug.field("id", &self.id).field("received", &self.received).field("missed", &self.missed);
        debug.finish_non_exhaustive()
    }
}

/// The time within which the server reports that a live query was killed.
const KILLED_AFTER: Duration = Duration::from_secs(1);

/// The namespace and the database of a session, in SurrealQL.
pub(super) const PLACE: &str = "[$session.ns, $session.db]";

/// The maximum number of events that are put in order at once.
const TOGETHER: usize = 64;
