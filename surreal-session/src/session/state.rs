//! The state of one session, shared by its handles, and its requests.
//!
//! [`SessionInner`] owns what belongs to the session on the client's side, and detaches the session when its last owner
//! drops it.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use tokio::sync::{self, RwLock, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::Queue;
use super::auth::{Facts, IdentitySource, OnRenewal, Tokens};
use super::recipe::{Confirmed, Identity, Selection, Variables};
use super::standing::{OnExpiry, Standing};
use crate::connection::{
    CallSubject, CallWatch, Cleanup, Client, Deadline, Epoch, Lease, Link, Owner, Purpose, QueueItem, RunWatch,
    StreamEnd,
};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{LiveId, Operation, Request, RequestWriter, SessionId, TransactionId};
use crate::value::Value;

/// One session, shared by its handles. Dropping the last of them detaches it.
#[derive(Debug)]
pub(crate) struct SessionInner {
    pub(crate) client: Client,
    pub(super) id: SessionId,
    pub(super) role: Role,
    closed: AtomicBool,
    /// The queue of the changes: the server does not keep the order of requests of one session.
    pub(super) changes: Queue,
    /// Held for reading by the registration of a live query, until its reply, and for writing by a change of the identity.
    ///
    /// The server (3.3.5) drops the live queries of a session a moment after its identity has changed, and with them one
    /// that was registered under the new identity meanwhile.
    pub(super) registering: Arc<RwLock<()>>,
    /// Set while the turn belongs to a change whose deadline has passed without a reply.
    pub(super) is_unanswered: AtomicBool,
    /// The number of live streams, including those that are being registered.
    pub(super) streams: AtomicUsize,
    pub(super) epoch: Arc<Epoch>,
    pub(super) purpose: Purpose,
    /// The sessions of this session's live queries.
    pub(super) live: LiveSessions,
    /// Set when the session has stood on a link.
    pub(super) was_made: AtomicBool,
    standing: Mutex<Standing>,
    confirmed: Mutex<Confirmed>,
    /// The task that renews the session before it expires.
    renewal: Mutex<Option<AbortHandle>>,
    /// The program's functions that are called with new tokens.
    told: Mutex<Vec<OnRenewal>>,
    /// Set if the session keeps no credentials.
    is_forgetful: AtomicBool,
    /// The open transactions.
    transactions: Mutex<HashSet<TransactionId>>,
}

/// The sessions that were made from one session for its live queries, while they exist.
#[derive(Debug, Default)]
pub(super) struct LiveSessions {
    made: Mutex<Vec<Weak<SessionInner>>>,
    /// The live query of this session, if it is one of them.
    live: Mutex<Option<LiveId>>,
    /// The live queries of this session that further streams may follow.
    shared: Mutex<HashMap<LiveKey, Sharing>>,
}

/// A live query at the server that further streams may follow. Each of its streams holds one reference.
#[derive(Debug)]
pub(crate) struct SharedLive {
    pub(crate) id: LiveId,
    /// The session of the live query.
    pub(crate) session: Arc<SessionInner>,
    pub(crate) link: Link,
    /// The session's identity at the registration.
    pub(crate) identity: Value,
    pub(crate) expires_at: Option<Instant>,
    /// The namespace and the database. `None` if the server did not say.
    pub(crate) place: Option<Value>,
    pub(crate) sharing: Sharing,
}

/// The live query of one statement, while it has streams. Held while it is registered or killed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sharing(pub(super) Arc<sync::Mutex<Weak<SharedLive>>>);

/// What the streams of one live query have in common.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct LiveKey {
    /// The text and its values.
    pub(super) statement: Vec<u8>,
    pub(super) selection: Selection,
    pub(super) variables: Variables,
    /// The tokens of one user may have different claims.
    pub(super) signins: u64,
}

impl LiveSessions {
    pub(super) fn all(&self) -> Vec<Arc<SessionInner>> {
        self.made().iter().filter_map(Weak::upgrade).collect()
    }

    pub(super) fn add(&self, session: &Arc<SessionInner>) {
        let mut made = self.made();
        made.retain(|made| made.strong_count() > 0);
        made.push(Arc::downgrade(session));
    }

    pub(super) fn shared(&self) -> MutexGuard<'_, HashMap<LiveKey, Sharing>> {
        lock(&self.shared)
    }

    fn made(&self) -> MutexGuard<'_, Vec<Weak<SessionInner>>> {
        lock(&self.made)
    }

    pub(super) fn live(&self) -> MutexGuard<'_, Option<LiveId>> {
        lock(&self.live)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The session that every connection has, for as long as it lives.
    Default,
    Attached,
}

impl SessionInner {
    /// A session that is made from `confirmed` when it is first used.
    pub(super) fn new(client: Client, role: Role, confirmed: Confirmed) -> Self {
        Self::for_purpose(client, role, confirmed, Purpose::Calls)
    }

    pub(super) fn for_purpose(client: Client, role: Role, confirmed: Confirmed, purpose: Purpose) -> Self {
        let id = if role == Role::Default { client.default_session() } else { SessionId::random() };
        Self {
            client,
            id,
            role,
            closed: AtomicBool::new(false),
            changes: Queue::default(),
            registering: Arc::default(),
            is_unanswered: AtomicBool::new(false),
            streams: AtomicUsize::new(0),
            epoch: Arc::default(),
            purpose,
            live: LiveSessions::default(),
            was_made: AtomicBool::new(false),
            standing: Mutex::default(),
            confirmed: Mutex::new(confirmed),
            renewal: Mutex::default(),
            told: Mutex::default(),
            is_forgetful: AtomicBool::new(false),
            transactions: Mutex::default(),
        }
    }

    /// The open transactions, for a moment.
    pub(crate) fn transactions(&self) -> MutexGuard<'_, HashSet<TransactionId>> {
        lock(&self.transactions)
    }

    /// The number of times that the identity was proved.
    pub(super) fn proofs(&self) -> u64 {
        self.confirmed().proofs
    }

    /// The server's view of the identity.
    pub(super) fn facts(&self) -> Option<Facts> {
        self.confirmed().facts.clone()
    }

    /// Returns true if the session has another identity than none.
    pub(super) fn is_proved(&self) -> bool {
        matches!(self.confirmed().recipe.identity, Identity::Proved(_))
    }

    /// Plans the next renewal in place of an earlier plan.
    pub(super) fn replace_renewal(&self, plan: Option<AbortHandle>) {
        let before = mem::replace(&mut *lock(&self.renewal), plan);
        if let Some(before) = before {
            before.abort();
        }
    }

    /// Completes the source of an identity that the program has given to this session.
    pub(super) fn adopt(&self, mut source: IdentitySource) -> IdentitySource {
        if self.is_forgetful.load(Ordering::Acquire) {
            source.forget_credentials();
        }
        for tell in lock(&self.told).iter() {
            source.on_renewal(tell.clone());
        }
        source
    }

    /// Has a function of the program called with new tokens.
    pub(super) fn on_renewal(&self, tell: OnRenewal) {
        lock(&self.told).push(tell.clone());
        if let Identity::Proved(source) = &self.confirmed().recipe.identity {
            source.on_renewal(tell);
        }
    }

    /// The tokens of the identity, if there are any.
    pub(super) fn tokens(&self) -> Option<Tokens> {
        match &self.confirmed().recipe.identity {
            Identity::Proved(source) => source.tokens(),
            Identity::Anonymous => None,
        }
    }

    /// Drops the credentials of the session, and keeps none from now on.
    pub(super) fn forget_credentials(&self) {
        self.is_forgetful.store(true, Ordering::Release);
        if let Identity::Proved(source) = &mut self.confirmed().recipe.identity {
            source.forget_credentials();
        }
    }

    /// Drops everything that could prolong the identity beyond its token.
    pub(super) fn keep_only_the_token(&self) {
        self.is_forgetful.store(true, Ordering::Release);
        if let Identity::Proved(source) = &mut self.confirmed().recipe.identity {
            *source = source.without_renewal();
        }
    }

    /// The confirmed state, for a moment: no lock is held across an await.
    pub(super) fn confirmed(&self) -> MutexGuard<'_, Confirmed> {
        // Every write is one assignment, so that a panic elsewhere cannot leave half of one.
        lock(&self.confirmed)
    }

    /// The place of the session, for a moment.
    pub(super) fn standing(&self) -> MutexGuard<'_, Standing> {
        lock(&self.standing)
    }

    /// Notes a change of the recipe that the server has confirmed.
    pub(super) fn change_recipe(&self, change: impl FnOnce(&mut Confirmed)) {
        let mut confirmed = self.confirmed();
        confirmed.version += 1;
        change(&mut confirmed);
    }

    pub(super) fn was_made(&self) -> bool {
        self.was_made.load(Ordering::Acquire)
    }

    /// Returns false when no call of the session can succeed any more.
    pub(super) fn is_open(&self) -> bool {
        !self.is_closed() && self.client.is_open() && !matches!(*self.standing(), Standing::Lost(_))
    }

    /// The session as the owner of a stream that is registered now.
    pub(super) fn owner(&self) -> Owner {
        Owner::new(Some(self.id), &self.epoch)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(super) fn check_open(&self) -> Result<()> {
        if self.is_closed() { Err(Error::session_closed()) } else { Ok(()) }
    }

    /// Marks the session closed. Returns true for the one caller that did it.
    pub(super) fn mark_closed(&self) -> bool {
        !self.closed.swap(true, Ordering::AcqRel)
    }

    /// Notes that the session was made on a link.
    pub(super) fn stand_on(&self, lease: Arc<Lease>) {
        let mut standing = self.standing();
        self.was_made.store(true, Ordering::Release);
        if self.is_closed() {
            lease.link().clean(Cleanup::Detach(self.id));
            *standing = Standing::Nowhere;
        } else {
            *standing = Standing::On(lease);
        }
    }

    /// Notes that the recipe has changed by a request that was answered on `lease`. If the session was made elsewhere
    /// meanwhile, it is made again.
    pub(super) fn outdate_unless_on(&self, lease: &Arc<Lease>) {
        let mut standing = self.standing();
        if let Standing::On(now) = &*standing
            && !Arc::ptr_eq(now, lease)
        {
            *standing = Standing::Outdated(Arc::clone(now));
        }
    }

    /// Makes a lost session usable for a change of its identity. Returns what it was, if it was lost.
    pub(super) fn revive(&self) -> Option<(Error, Identity)> {
        let mut standing = self.standing();
        let Standing::Lost(error) = &*standing else { return None };
        let error = error.clone();
        *standing = Standing::Nowhere;
        let mut confirmed = self.confirmed();
        confirmed.facts = None;
        Some((error, mem::take(&mut confirmed.recipe.identity)))
    }

    /// Notes that the session is as lost as before, because the change has failed.
    pub(super) fn give_up_again(&self, (error, identity): (Error, Identity)) {
        let mut standing = self.standing();
        if let Standing::On(lease) = &*standing {
            lease.link().clean(Cleanup::Detach(self.id));
        }
        self.confirmed().recipe.identity = identity;
        *standing = Standing::Lost(error);
    }

    /// Keeps calls waiting until [`Self::come_back_to`] is called, if the session is on `lease`. The sender wakes them.
    pub(super) fn leave(&self, lease: &Arc<Lease>) -> Option<watch::Sender<Option<Result<()>>>> {
        let mut standing = self.standing();
        matches!(&*standing, Standing::On(now) if Arc::ptr_eq(now, lease)).then(|| {
            let (back, waiting) = watch::channel(None);
            *standing = Standing::Making(waiting);
            back
        })
    }

    /// Notes that the session is where it was before, unless it was given up meanwhile.
    pub(super) fn come_back_to(&self, lease: &Arc<Lease>) {
        if matches!(*self.standing(), Standing::Making(_)) {
            self.stand_on(Arc::clone(lease));
        }
    }

    /// Returns true while the session is made, restored or renewed.
    pub(super) fn is_being_made(&self) -> bool {
        matches!(*self.standing(), Standing::Making(_))
    }

    /// Has the session made again by its next call.
    pub(super) fn outdate(&self, lease: &Arc<Lease>) {
        *self.standing() = Standing::Outdated(Arc::clone(lease));
    }

    /// Ends a session whose identity has changed.
    pub(super) fn give_up(&self, lease: &Lease, error: &Error) {
        *self.standing() = Standing::Lost(error.clone());
        self.epoch.advance(&StreamEnd::IdentityChanged);
        self.live.all().iter().for_each(|live| live.end_live_session(StreamEnd::IdentityChanged));
        lease.link().tell(Some(self.id), QueueItem::End(StreamEnd::IdentityChanged));
        lease.link().clean(Cleanup::Detach(self.id));
    }

    /// The open link on which the session stands, if there is one.
    pub(super) fn link(&self) -> Option<Link> {
        match &*self.standing() {
            Standing::On(lease) if lease.link().is_alive() => Some(lease.link().clone()),
            _ => None,
        }
    }

    /// Starts a request of this session.
    pub(crate) fn request(&self, operation: impl Into<Operation>) -> RequestWriter {
        self.request_in(None, operation)
    }

    /// Puts an item into the queues of the session's streams.
    pub(super) fn tell(&self, item: QueueItem) {
        if let Some(link) = self.link() {
            link.tell(Some(self.id), item);
        }
    }

    /// Starts a request that names no session.
    pub(super) fn implicit_request(&self, operation: impl Into<Operation>) -> RequestWriter {
        RequestWriter::new(self.client.next_id(), operation.into(), None, None)
    }

    /// Starts a request of this session, in a transaction if there is one.
    pub(crate) fn request_in(
        &self,
        transaction: Option<TransactionId>,
        operation: impl Into<Operation>,
    ) -> RequestWriter {
        RequestWriter::new(self.client.next_id(), operation.into(), Some(self.id), transaction)
    }

    /// Begins to watch a call of the program in this session, if something listens.
    pub(crate) fn watch(&self, operation: impl FnOnce() -> Operation) -> CallWatch {
        self.watch_text(operation, None, None)
    }

    /// Does the same for a call with a text, perhaps in a transaction. The text has no values.
    pub(crate) fn watch_text(
        &self,
        operation: impl FnOnce() -> Operation,
        transaction: Option<TransactionId>,
        text: Option<&str>,
    ) -> CallWatch {
        self.client.watch(|| {
            let Selection { namespace, database } = self.confirmed().selection();
            CallSubject { operation: operation(), session: self.id, namespace, database, transaction, text }
        })
    }

    /// Begins to watch a transaction that is run by a closure.
    pub(crate) fn watch_run(&self) -> RunWatch {
        let watch = self.client.watch_run(self.id);
        watch.place(|| {
            let Selection { namespace, database } = self.confirmed().selection();
            (namespace, database)
        });
        watch
    }

    /// Sends a finished request and returns the bytes of its result, unless the session is closed.
    pub(crate) async fn call(
        self: &Arc<Self>,
        request: Request,
        deadline: Deadline,
        cleanup: Cleanup,
    ) -> Result<Bytes> {
        self.call_and_link(request, deadline, cleanup).await.map(|(reply, _)| reply)
    }

    /// Does the same, and returns the link on which the server has answered.
    pub(crate) async fn call_and_link(
        self: &Arc<Self>,
        request: Request,
        deadline: Deadline,
        cleanup: Cleanup,
    ) -> Result<(Bytes, Link)> {
        self.check_open()?;
        self.send(request, deadline, cleanup, OnExpiry::Renew).await.map_err(|error| self.explain(error))
    }

    /// Sends a request of something that belongs to a link, such as a transaction.
    pub(crate) async fn call_on(
        self: &Arc<Self>,
        link: &Link,
        request: Request,
        deadline: Deadline,
        cleanup: Cleanup,
    ) -> Result<Bytes> {
        self.check_open()?;
        if self.is_being_made() {
            self.ready(deadline, &request.operation).await?;
        }
        let seen = self.proofs();
        match link.call(request.clone(), deadline, cleanup).await {
            Err(error) if error.is_session_expired() => {
                self.renew(seen, error, deadline).await?;
                link.call(request, deadline, cleanup).await.map_err(|error| self.explain(error))
            }
            reply => reply.map_err(|error| self.explain(error)),
        }
    }

    /// Sends a request of a change that joined the session's queue before the session was closed.
    pub(super) async fn call_in_turn(self: &Arc<Self>, request: Request, deadline: Deadline) -> Result<Bytes> {
        let result = self.send(request, deadline, Cleanup::Nothing, OnExpiry::Fail).await;
        result.map(|(reply, _)| reply).map_err(|error| self.explain(error))
    }

    /// A session that was closed while the request was under way is unknown to the server, and so are its transactions.
    pub(super) fn explain(&self, error: Error) -> Error {
        let Some(server) = error.server() else { return error };
        let is_lost = server.is_lost_transaction();
        if (is_lost || server.is_detail("Session")) && self.is_closed() {
            return error.with_kind(ErrorKind::SessionClosed);
        }
        // Without a request, the server drops a transaction only with its session's state or with the connection.
        if is_lost { Error::transaction_reset(server.clone()) } else { error }
    }
}

impl Drop for SessionInner {
    fn drop(&mut self) {
        self.replace_renewal(None);
        if self.mark_closed()
            && let Some(link) = self.link()
        {
            link.clean(Cleanup::Detach(self.id));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
