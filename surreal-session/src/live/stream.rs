//! The stream of a live query.
//!
//! It takes items from its [`Follower`], parses the events, and puts those that arrive together in order. [`History`] decides
//! which events are reported.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::Stream;
use serde::de::DeserializeOwned;
use tracing::debug;

use super::follower::{Followed, Follower};
use super::history::{Arrival, EventPosition, History, Recency, RecordChange};
use super::{EndReason, Gap, Identified, LiveEvent, Notification};
use crate::codec;
use crate::connection::Timer;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{LiveId, record_decode_error};
use crate::session::{SessionCall, kill_live};

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
/// # Lost sockets
///
/// If its socket is lost, the stream registers its live query again as soon as the connection has another one, and reports
/// [`Gap::Reconnected`]. It does the same if its session is renewed ([`Gap::Renewed`]). Only what is final ends it, see
/// [`EndReason`].
///
/// The server (3.3.5) closes a socket when more than a hundred events wait to be written to it
/// (`SURREAL_WEBSOCKET_RESPONSE_CHANNEL_SIZE`), however quickly the client reads. Each change counts once for each live query
/// that reports it. A single commit of more than a hundred records can be enough; with sixteen live queries on one socket
/// a few hundred small writes in quick succession were enough, with one live query 7,000 writes a second were not. So each
/// live query has a session of its own on a socket for live queries, of which each carries four; see
/// [`Connect::live_sockets`](crate::Connect::live_sockets). That session is a copy of the program's session as it was when the
/// stream was registered: it stays in its namespace and database, with the variables of that time.
///
/// The stream keeps its session open. Dropping it kills the live query in the background, unless another stream
/// follows it; [`kill`](Self::kill) does the same and waits.
///
/// # Shared live queries
///
/// Streams of one session (not of its forks) share a live query if their statements and the values in these are equal, and
/// the session has the same namespace, database and variables as before, and was not signed in meanwhile. Their
/// [`id`](Self::id) is the same then. Each has its own queue, and ends alone; only [`Session::kill`](crate::Session::kill)
/// with their common id ends all of them.
///
/// A stream that joins others begins with the changes after it, as the first one does. To tell these from events that are
/// late, it compares their positions, unless the connection has several endpoints: then it may begin with changes that were
/// made shortly before it. If one endpoint hides several nodes, changes through another node may be missing that were made
/// after the stream began by less than the difference of the nodes' clocks.
///
/// # Cancel safety
///
/// [`next`](Self::next) may be dropped at any time; no event is lost by it.
#[must_use = "dropping a stream kills its live query"]
pub struct LiveStream<T, D = T> {
    follower: Follower,
    history: History,
    /// Items that were taken from the queue, to be put in order.
    ahead: VecDeque<Arrival>,
    /// The time that the first item ahead waits for others.
    hold: Duration,
    held: Option<Pin<Box<Timer>>>,
    received: u64,
    missed: u64,
    data: PhantomData<fn() -> (T, D)>,
}

impl<T, D> LiveStream<T, D> {
    pub(super) fn new(follower: Follower) -> Self {
        Self {
            follower,
            history: History::default(),
            ahead: VecDeque::new(),
            hold: Duration::ZERO,
            held: None,
            received: 0,
            missed: 0,
            data: PhantomData,
        }
    }

    /// Lets the first of some events wait for the others.
    pub(super) fn holding(self, hold: Duration) -> Self {
        Self { hold, ..self }
    }

    /// Returns the id of the live query. After [`Gap::Reconnected`] and [`Gap::Renewed`] it is another one.
    pub fn id(&self) -> LiveId {
        self.follower.id
    }

    /// Returns the number of changes that this stream has given. Those that could not be decoded count as well.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Returns the error for which the stream is over, if its connection or session was lost.
    pub fn error(&self) -> Option<&Error> {
        self.follower.error()
    }

    /// Returns the number of missing events that the gaps of this stream have reported. Those that are missing while the
    /// connection is lost are not counted.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Takes the next item, or arranges to be woken for it.
    pub(super) fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Arrival>> {
        let Some(item) = ready!(self.follower.poll_next(cx)) else { return Poll::Ready(None) };
        Poll::Ready(Some(self.parsed(item)))
    }

    /// Takes the next item that is in the queue now.
    pub(super) fn try_next(&mut self) -> Option<Arrival> {
        self.follower.try_next().map(|item| self.parsed(item))
    }

    /// Puts items before those in the queue, with what the program has seen already.
    pub(super) fn begin_with(&mut self, arrivals: VecDeque<Arrival>, history: History) {
        (self.ahead, self.history) = (arrivals, history);
    }

    /// Plain records are the data of a live query that the program's own text has registered.
    fn parsed(&self, item: Followed) -> Arrival {
        item.parsed(if self.follower.is_own() { RecordChange::read } else { RecordChange::read_plain })
    }

    fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<Option<Arrival>> {
        if self.ahead.is_empty() {
            let Some(arrival) = ready!(self.poll_item(cx)) else { return Poll::Ready(None) };
            self.ahead.push_back(arrival);
            if self.follower.is_own() {
                self.gather(TOGETHER);
                let hold = if self.is_undecided() { self.hold.max(UNDECIDED) } else { self.hold };
                self.held = (!hold.is_zero()).then(|| Box::pin(self.follower.scope.sleep(hold)));
            }
        }
        if let Some(held) = &mut self.held {
            ready!(held.as_mut().poll(cx));
            self.held = None;
            self.gather(usize::MAX);
        }
        Poll::Ready(self.ahead.pop_front())
    }

    /// Returns true if only a later event tells whether the records that were read contain one of the first ones.
    fn is_undecided(&mut self) -> bool {
        let Some(snapshot) = self.history.snapshot() else { return false };
        self.ahead.iter().any(|arrival| matches!(arrival, Followed::Event(Ok(change)) if snapshot.is_undecided(change)))
    }

    /// Takes the events that have arrived with the first item, and puts them in the order in which the changes were made:
    /// the events of one transaction arrive together, and in any order (server 3.3.5).
    fn gather(&mut self, most: usize) {
        while matches!(self.ahead.back(), Some(Followed::Event(_))) && self.ahead.len() < most {
            let Some(arrival) = self.try_next() else { break };
            self.ahead.push_back(arrival);
        }
        let events = self.ahead.iter().take_while(|arrival| matches!(arrival, Followed::Event(_))).count();
        if events > 1 {
            self.ahead.make_contiguous()[..events].sort_by_key(position);
            self.leave_contained();
            self.leave_whole();
        }
    }

    /// Removes the events before one that the records that were read contain: they contain these as well.
    fn leave_contained(&mut self) {
        let Some(snapshot) = self.history.snapshot() else { return };
        let mut contained = HashSet::new();
        let arrivals = std::mem::take(&mut self.ahead);
        for arrival in arrivals.into_iter().rev() {
            if let Followed::Event(Ok(change)) = &arrival {
                if contained.contains(&change.record) {
                    continue;
                }
                if snapshot.certainly_contains(change) {
                    contained.insert(change.record.clone());
                }
            }
            self.ahead.push_front(arrival);
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
            if let Followed::Event(Ok(change)) = &arrival {
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
}

impl<T: 'static, D: 'static> LiveStream<T, D> {
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
        let session = Arc::clone(self.follower.scope.session());
        SessionCall::in_session(&session, "kill", async move |deadline| {
            // The whole stream, not the two fields used below: dropping the others kills the live query.
            let stream = self;
            // Dropped here: the stream goes with the future, and that kills the live query.
            match stream.follower.live() {
                Some(live) => live.kill(1, deadline).await,
                None => kill_live(stream.follower.scope.session(), stream.follower.id, deadline).await,
            }
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
            let Some(arrival) = ready!(self.poll_arrival(cx)) else { return Poll::Ready(None) };
            if let Some(event) = self.event(arrival) {
                return Poll::Ready(Some(event));
            }
        }
    }

    /// The event of an item, if there is something to report.
    fn event(&mut self, arrival: Arrival) -> Option<Result<LiveEvent<T, D>>> {
        match arrival {
            Followed::Event(change) => change.and_then(|change| self.change(&change)).transpose(),
            Followed::Missed(missed) => {
                self.history.note_loss(missed.last);
                Some(Ok(self.gap(missed.count, Gap::of(missed))))
            }
            Followed::Again(gap) => {
                // The events from here on belong to later changes than those before.
                self.history = History::default();
                Some(Ok(self.gap(0, gap)))
            }
            Followed::Ended(reason) => Some(Ok(self.end(reason))),
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
        debug!(live = %self.id(), ?gap, missed = self.missed, "events are missing from a live stream");
        self.follower.scope.client().monitor().note_gap(self.id(), gap.name(), missed);
        LiveEvent::Gap(gap)
    }

    fn end(&self, reason: EndReason) -> LiveEvent<T, D> {
        debug!(live = %self.id(), ?reason, received = self.received, missed = self.missed, "live stream over");
        LiveEvent::Ended(reason)
    }
}

/// The position of a change. A malformed event comes first, and is an error when it is taken.
fn position(arrival: &Arrival) -> Option<EventPosition> {
    let Followed::Event(Ok(change)) = arrival else { return None };
    change.position
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
        debug.field("id", &self.id()).field("received", &self.received).field("missed", &self.missed);
        debug.finish_non_exhaustive()
    }
}

/// The time that an event waits if only a later one tells whether the records that were read contain it.
const UNDECIDED: Duration = Duration::from_millis(250);

/// The maximum number of events that are put in order at once.
const TOGETHER: usize = 64;
