//! The stream of a live query.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tracing::debug;

use super::order::{Order, Place, Position};
use super::shown::Parts;
use super::snapshot::Known;
use super::{Action, EndReason, Gap, Identified, LiveEvent, Notification};
use crate::codec::{self, DecodeError};
use crate::connection::{Cleanup, Deadline, QueueItem, StreamEnd, Timer};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{self, EventKind, LiveId, Operation, Target, misfit_of};
use crate::query::{Fragment, Response};
use crate::session::{Followed, Scope};
use crate::value::{Table, Value};

/// The changes that a live query reports.
///
/// Each item is a [`LiveEvent`], or an error for a record that does not fit `D`: it names the record, and the stream goes
/// on. After [`LiveEvent::Ended`] there is nothing more.
///
/// # Order
///
/// The changes of one record come in the order in which they were made. The server (3.3.5) may send a change before an earlier
/// one, above all in a transaction that changes a record more than once. Events that arrive together are put in order. An
/// event that arrives after a later one of its record is left out and reported as [`Gap::Superseded`]; if the stream
/// cannot know whether it is, as [`Gap::Unordered`]. So the last state that a stream gives of a record is its last state,
/// or a gap follows it. The order is the one in which the server computed the changes: it depends neither on clocks nor on
/// how fast the program takes events. Changes of different records come in no promised order, and a stream of
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
/// - an update after which the record does not pass the filter any more, except with [`as_set`](crate::live::Live::as_set);
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
    /// What the live query is about, and so what its events are made of; `None` for one that text has registered.
    table: Option<Table>,
    order: Order,
    /// `None` when the stream is over.
    followed: Option<Followed>,
    /// What comes before that which is in the queue.
    ahead: VecDeque<QueueItem>,
    /// How long the first item waits for others, to be put in order with them.
    hold: Duration,
    held: Option<Pin<Box<Timer>>>,
    /// What the program has read when the stream began, while events about it may be late.
    known: Option<Known>,
    identity: Value,
    expiry: Option<Pin<Box<Timer>>>,
    /// Finds out why the server has ended the live query.
    inquest: Option<JoinHandle<EndReason>>,
    /// Finds out whether the table was removed while the live query was registered.
    removal: Option<JoinHandle<bool>>,
    received: u64,
    missed: u64,
    data: PhantomData<fn() -> (T, D)>,
}

/// Who a session is, and how long; see [`WHO`](crate::session::WHO).
#[derive(Debug, Deserialize)]
pub(super) struct Who {
    #[serde(default)]
    identity: Value,
    expires_in: Option<i64>,
}

impl<T, D> LiveStream<T, D> {
    pub(super) fn new(scope: Scope, id: LiveId, followed: Followed, who: Who, table: Option<Table>) -> Self {
        let expires_in = who.expires_in.map(|left| Duration::from_millis(u64::try_from(left).unwrap_or(0)));
        let expiry = expires_in.map(|left| Box::pin(scope.sleep(left)));
        let identity = who.identity;
        Self {
            scope,
            id,
            table,
            order: Order::default(),
            followed: Some(followed),
            ahead: VecDeque::new(),
            hold: Duration::ZERO,
            held: None,
            known: None,
            identity,
            expiry,
            inquest: None,
            removal: None,
            received: 0,
            missed: 0,
            data: PhantomData,
        }
    }

    /// Has the first of some events wait so long for the others.
    pub(super) fn holding(self, hold: Duration) -> Self {
        Self { hold, ..self }
    }

    /// Looks, in the background, whether the live query is on a table that was removed in the meantime.
    ///
    /// `place` is the namespace and the database that the live query is in.
    pub(super) fn looking_for_removal(self, place: Value) -> Self {
        let removal = self.table.as_ref().map(|table| was_removed(&self.scope, table, self.id, place));
        Self { removal, ..self }
    }

    /// Takes what is in the queue now.
    pub(super) fn drain(&self) -> impl Iterator<Item = QueueItem> {
        std::iter::from_fn(|| self.followed.as_ref()?.try_next())
    }

    /// Makes a round trip to the server, on the way that events come.
    pub(super) async fn barrier(&self, deadline: Deadline) -> Result<()> {
        let request = self.scope.request("ping").finish();
        self.scope.call_within(request, deadline, Cleanup::Nothing).await.map(drop)
    }

    /// Puts items before those in the queue, and says what the program has read already.
    pub(super) fn begin_with(&mut self, items: VecDeque<QueueItem>, known: Known, order: Order) {
        (self.ahead, self.known, self.order) = (items, Some(known), order);
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<QueueItem>> {
        let Some(followed) = &self.followed else { return Poll::Ready(None) };
        if self.ahead.is_empty() {
            let item = ready!(followed.poll_next(cx));
            self.ahead.push_back(item);
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

    /// Takes what has arrived with the first item, and puts the events in the order in which the changes were made: the
    /// events of one transaction arrive together, and in any order (server 3.3.5).
    fn gather(&mut self) {
        let most = if self.hold.is_zero() { TOGETHER } else { usize::MAX };
        while matches!(self.ahead.back(), Some(QueueItem::Event(_))) && self.ahead.len() < most {
            let Some(item) = self.drain().next() else { break };
            self.ahead.push_back(item);
        }
        let events = self.ahead.iter().take_while(|item| matches!(item, QueueItem::Event(_))).count();
        if events > 1 {
            self.ahead.make_contiguous()[..events].sort_by_cached_key(position);
            self.leave_whole();
        }
    }

    /// Removes the differences of a record before an event that gives the whole record in place of them.
    fn leave_whole(&mut self) {
        if self.hold.is_zero() {
            return;
        }
        let mut whole = HashSet::new();
        let events: VecDeque<QueueItem> = std::mem::take(&mut self.ahead);
        for item in events.into_iter().rev() {
            if let Some((record, is_whole)) = wholeness(&item) {
                if whole.contains(&record) {
                    continue;
                }
                if is_whole {
                    whole.insert(record);
                }
            }
            self.ahead.push_front(item);
        }
    }

    /// Whether an event says only what the program has read when the stream began.
    fn is_repetition(&mut self, record: &Bytes, kind: EventKind, parts: &Parts) -> bool {
        self.known.take_if(|known| known.is_over());
        self.known.as_mut().is_some_and(|known| known.contains(record, kind, parts))
    }

    /// The id of the live query.
    pub fn id(&self) -> LiveId {
        self.id
    }

    /// How many events this stream has given, those that could not be decoded among them.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// How many events were dropped, as far as the gaps have said.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Kills the live query and waits until it is gone.
    ///
    /// # Errors
    ///
    /// [`Internal`](ErrorKind::Internal) if it was killed before.
    ///
    /// # Cancel safety
    ///
    /// The live query is killed whether or not the future is kept.
    pub async fn kill(self) -> Result<()> {
        // Dropped here: the stream goes with the future, and that kills the live query.
        self.scope.kill(self.id).await
    }

    fn end(&mut self, reason: EndReason) -> LiveEvent<T, D>
    where
        T: Identified,
    {
        debug!(live = %self.id, ?reason, received = self.received, missed = self.missed, "live stream over");
        self.followed = None;
        LiveEvent::Ended(reason)
    }

    fn poll_removal(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(removal) = &mut self.removal else { return false };
        let Poll::Ready(removed) = Pin::new(removal).poll(cx) else { return false };
        self.removal = None;
        removed.unwrap_or(false)
    }

    fn poll_expiry(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.expiry.as_mut().map_or(Poll::Pending, |expiry| expiry.as_mut().poll(cx))
    }

    /// Whether a report of who the session is now names somebody else than when the live query was registered.
    fn is_somebody_else(&self, identity: Option<&Bytes>) -> bool {
        let who = identity.and_then(|identity| codec::decode::<Who>(identity).ok());
        who.is_none_or(|who| who.identity != self.identity)
    }
}

impl<T: Identified, D: DeserializeOwned> LiveStream<T, D> {
    /// Waits for the next event; `None` after the end.
    pub async fn next(&mut self) -> Option<Result<LiveEvent<T, D>>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<LiveEvent<T, D>>>> {
        loop {
            if let Some(inquest) = &mut self.inquest {
                let reason = ready!(Pin::new(inquest).poll(cx)).unwrap_or(EndReason::KilledByServer);
                self.inquest = None;
                return Poll::Ready(Some(Ok(self.end(reason))));
            }
            let event = match self.poll_item(cx) {
                Poll::Ready(Some(QueueItem::Event(frame))) => match self.event(&frame) {
                    Ok(Some(event)) => Ok(event),
                    Ok(None) => continue,
                    Err(error) => Err(error),
                },
                Poll::Ready(Some(QueueItem::Missed(missed))) => {
                    self.order.note_loss(missed.last);
                    Ok(self.gap(missed.count, Gap::Overflow { missed: missed.count }))
                }
                Poll::Ready(Some(QueueItem::Identity(who))) if !self.is_somebody_else(who.as_ref()) => continue,
                Poll::Ready(Some(QueueItem::Identity(_))) => Ok(self.end(EndReason::IdentityChanged)),
                Poll::Ready(Some(QueueItem::End(over))) => match (&over, &self.table) {
                    (StreamEnd::KilledByServer, Some(table)) => {
                        self.inquest = Some(why_killed(&self.scope, table));
                        self.followed = None;
                        continue;
                    }
                    _ => Ok(self.end(reason(&over))),
                },
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending if self.poll_removal(cx) => Ok(self.end(EndReason::TableRemoved)),
                Poll::Pending => {
                    ready!(self.poll_expiry(cx));
                    Ok(self.end(EndReason::Expired))
                }
            };
            return Poll::Ready(Some(event));
        }
    }

    /// Decodes an event, unless the program knows what it says.
    fn event(&mut self, frame: &Bytes) -> Result<Option<LiveEvent<T, D>>> {
        let event = protocol::Notification::read(frame).map_err(malformed)?;
        let (kind, data) = match self.table {
            None => (event.kind, event.data),
            Some(_) => {
                let parts = Parts::of(&event.data).map_err(malformed)?;
                let kind = parts.kind(event.kind).map_err(malformed)?;
                match self.order.note(&event.record, parts.position().map_err(malformed)?) {
                    Place::Last => {}
                    Place::Superseded => return Ok(Some(self.gap(1, Gap::Superseded { missed: 1 }))),
                    Place::Unknown => return Ok(Some(self.gap(1, Gap::Unordered { missed: 1 }))),
                }
                if self.is_repetition(&event.record, kind, &parts) {
                    return Ok(None);
                }
                (kind, parts.data)
            }
        };
        self.received += 1;
        let action = match kind {
            EventKind::Create => Action::Create,
            EventKind::Update => Action::Update,
            EventKind::Delete => Action::Delete,
            EventKind::Killed | EventKind::Other => {
                return Err(Error::protocol("an event of a live query has an action that is not known"));
            }
        };
        let id = codec::decode(&event.record).map_err(|error| {
            Error::new(ErrorKind::Decode, format!("cannot decode the id of a changed record: {error}")).answered()
        })?;
        let data = codec::decode(&data).map_err(|error| misfit_of(&event.record, &error))?;
        Ok(Some(LiveEvent::Change(Notification { action, id, data })))
    }

    fn gap(&mut self, missed: u64, gap: Gap) -> LiveEvent<T, D> {
        self.missed = self.missed.saturating_add(missed);
        debug!(live = %self.id, ?gap, missed = self.missed, "events are missing from a live stream");
        LiveEvent::Gap(gap)
    }
}

/// The position of the change in an event. An event that cannot be read comes first, and is an error when it is taken.
fn position(item: &QueueItem) -> Option<Position> {
    let QueueItem::Event(frame) = item else { return None };
    let event = protocol::Notification::read(frame).ok()?;
    Parts::of(&event.data).ok()?.position().ok()
}

/// The record of an event, and whether the event gives the whole record.
fn wholeness(item: &QueueItem) -> Option<(Bytes, bool)> {
    let QueueItem::Event(frame) = item else { return None };
    let event = protocol::Notification::read(frame).ok()?;
    let parts = Parts::of(&event.data).ok()?;
    Some((event.record, parts.is_whole))
}

fn malformed(error: DecodeError) -> Error {
    Error::protocol("an event of a live query is malformed").with_source(error)
}

/// The server (3.3.5) says only that a live query is over; if its table is as well, that is the reason.
fn why_killed(scope: &Scope, table: &Table) -> JoinHandle<EndReason> {
    let select = Fragment::new("SELECT VALUE 1 FROM ").value(table).text(" LIMIT 0");
    let selected = select.into_query(scope.clone(), operation(table), None).into_future();
    scope.client().runtime().spawn(async move {
        match selected.await.and_then(Response::check) {
            Err(error) if error.is_not_found() => EndReason::TableRemoved,
            _ => EndReason::KilledByServer,
        }
    })
}

fn operation(table: &Table) -> Operation {
    Operation::statement("live", Target::shown(table.clone()))
}

/// Whether the server has no such live query on the table.
///
/// The server (3.3.5) sends no KILLED if the table is removed before the reply to LIVE SELECT, nor if both commit at the same
/// time. It answers only identities that may see the table's definition, and about the database that the session is in by
/// now.
fn was_removed(scope: &Scope, table: &Table, id: LiveId, place: Value) -> JoinHandle<bool> {
    let info = Fragment::new(format!("RETURN [{PLACE}, (INFO FOR TABLE ")).value(table.as_str()).text(").lives[");
    let query =
        info.value(&id.to_string()).text("] = NONE]").into_query(scope.clone(), operation(table), None).into_future();
    scope.client().runtime().spawn(async move {
        match query.await.and_then(|response| response.take::<(Value, bool)>(0)) {
            Ok((is_at, true)) if is_at == place => {
                // If it was killed, the server says so.
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

fn reason(over: &StreamEnd) -> EndReason {
    match over {
        StreamEnd::Killed => EndReason::Killed,
        StreamEnd::KilledByServer => EndReason::KilledByServer,
        StreamEnd::SessionClosed => EndReason::SessionClosed,
        StreamEnd::IdentityChanged => EndReason::IdentityChanged,
        StreamEnd::Connection(end) if end.kind() == ErrorKind::Closed => EndReason::ConnectionClosed,
        StreamEnd::Connection(_) => EndReason::ConnectionLost,
    }
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

/// How late the event may be that says that a live query was killed.
const KILLED_AFTER: Duration = Duration::from_secs(1);

/// Where a session is, for the server.
pub(super) const PLACE: &str = "[$session.ns, $session.db]";

/// How many events are put in order at once.
const TOGETHER: usize = 64;
