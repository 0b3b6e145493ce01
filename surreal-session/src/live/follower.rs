//! One live query at the server: its events, and its end.
//!
//! [`Follower`] takes the items of the queue that the connection's task fills, and leaves the events in their frames. It asks
//! the server in the background why a live query has ended, and whether its table was removed during the registration.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tracing::debug;

use super::EndReason;
use crate::codec;
use crate::connection::{Missed, QueueItem, StreamEnd, Timer};
use crate::protocol::{LiveId, Operation, Target};
use crate::query::{Fragment, Response, Scope};
use crate::session::{SessionIdentity, SessionSubscription};
use crate::value::{Table, Value};

/// Follows a live query until its end.
pub(super) struct Follower {
    pub(super) scope: Scope,
    pub(super) id: LiveId,
    /// The table of the live query. `None` if the program's own text has registered it.
    pub(super) table: Option<Table>,
    /// `None` when the live query is over.
    subscription: Option<SessionSubscription>,
    /// The session's identity at the registration.
    identity: Value,
    expiry: Option<Pin<Box<Timer>>>,
    /// Finds out why the server has ended the live query.
    end_lookup: Option<JoinHandle<EndReason>>,
    /// Finds out whether the table was removed while the live query was registered.
    removal_lookup: Option<JoinHandle<bool>>,
}

/// An item of a live query.
#[derive(Debug)]
pub(super) enum Followed<E = Bytes> {
    Event(E),
    /// Events were dropped here.
    Missed(Missed),
    /// Nothing follows.
    Ended(EndReason),
}

impl Followed {
    /// The same item, its event parsed.
    pub(super) fn parsed<E>(self, parse: impl FnOnce(&Bytes) -> E) -> Followed<E> {
        match self {
            Self::Event(frame) => Followed::Event(parse(&frame)),
            Self::Missed(missed) => Followed::Missed(missed),
            Self::Ended(reason) => Followed::Ended(reason),
        }
    }
}

impl Follower {
    pub(super) fn new(
        scope: Scope,
        id: LiveId,
        subscription: SessionSubscription,
        identity: SessionIdentity,
        table: Option<Table>,
    ) -> Self {
        let expiry = identity.expires_in().map(|left| Box::pin(scope.sleep(left)));
        let (subscription, identity) = (Some(subscription), identity.identity);
        Self { scope, id, table, subscription, identity, expiry, end_lookup: None, removal_lookup: None }
    }

    /// Looks, in the background, whether the live query is on a table that was removed in the meantime.
    ///
    /// `place` is the namespace and the database of the live query.
    pub(super) fn looking_for_removal(self, place: Value) -> Self {
        let removal_lookup = self.table.as_ref().map(|table| was_removed(&self.scope, table, self.id, place));
        Self { removal_lookup, ..self }
    }

    /// Takes the next item if there is one now.
    pub(super) fn try_next(&mut self) -> Option<Followed> {
        loop {
            let item = self.subscription.as_ref()?.events.queue.try_next()?;
            if let Some(item) = self.item(item) {
                return Some(item);
            }
        }
    }

    /// Waits for the next item. `None` after the end.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Followed>> {
        loop {
            if let Some(lookup) = &mut self.end_lookup {
                let reason = ready!(Pin::new(lookup).poll(cx)).unwrap_or(EndReason::KilledByServer);
                self.end_lookup = None;
                return Poll::Ready(Some(Followed::Ended(reason)));
            }
            let Some(subscription) = &self.subscription else { return Poll::Ready(None) };
            let item = match subscription.events.queue.poll_next(cx) {
                Poll::Ready(item) => self.item(item),
                Poll::Pending if self.poll_removal(cx) => Some(self.end(EndReason::TableRemoved)),
                Poll::Pending => {
                    ready!(self.poll_expiry(cx));
                    Some(self.end(EndReason::Expired))
                }
            };
            if item.is_some() {
                return Poll::Ready(item);
            }
        }
    }

    /// The item for the stream, if there is something to report.
    fn item(&mut self, item: QueueItem) -> Option<Followed> {
        match item {
            QueueItem::Event(frame) => Some(Followed::Event(frame)),
            QueueItem::Missed(missed) => Some(Followed::Missed(missed)),
            QueueItem::Identity(identity) => {
                self.is_other_identity(identity.as_ref()).then(|| self.end(EndReason::IdentityChanged))
            }
            QueueItem::End(end) => match (&end, &self.table) {
                (StreamEnd::KilledByServer, Some(table)) => {
                    self.end_lookup = Some(why_killed(&self.scope, table));
                    self.subscription = None;
                    None
                }
                _ => Some(self.end(EndReason::of(&end))),
            },
        }
    }

    fn end(&mut self, reason: EndReason) -> Followed {
        debug!(live = %self.id, ?reason, "live query over");
        self.subscription = None;
        Followed::Ended(reason)
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

/// The time within which the server reports that a live query was killed.
const KILLED_AFTER: Duration = Duration::from_secs(1);

/// The namespace and the database of a session, in SurrealQL.
pub(super) const PLACE: &str = "[$session.ns, $session.db]";
