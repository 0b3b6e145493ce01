//! One live query at the server: its events, its registration again, and its end.
//!
//! [`Follower`] takes the items of the queue that the connection's task fills, and leaves the events in their frames. If the
//! connection is lost, it registers the live query again. It asks the server in the background why a live query has
//! ended, and whether its table was removed during the registration.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinError;
use tokio::time::{Instant, sleep};
use tracing::debug;

use super::registration::{PLACE, Registered, Registration, Task, expires_later, is_registered, operation, reason_of};
use super::{EndReason, Gap};
use crate::codec;
use crate::connection::{Missed, QueueItem, StreamEnd, Timer};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{self, LiveId};
use crate::query::{Fragment, Response, Scope};
use crate::session::{SessionIdentity, SessionSubscription, SharedLive};
use crate::value::{Table, Uuid, Value};

/// Follows a live query until its end.
pub(super) struct Follower {
    /// The session of the live query.
    pub(super) scope: Scope,
    pub(super) id: LiveId,
    /// `None` if the program's own text has registered the live query: it cannot be registered again.
    registration: Option<Registration>,
    /// The live query, with the streams that share it. `None` if the program's own text has registered it.
    live: Option<Arc<SharedLive>>,
    /// Set for a while if there were others before this stream: earlier changes are left out.
    since: Option<(Uuid, Instant)>,
    state: State,
    /// The session's identity and the place at the registration.
    identity: Value,
    place: Option<Value>,
    expiry: Option<(Instant, Pin<Box<Timer>>)>,
    /// Registers the live query again, while the present one goes on until it expires.
    renewal: Option<Registering>,
    /// Finds out whether the table was removed while the live query was registered.
    removal_lookup: Option<Task<bool>>,
    /// Whether a live query that the server has killed is registered again.
    on_kill: OnKill,
    error: Option<Error>,
}

type Registering = Task<Result<Registered>>;

enum State {
    Following(SessionSubscription),
    /// The connection was lost, or the table was made anew.
    Registering(Registering),
    /// Finds out why the server has ended the live query.
    LookingUp(Task<EndReason>),
    Over,
}

/// The consequence of a live query that the server has killed, although its table exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnKill {
    End,
    /// The server (3.3.5) does not tell a table that was made anew from another session's KILL.
    Register,
}

/// An item of a live query.
#[derive(Debug)]
pub(super) enum Followed<E = Bytes> {
    Event(E),
    /// Events were dropped here.
    Missed(Missed),
    /// The live query was registered again, under another id.
    Again(Gap),
    /// Nothing follows.
    Ended(EndReason),
}

impl Followed {
    /// The same item, its event parsed.
    pub(super) fn parsed<E>(self, parse: impl FnOnce(&Bytes) -> E) -> Followed<E> {
        match self {
            Self::Event(frame) => Followed::Event(parse(&frame)),
            Self::Missed(missed) => Followed::Missed(missed),
            Self::Again(gap) => Followed::Again(gap),
            Self::Ended(reason) => Followed::Ended(reason),
        }
    }
}

impl Follower {
    pub(super) fn new(registration: Registration, registered: Registered) -> Self {
        let Registered { live, subscription, since } = registered;
        let scope = Scope::of_inner(Arc::clone(&live.session));
        let mut follower = Self::following(scope, live.id, subscription);
        (follower.identity, follower.place) = (live.identity.clone(), live.place.clone());
        follower.registration = Some(registration);
        follower.follow(live, since);
        follower
    }

    /// Notes the live query whose events come from here on.
    fn follow(&mut self, live: Arc<SharedLive>, since: Option<Uuid>) {
        (self.id, self.scope) = (live.id, Scope::of_inner(Arc::clone(&live.session)));
        if let Some(registration) = &mut self.registration {
            registration.before = Some((self.scope.clone(), live.sharing.clone()));
        }
        self.since = since.map(|since| (since, Instant::now() + LATE));
        self.expire(live.expires_at);
        self.live = Some(live);
        self.look_for_removal();
    }

    /// Follows a live query that the program's own text has registered.
    pub(super) fn of(scope: Scope, id: LiveId, subscription: SessionSubscription, identity: SessionIdentity) -> Self {
        let mut follower = Self::following(scope, id, subscription);
        follower.expire(identity.expires_in().map(|left| Instant::now() + left));
        follower.identity = identity.identity;
        follower
    }

    fn following(scope: Scope, id: LiveId, subscription: SessionSubscription) -> Self {
        Self {
            scope,
            id,
            registration: None,
            live: None,
            since: None,
            state: State::Following(subscription),
            identity: Value::None,
            place: None,
            expiry: None,
            renewal: None,
            removal_lookup: None,
            on_kill: OnKill::End,
            error: None,
        }
    }

    pub(super) fn on_kill(self, on_kill: OnKill) -> Self {
        Self { on_kill, ..self }
    }

    /// Returns true if events are in the form of this client's live queries.
    pub(super) fn is_own(&self) -> bool {
        self.registration.is_some()
    }

    /// The error because of which the live query was not registered again.
    pub(super) fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// The streams that follow the live query as well.
    pub(super) fn live(&self) -> Option<&Arc<SharedLive>> {
        self.live.as_ref()
    }

    fn expire(&mut self, at: Option<Instant>) {
        let timer = |at: Instant| (at, Box::pin(self.scope.sleep(at.saturating_duration_since(Instant::now()))));
        self.expiry = at.map(timer);
    }

    /// Returns true if an event came too late for the streams before this one, and is not for this one.
    fn was_before(&mut self, frame: &Bytes) -> bool {
        let Some((since, until)) = self.since else { return false };
        if Instant::now() >= until {
            self.since = None;
            return false;
        }
        protocol::position(frame).is_some_and(|position| position < since)
    }

    /// Looks, in the background, whether the live query is on a table that was removed in the meantime.
    fn look_for_removal(&mut self) {
        if let (Some(registration), Some(place)) = (&self.registration, &self.place) {
            self.removal_lookup = Some(was_removed(&self.scope, &registration.table, self.id, place.clone()));
        }
    }

    /// Takes the next item if there is one now.
    pub(super) fn try_next(&mut self) -> Option<Followed> {
        loop {
            let State::Following(subscription) = &self.state else { return None };
            let item = subscription.events.queue.try_next()?;
            if let Some(item) = self.item(item) {
                return Some(item);
            }
        }
    }

    /// Waits for the next item. `None` after the end.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Followed>> {
        loop {
            let item = match &mut self.state {
                State::Over => return Poll::Ready(None),
                State::LookingUp(lookup) => {
                    let reason = ready!(Pin::new(lookup.handle()).poll(cx)).unwrap_or(EndReason::KilledByServer);
                    self.killed(reason)
                }
                State::Registering(task) => {
                    let outcome = ready!(Pin::new(task.handle()).poll(cx));
                    Some(self.registered(outcome, Gap::Reconnected))
                }
                State::Following(subscription) => match subscription.events.queue.poll_next(cx) {
                    Poll::Ready(item) => self.item(item),
                    Poll::Pending => Some(ready!(self.poll_idle(cx))),
                },
            };
            if item.is_some() {
                return Poll::Ready(item);
            }
        }
    }

    /// Waits for what happens without an item of the queue.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Followed> {
        if let Some(renewal) = &mut self.renewal {
            // The present live query goes on, also after its expiry: this has an outcome soon.
            let outcome = ready!(Pin::new(renewal.handle()).poll(cx));
            self.renewal = None;
            return Poll::Ready(self.registered(outcome, Gap::Renewed));
        }
        if self.poll_removal(cx) {
            return Poll::Ready(self.end(EndReason::TableRemoved));
        }
        match &mut self.expiry {
            Some((_, expiry)) => ready!(expiry.as_mut().poll(cx)),
            None => return Poll::Pending,
        }
        Poll::Ready(self.end(EndReason::Expired))
    }

    /// The item for the stream, if there is something to report.
    fn item(&mut self, item: QueueItem) -> Option<Followed> {
        match item {
            QueueItem::Event(frame) if self.was_before(&frame) => None,
            QueueItem::Event(frame) => Some(Followed::Event(frame)),
            QueueItem::Missed(missed) => Some(Followed::Missed(missed)),
            QueueItem::Identity(identity) => self.identified(identity.as_ref()),
            QueueItem::End(StreamEnd::KilledByServer) => match &self.registration {
                Some(Registration { table, .. }) => {
                    self.state = State::LookingUp(why_killed(&self.scope, table, self.on_kill));
                    None
                }
                None => Some(self.end(EndReason::KilledByServer)),
            },
            QueueItem::End(StreamEnd::Connection(end)) if end.kind() != ErrorKind::Closed && self.is_own() => {
                debug!(live = %self.id, "the connection of a live query was lost");
                self.register_again();
                None
            }
            QueueItem::End(end) => {
                if let StreamEnd::Connection(end) = &end {
                    self.error = Some(end.error_of("the live query", Delivery::Answered));
                }
                Some(self.end(EndReason::of(&end)))
            }
        }
    }

    fn register_again(&mut self) {
        (self.renewal, self.removal_lookup) = (None, None);
        if let Some(registration) = &self.registration {
            self.state = State::Registering(registration.again());
        }
    }

    /// Ends the stream, or registers a live query again whose table was made anew.
    fn killed(&mut self, reason: EndReason) -> Option<Followed> {
        if reason == EndReason::KilledByServer && self.on_kill == OnKill::Register {
            self.register_again();
            return None;
        }
        Some(self.end(reason))
    }

    /// Goes on with the live query that was registered again.
    fn registered(&mut self, outcome: Result<Result<Registered>, JoinError>, gap: Gap) -> Followed {
        let registered = match outcome {
            Ok(Ok(registered)) => registered,
            Ok(Err(error)) => {
                let reason = reason_of(&error, &self.scope);
                self.error = Some(error);
                return self.end(reason);
            }
            // Its runtime was shut down.
            Err(_) => return self.end(EndReason::ConnectionLost),
        };
        let Registered { live, subscription, since } = registered;
        if live.identity != self.identity {
            return self.end(EndReason::IdentityChanged);
        }
        if live.place != self.place {
            let message = "the session has another namespace or database than at the registration of its live query";
            self.error = Some(Error::new(ErrorKind::SessionClosed, message).answered());
            return self.end(EndReason::SessionLost);
        }
        debug!(old = %self.id, new = %live.id, ?gap, "a live query was registered again");
        // Drops the old subscription, which kills a live query that is still there.
        self.state = State::Following(subscription);
        self.follow(live, since);
        Followed::Again(gap)
    }

    fn end(&mut self, reason: EndReason) -> Followed {
        debug!(live = %self.id, ?reason, "live query over");
        self.state = State::Over;
        (self.renewal, self.removal_lookup, self.live) = (None, None, None);
        Followed::Ended(reason)
    }

    fn poll_removal(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(removal) = &mut self.removal_lookup else { return false };
        let Poll::Ready(removed) = Pin::new(removal.handle()).poll(cx) else { return false };
        self.removal_lookup = None;
        removed.unwrap_or(false)
    }

    /// Compares a report of the session's identity with the identity at the registration.
    ///
    /// The server (3.3.5) ends a live query when the session would have expired that registered it, whatever happened to the
    /// session since. So it is registered again if the session now expires later.
    fn identified(&mut self, identity: Option<&Bytes>) -> Option<Followed> {
        let identity = identity.and_then(|identity| codec::decode::<SessionIdentity>(identity).ok());
        let Some(identity) = identity.filter(|identity| identity.identity == self.identity) else {
            return Some(self.end(EndReason::IdentityChanged));
        };
        let (at, registration) = (self.expiry.as_ref().map(|(at, _)| *at), self.registration.as_ref()?);
        if self.renewal.is_none() && expires_later(&identity, at) {
            self.renewal = Some(registration.renewed());
        }
        None
    }
}

/// Finds out why the server has ended a live query: the server (3.3.5) says only that it has. If the table is gone, that is
/// the reason.
fn why_killed(scope: &Scope, table: &Table, on_kill: OnKill) -> Task<EndReason> {
    let (scope, table) = (scope.clone(), table.clone());
    let client = scope.client().clone();
    Task::new(client.spawn(async move {
        let select = || {
            let select = Fragment::new("SELECT VALUE 1 FROM ").value(&table).text(" LIMIT 0");
            select.into_query(scope.clone(), operation("live", &table), None)
        };
        let is_gone =
            async || matches!(select().run().await.and_then(Response::check), Err(error) if error.is_not_found());
        if !is_gone().await {
            return EndReason::KilledByServer;
        }
        if on_kill == OnKill::Register {
            // The next statement may make it anew.
            sleep(MADE_ANEW_AFTER).await;
            if !is_gone().await {
                return EndReason::KilledByServer;
            }
        }
        EndReason::TableRemoved
    }))
}

/// Finds out whether the server has lost a live query of the table.
///
/// The server (3.3.5) sends no KILLED if the table is removed before the reply to LIVE SELECT, nor if both commit at the same
/// time. It answers only identities that may see the table's definition, and about the database that the session is in by
/// now.
fn was_removed(scope: &Scope, table: &Table, id: LiveId, place: Value) -> Task<bool> {
    let info = Fragment::new(format!("RETURN [{PLACE}, ")).then(is_registered(table, id)).text("]");
    let query = info.into_query(scope.clone(), operation("live", table), None).run();
    Task::new(scope.client().spawn(async move {
        match query.await.and_then(|response| response.take::<(Value, bool)>(0)) {
            Ok((is_at, false)) if is_at == place => {
                // If it was killed, the server's notice comes within this time.
                sleep(KILLED_AFTER).await;
                true
            }
            Ok(_) => false,
            Err(error) => {
                debug!(live = %id, error = %error.outline(), "cannot look whether the table of a live query was removed");
                false
            }
        }
    }))
}

/// The time within which the server reports that a live query was killed.
const KILLED_AFTER: Duration = Duration::from_secs(1);

/// The time within which a removed table may be made anew.
const MADE_ANEW_AFTER: Duration = Duration::from_secs(1);

/// The time within which an event of a change before a stream may still come.
const LATE: Duration = Duration::from_secs(5);
