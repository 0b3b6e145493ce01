//! Sessions by token, for servers whose users bring tokens with their requests.
//!
//! A session is opened in a task of the connection's runtime, so that a request which goes away does not end the opening for
//! those that wait with it. The cache holds one handle of each open session: a session with further handles is in use.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tracing::{Instrument, debug};

use super::auth::{Identity, Token};
use super::{NewSession, Session, SessionCall, Surreal};
use crate::connection::Deadline;
use crate::error::{Error, ErrorKind, Result};

/// Open sessions by token: one for each token, shared by all requests that bring it.
///
/// A request of a web back end brings a token, and needs a session of its user. Opening one takes several round trips, so this
/// keeps them: [`get`](Self::get) opens the session for a token once, however many requests ask for it at the same time, and
/// returns the same session until the token expires. A clone is the same cache and costs nothing.
///
/// - A session that no request holds is closed after the [`idle_timeout`](Self::idle_timeout), and earlier if more than
///   [`max_idle`](Self::max_idle) are kept, or the connection has no room for another session: the least recently used
///   first. A session in use is never closed.
/// - A session is not returned after its token has expired, by the server's clock. A handle that was returned before works
///   until the session itself expires.
/// - A failed opening is the result of all requests that waited for it, and is not kept: the next request tries again.
/// - Credentials and refresh tokens that the session was opened with are forgotten, so that the cache never prolongs what the
///   token allows. Tokens are kept as keyed hashes.
///
/// The sessions are shared: a request that changes its session (`use_db`, `set`, `signin`) changes that of others with the
/// same token. [`Session::fork`] opens a separate one. A session that was signed in as another user is not returned again.
///
/// # Examples
///
/// ```
/// # use surreal_session::prelude::*;
/// # surreal_session_embedded::example_db(async |db| {
/// # let token = db.new_session().signin(Root::new("root", "root")).with_tokens().await?.1.access;
/// let cache = SessionCache::by_token(&db, |user| user.use_ns("shop").use_db("inventory"));
/// // For each request:
/// let session = cache.get(&token).await?;
/// assert_eq!(session.database().as_deref(), Some("inventory"));
///
/// assert_eq!(cache.get(&token).await?.id(), session.id());
/// assert_eq!((cache.stats().opened, cache.stats().hits), (1, 1));
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct SessionCache {
    shared: Arc<Shared>,
}

/// The counters of a [`SessionCache`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionCacheStats {
    /// Calls of [`SessionCache::get`] that found a session, or one that was being opened.
    pub hits: u64,
    /// Sessions that were opened.
    pub opened: u64,
    /// Openings that failed.
    pub failed: u64,
    /// Sessions that were closed because they were idle for too long, or too many were.
    pub evicted: u64,
    /// Sessions that were dropped because their tokens had expired.
    pub expired: u64,
    /// Sessions that were dropped because they were closed, lost, or signed in as another user.
    pub lost: u64,
    /// Sessions that are open now.
    pub open: usize,
}

struct Shared {
    db: Surreal,
    open: Box<Opener>,
    hashers: [RandomState; 2],
    state: Mutex<State>,
}

type Opener = dyn Fn(Token) -> BoxFuture<'static, Result<Session>> + Send + Sync;

/// A keyed hash of a token, wide enough that two tokens never share one.
type Key = [u64; 2];

struct State {
    idle_timeout: Duration,
    max_idle: usize,
    entries: HashMap<Key, Entry>,
    openings: u64,
    stats: SessionCacheStats,
    /// Runs from the first call of `get` on.
    sweeper: Option<AbortHandle>,
}

enum Entry {
    /// The number of the opening, and its result.
    Opening(u64, Opened),
    Open(Cached),
}

/// The result of an opening, once it has one.
type Opened = watch::Receiver<Option<Result<Session>>>;

enum Found {
    Session(Session),
    Opening(Opened),
}

struct Cached {
    session: Session,
    identity: Identity,
    /// When the token expires, by the clock of this process.
    token_ends: Option<Instant>,
    /// The last time that the session was seen in use.
    used: Instant,
}

/// The reason why a session is no longer kept.
#[derive(Clone, Copy)]
enum Verdict {
    Expired,
    Lost,
    Idle,
}

/// An opening under way. Dropped before it has finished, it lets the next request try again.
struct Opening {
    cache: Arc<Shared>,
    key: Key,
    number: u64,
    sender: watch::Sender<Option<Result<Session>>>,
}

impl SessionCache {
    /// A cache whose sessions are opened by a function of the program.
    ///
    /// `open` gets the token, and returns a [`NewSession`] or any future of a session. It may check the token, ask another
    /// service, or sign in with a key. It runs on the runtime of the connection, under the connection's deadline.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # async fn find_tenant(_: &Token) -> surreal_session::Result<String> { Ok("acme".into()) }
    /// # surreal_session_embedded::example_db(async |db| {
    /// # let token = db.new_session().signin(Root::new("root", "root")).with_tokens().await?.1.access;
    /// let opener = db.clone();
    /// let cache = SessionCache::new(&db, move |token| {
    ///     let db = opener.clone();
    ///     async move {
    ///         let tenant = find_tenant(&token).await?;
    ///         db.new_session().authenticate(token).use_ns("tenants").use_db(tenant).await
    ///     }
    /// });
    /// assert_eq!(cache.get(token).await?.database().as_deref(), Some("acme"));
    /// # Ok(()) });
    /// ```
    pub fn new<R>(db: &Surreal, open: impl Fn(Token) -> R + Send + Sync + 'static) -> Self
    where
        R: IntoFuture<Output = Result<Session>, IntoFuture: Send + 'static>,
    {
        let open: Box<Opener> = Box::new(move |token| Box::pin(open(token).into_future()));
        let shared = Shared { db: db.clone(), open, hashers: Default::default(), state: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// A cache whose sessions have the identity of their token ([`NewSession::authenticate`]).
    ///
    /// `select` completes the session, such as `|user| user.use_ns("shop").use_db("inventory")`. The token of a record user
    /// selects namespace and database already: `|user| user`.
    pub fn by_token(db: &Surreal, select: impl Fn(NewSession) -> NewSession + Send + Sync + 'static) -> Self {
        let opener = db.clone();
        Self::new(db, move |token| select(opener.new_session().authenticate(token)))
    }

    /// Sets after which time a session that no request holds is closed, 5 minutes unless set.
    ///
    /// Sessions are looked at four times in this time, and at least every five seconds, so it may take a little longer.
    pub fn idle_timeout(self, limit: Duration) -> Self {
        self.shared.state().idle_timeout = limit;
        self
    }

    /// Sets how many sessions that no request holds are kept, 1,000 unless set.
    ///
    /// They are counted when another session is opened, and at the times of the [`idle_timeout`](Self::idle_timeout).
    pub fn max_idle(self, sessions: usize) -> Self {
        self.shared.state().max_idle = sessions;
        self
    }

    /// Returns the session for `token`, and opens it if there is none.
    ///
    /// # Errors
    ///
    /// The error of the opening, which is the same for all who waited for it; [`Auth`](ErrorKind::Auth) for a token that the
    /// server does not accept, with [`is_expired`](Error::is_expired) if it has expired. [`Timeout`](ErrorKind::Timeout) if
    /// the session is not open by the deadline of the call.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not end an opening: the session is kept for the next request.
    pub fn get(&self, token: impl Into<Token>) -> SessionCall<Session> {
        let (shared, token) = (Arc::clone(&self.shared), token.into());
        SessionCall::new(self.shared.db.client(), async move |deadline| shared.get(token, deadline).await)
    }

    /// Drops the session of `token`, for example after a sign-out. Returns `true` if there was one.
    ///
    /// The session is closed when no request holds it any more.
    pub fn remove(&self, token: impl Into<Token>) -> bool {
        let key = self.shared.key(&token.into());
        let removed = self.shared.state().entries.remove(&key);
        removed.is_some()
    }

    /// Returns the counters.
    pub fn stats(&self) -> SessionCacheStats {
        let state = self.shared.state();
        let open = state.entries.values().filter(|entry| matches!(entry, Entry::Open(_))).count();
        SessionCacheStats { open, ..state.stats }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, token: &Token) -> Key {
        [self.hashers[0].hash_one(token.as_str()), self.hashers[1].hash_one(token.as_str())]
    }

    async fn get(self: Arc<Self>, token: Token, deadline: Deadline) -> Result<Session> {
        self.db.client().start()?;
        let mut opening = match self.find(token) {
            Found::Session(session) => return Ok(session),
            Found::Opening(opening) => opening,
        };
        let opened = async { opening.wait_for(Option::is_some).await.ok().and_then(|opened| opened.clone()) };
        match self.db.client().within(deadline.at, opened).await {
            Some(opened) => {
                opened.unwrap_or_else(|| Err(Error::new(ErrorKind::Closed, "the opening of the session ended")))
            }
            None => Err(deadline.timed_out_waiting_for("the session of the token to be opened")),
        }
    }

    /// Returns the session of a token, or the result of its opening, which this begins if there is none.
    fn find(self: &Arc<Self>, token: Token) -> Found {
        let (key, mut state, mut dropped) = (self.key(&token), self.state(), None);
        state.sweep_from_now_on(self);
        let now = Instant::now();
        match state.entries.get_mut(&key) {
            Some(Entry::Opening(_, opening)) => {
                let opening = opening.clone();
                state.stats.hits += 1;
                return Found::Opening(opening);
            }
            Some(Entry::Open(cached)) => match cached.verdict(now) {
                None => {
                    cached.used = now;
                    let session = cached.session.clone();
                    state.stats.hits += 1;
                    return Found::Session(session);
                }
                Some(verdict) => dropped = state.remove(key, verdict),
            },
            None => {}
        }
        // One more session begins: those that are not used make room for it.
        let swept = state.sweep(now);
        let opening = self.begin(&mut state, key, token);
        drop(state);
        drop((dropped, swept));
        Found::Opening(opening)
    }

    fn begin(self: &Arc<Self>, state: &mut State, key: Key, token: Token) -> Opened {
        let (sender, receiver) = watch::channel(None);
        state.openings += 1;
        let number = state.openings;
        state.entries.insert(key, Entry::Opening(number, receiver.clone()));
        let opening = Opening { cache: Arc::clone(self), key, number, sender };
        self.db.client().spawn(opening.run(token).in_current_span());
        receiver
    }

    /// Looks at all sessions, and drops those that are not to be kept.
    fn sweep(&self) {
        let dropped = self.state().sweep(Instant::now());
        // Without the lock: the last handle of a session detaches it.
        drop(dropped);
    }
}

impl State {
    /// Starts the task that drops sessions, unless it runs.
    fn sweep_from_now_on(&mut self, shared: &Arc<Shared>) {
        if self.sweeper.as_ref().is_none_or(AbortHandle::is_finished) {
            let work = sweep_until_dropped(Arc::downgrade(shared));
            self.sweeper = Some(shared.db.client().spawn(work).abort_handle());
        }
    }

    fn remove(&mut self, key: Key, verdict: Verdict) -> Option<Entry> {
        match verdict {
            Verdict::Expired => self.stats.expired += 1,
            Verdict::Lost => self.stats.lost += 1,
            Verdict::Idle => self.stats.evicted += 1,
        }
        self.entries.remove(&key)
    }

    fn sweep(&mut self, now: Instant) -> Vec<Entry> {
        let (mut removed, mut idle) = (Vec::new(), Vec::new());
        for (key, entry) in &mut self.entries {
            let Entry::Open(cached) = entry else { continue };
            match cached.verdict(now) {
                Some(verdict) => removed.push((*key, verdict)),
                None if cached.is_in_use() => cached.used = now,
                None => idle.push((cached.used, *key)),
            }
        }
        idle.sort_unstable_by_key(|(used, _)| *used);
        let surplus = idle.len().saturating_sub(self.max_idle);
        let is_old = |used: Instant| now.saturating_duration_since(used) >= self.idle_timeout;
        let evicted = idle.into_iter().enumerate().filter(|(index, (used, _))| *index < surplus || is_old(*used));
        removed.extend(evicted.map(|(_, (_, key))| (key, Verdict::Idle)));
        removed.into_iter().filter_map(|(key, verdict)| self.remove(key, verdict)).collect()
    }

    /// Drops the session that was used least recently, of those that no request holds.
    fn evict(&mut self) -> Option<Session> {
        let unused = |(key, entry): (&Key, &Entry)| match entry {
            Entry::Open(cached) if !cached.is_in_use() => Some((cached.used, *key)),
            Entry::Open(_) | Entry::Opening(..) => None,
        };
        let (_, key) = self.entries.iter().filter_map(unused).min()?;
        match self.remove(key, Verdict::Idle)? {
            Entry::Open(cached) => Some(cached.session),
            Entry::Opening(..) => None,
        }
    }

    fn pause(&self) -> Duration {
        (self.idle_timeout / 4).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
    }
}

impl Cached {
    fn new(session: Session, token: &Token) -> Self {
        let facts = session.inner().facts();
        let token_ends =
            facts.as_ref().and_then(|facts| facts.ends_of(token).into_iter().chain(facts.token_ends).min());
        Self { identity: session.identity(), session, token_ends, used: Instant::now() }
    }

    /// The reason why the session cannot be returned, if there is one.
    fn verdict(&self, now: Instant) -> Option<Verdict> {
        if self.token_ends.is_some_and(|end| end <= now) {
            return Some(Verdict::Expired);
        }
        if !self.session.inner().is_open() {
            return Some(Verdict::Lost);
        }
        let confirmed = self.session.inner().confirmed();
        match &confirmed.facts {
            Some(facts) if facts.session_ends.is_some_and(|end| end <= now) => Some(Verdict::Expired),
            Some(facts) if !confirmed.doubts.identity && facts.identity.is_same(&self.identity) => None,
            // Anonymous sessions are of no use for a token, but the program may want them.
            None if self.identity == confirmed.identity() => None,
            _ => Some(Verdict::Lost),
        }
    }

    /// Returns true if there is a handle besides the one of the cache.
    fn is_in_use(&self) -> bool {
        Arc::strong_count(self.session.inner()) > 1
    }
}

impl Opening {
    async fn run(self, token: Token) {
        let client = self.cache.db.client();
        let deadline = client.deadline(None);
        let opened = match client.within(deadline.at, self.open(&token)).await {
            Some(opened) => opened,
            None => Err(deadline.timed_out_waiting_for("the function that opens the sessions of a cache")),
        };
        let opened = opened.inspect(|session| session.inner().keep_only_the_token());
        self.finish(opened, &token);
    }

    /// Opens the session. If there are too many, those that no request holds make room, one after the other.
    async fn open(&self, token: &Token) -> Result<Session> {
        loop {
            let opened = (self.cache.open)(token.clone()).await;
            let has_no_room = opened.as_ref().is_err_and(|error| error.kind() == ErrorKind::TooManySessions);
            let Some(oldest) = has_no_room.then(|| self.cache.state().evict()).flatten() else { return opened };
            // A session that is closed by somebody else has made room as well.
            drop(oldest.close_session().await);
        }
    }

    fn finish(self, opened: Result<Session>, token: &Token) {
        let mut state = self.cache.state();
        let is_wanted = state.is_under_way(self.key, self.number);
        // Before the result is sent, so that the next request finds what this one has left.
        let dropped = match &opened {
            Ok(session) => {
                state.stats.opened += 1;
                let cached = Entry::Open(Cached::new(session.clone(), token));
                if is_wanted { state.entries.insert(self.key, cached) } else { Some(cached) }
            }
            Err(error) => {
                debug!(error = %error.outline(), "a session of a cache could not be opened");
                state.stats.failed += 1;
                if is_wanted { state.entries.remove(&self.key) } else { None }
            }
        };
        drop(state);
        drop(dropped);
        self.sender.send_replace(Some(opened));
    }
}

impl State {
    /// Returns true if a token's session is being opened by this opening, and was not removed meanwhile.
    fn is_under_way(&self, key: Key, number: u64) -> bool {
        matches!(self.entries.get(&key), Some(Entry::Opening(under_way, _)) if *under_way == number)
    }
}

/// Lets the next request try again, also if the function of the program has panicked.
impl Drop for Opening {
    fn drop(&mut self) {
        let mut state = self.cache.state();
        if state.is_under_way(self.key, self.number) {
            state.entries.remove(&self.key);
        }
    }
}

impl Default for State {
    fn default() -> Self {
        let (entries, stats) = (HashMap::new(), SessionCacheStats::default());
        Self { idle_timeout: IDLE_TIMEOUT, max_idle: MAX_IDLE, entries, openings: 0, stats, sweeper: None }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(sweeper) = self.state().sweeper.take() {
            sweeper.abort();
        }
    }
}

/// Without the tokens and sessions.
impl fmt::Debug for SessionCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionCache").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

async fn sweep_until_dropped(cache: Weak<Shared>) {
    loop {
        let Some(pause) = cache.upgrade().map(|cache| cache.state().pause()) else { return };
        tokio::time::sleep(pause).await;
        let Some(cache) = cache.upgrade() else { return };
        cache.sweep();
    }
}

const IDLE_TIMEOUT: Duration = Duration::from_mins(5);

const MAX_IDLE: usize = 1_000;

const SHORTEST_PAUSE: Duration = Duration::from_millis(10);

const LONGEST_PAUSE: Duration = Duration::from_secs(5);
