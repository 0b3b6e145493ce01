//! Connections: opening one, its default session, and closing it.

use std::fmt;
use std::ops::{Deref, RangeInclusive};
use std::sync::Arc;
use std::time::Duration;

use super::{CallFuture, NewSession, Session, SessionCall};
use crate::connection::{
    Client, Config, ConnectionEvents, ConnectionStatus, Endpoints, Observer, Reconnect, ServerUrl, TraceContext,
    TraceSource,
};
use crate::error::{Error, ErrorKind, Result};

/// A connection to a SurrealDB server or cluster, and its default session.
///
/// It dereferences to the [`Session`] that every connection has, so it has all methods of a session. Work that must not
/// share namespace, database, variables or identity goes through [`new_session`](Self::new_session). A clone is the same
/// connection and costs nothing. The sockets are closed when the last handle of the connection and of its sessions is
/// dropped.
///
/// # Sockets and sessions
///
/// Sessions share a few sockets. When one is lost, its sessions move to others, or to a new one: [`Reconnect`] sets how it is
/// opened. A session is opened again before its next call is sent, with the same id, identity, namespace, database and
/// variables. [`events`](Self::events) reports it.
///
/// - A call that was not sent yet waits for its session, until its deadline.
/// - A typed read, such as [`select`](crate::Queryable::select), is sent again.
/// - Every other call that was sent and has no reply fails with [`Disconnected`](crate::ErrorKind::Disconnected) and
///   [`Delivery::Unknown`](crate::Delivery::Unknown): the server may have carried it out, or may still do so, because it goes
///   on with what it has received.
/// - A transaction ends with its socket.
/// - A change of a session, such as [`use_ns`](Session::use_ns), that is lost with its socket has not changed the session.
/// - A session whose identity cannot be proved again is lost: its calls fail with the server's reason. A sign-in of that
///   session revives it.
#[derive(Clone)]
pub struct Surreal {
    default: Session,
}

/// A connection to be opened; see [`Surreal::connect`].
///
/// # The limits of a socket
///
/// All sessions on a socket share its limits. The numbers are those of server 3.3.5:
///
/// - 255 sessions. More [`sockets`](Self::sockets) are opened for more.
/// - The server works on several requests of a socket at once and keeps the rest waiting: [`max_calls`](Self::max_calls)
///   bounds both together, over all sockets.
/// - A reply above [`max_message_bytes`](Self::max_message_bytes) fails its own call and is dropped. Other replies wait while
///   its bytes pass.
/// - Live queries have the lowest limit. The server closes the socket (code 1013) as soon as about a hundred events wait to
///   be written to it, however fast the client reads. One change counts once for each live query that reports it. On a
///   server built for speed, four live queries on one socket beside a writer with 64 calls in flight can be enough, and 16
///   live queries beside eight calls.
///
/// # How a socket and a connection end
///
/// A socket is lost when it is reset, when the server closes it (the message has its code and reason), and when no bytes
/// arrive for the [`idle_timeout`](Self::idle_timeout). The connection goes on with others. It is over for good when it is
/// closed, when its [`Reconnect`] policy gives up, and when its runtime is shut down: every later call then fails.
///
/// The connection runs as tasks of the runtime that [`Surreal::connect`] was awaited on. Its handles may be used from any
/// other runtime or executor, but nothing is sent or received while that runtime does not run, for example between two
/// `block_on` of a current-thread runtime. Calls from other runtimes then still end at their deadlines, and after the idle
/// timeout the sockets are lost unless bytes are waiting.
#[derive(Clone)]
#[must_use = "a connection is opened when this is awaited"]
pub struct Connect {
    endpoints: Vec<String>,
    config: Config,
}

impl Surreal {
    /// Connects to a URL such as `ws://127.0.0.1:8000`, or to the nodes of one cluster, when awaited.
    ///
    /// Several URLs, as in `["ws://a:8000", "ws://b:8000"]`, must lead to nodes of the same cluster: sessions move between
    /// them. The first that answers is enough to connect. The default session is anonymous and has no namespace or database.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`](crate::ErrorKind::InvalidUrl) for text that is no URL or has parts that cannot be used,
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for schemes other than `ws://` and `wss://`,
    /// [`Connect`](crate::ErrorKind::Connect) if there is no answer, if the answer does not come from a SurrealDB server of
    /// version 3, or if this is not awaited on a tokio runtime with IO and timers.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use surreal_session::prelude::*;
    ///
    /// # async fn example() -> surreal_session::Result<()> {
    /// let db = Surreal::connect("ws://127.0.0.1:8000").await?;
    /// let session = db.new_session().signin(Root::new("root", "root")).use_ns("shop").use_db("inventory").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect(endpoints: impl Endpoints) -> Connect {
        Connect { endpoints: endpoints.into_urls(), config: Config::default() }
    }

    /// Opens an isolated session on this connection when awaited.
    ///
    /// It is anonymous, has no namespace, no database and no variables, and inherits nothing from the default session.
    /// See [`NewSession`] for the methods that can be chained.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # surreal_session_embedded::example_db(async |db| {
    /// let acme = db.new_session().signin(Root::new("root", "root")).use_ns("tenants").use_db("acme").await?;
    /// let globex = db.new_session().signin(Root::new("root", "root")).use_ns("tenants").use_db("globex").await?;
    /// acme.set("tenant", "acme").await?;
    /// assert_eq!(globex.database().as_deref(), Some("globex"));
    /// # Ok(()) });
    /// ```
    pub fn new_session(&self) -> NewSession {
        NewSession::new(self.client().clone())
    }

    /// Closes the connection with all its sessions, and waits until its sockets are closed, which takes a second at most.
    ///
    /// Calls in flight fail with [`ErrorKind::Closed`](crate::ErrorKind::Closed), and their
    /// [`Delivery`](crate::Delivery) says whether the server may have seen them. All later calls fail too. Closing a
    /// connection that is over already succeeds.
    ///
    /// # Errors
    ///
    /// [`Timeout`](crate::ErrorKind::Timeout) if the socket is not closed by the deadline, which is five seconds by
    /// default: the runtime of the connection does not run. The connection is closed as soon as it does.
    ///
    /// # Cancel safety
    ///
    /// Once polled, the connection is closed even if the future is dropped.
    pub fn close(&self) -> SessionCall<()> {
        let client = self.client().clone();
        SessionCall::new(self.client(), async move |deadline| client.close(deadline).await).deadline(CLOSE_DEADLINE)
    }

    /// Returns the events of this connection, from now on: sockets that open and end, sessions that move, its end.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # surreal_session_embedded::example_db(async |db| {
    /// let mut events = db.events();
    /// db.close().await?;
    /// while let Some(event) = events.next().await {
    ///     println!("{event:?}");
    /// }
    /// # Ok(()) });
    /// ```
    pub fn events(&self) -> ConnectionEvents {
        self.client().events()
    }

    /// Returns the number of sockets, sessions and calls of this moment.
    pub fn status(&self) -> ConnectionStatus {
        self.client().status()
    }

    /// Waits until this connection is over for good: closed, or given up by its [`Reconnect`] policy.
    ///
    /// # Cancel safety
    ///
    /// Changes nothing.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        self.client().finished()
    }

    pub(super) fn client(&self) -> &Client {
        &self.default.inner().client
    }
}

impl Connect {
    /// Sets how long connecting, and each call of the connection, may take; 30 seconds unless set.
    ///
    /// A call that has no reply by then fails with [`ErrorKind::Timeout`](crate::ErrorKind::Timeout). Builders and calls
    /// have a `deadline` method for a single call.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.config.deadline = deadline;
        self
    }

    /// Sets the largest message in bytes; 128 MiB unless set, the default limit of server 3.3.5.
    ///
    /// A larger request is refused before it is sent: [`TooLarge`](crate::ErrorKind::TooLarge) with
    /// [`Delivery::NotSent`](crate::Delivery::NotSent). A server closes the connection for a request above its own limit
    /// (`SURREAL_WEBSOCKET_MAX_MESSAGE_SIZE`), so do not set a higher one here.
    ///
    /// A larger reply is dropped while it arrives, and fails its own call alone: `TooLarge` with
    /// [`Delivery::Answered`](crate::Delivery::Answered). The statements were carried out; read less with each, or use
    /// `RETURN NONE`. A larger event of a live query is dropped as well and is a
    /// [`Gap::TooLarge`](crate::live::Gap::TooLarge) of its streams.
    pub fn max_message_bytes(mut self, bytes: usize) -> Self {
        self.config.max_message_bytes = bytes;
        self
    }

    /// Sets how many calls may be queued or in flight at once, 4,096 unless set; at least one.
    ///
    /// Further calls wait for a free slot, and their deadline runs while they wait. A call whose future was dropped counts
    /// until the server has answered it or its deadline has passed, because the server still works on it.
    pub fn max_calls(mut self, calls: usize) -> Self {
        self.config.max_calls = calls;
        self
    }

    /// Adds a header to the request that opens the connection, such as `Authorization` for a proxy.
    ///
    /// The server (3.3.5) reads `Authorization` as well, and answers HTTP 401 if it proves no identity there. A name that is
    /// given twice is sent twice. `Debug` does not show the value. When this is awaited, an invalid name or value is an
    /// error of [`InvalidArgument`](crate::ErrorKind::InvalidArgument), and so are the headers that the client writes: `Host`,
    /// `Upgrade`, `Connection`, `Content-Length`, `Transfer-Encoding`, `Surreal-ID` and all that begin with `Sec-WebSocket-`.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.config.headers.add(name.as_ref(), value.as_ref());
        self
    }

    /// Sets how `wss://` connections are encrypted and servers are verified.
    ///
    /// Without it, the feature `rustls` verifies servers against Mozilla's root certificates, and the feature `native-tls` alone
    /// opens no `wss://` connection.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
    pub fn tls(mut self, tls: impl Into<crate::connection::TlsConfig>) -> Self {
        self.config.tls = Some(tls.into());
        self
    }

    /// Sets a hook for metrics: it is called at the end of each call, at each retry, and with the events of the connection.
    ///
    /// A second one replaces the first. See [`Observer`].
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.config.monitor.observer = Some(Arc::new(observer));
        self
    }

    /// Logs each call that takes this time or longer as a warning of `tracing`, with the target `surreal_session::slow`.
    ///
    /// The warning has the operation and its table, the duration, the time in the client's queue and on the server, the
    /// session, its namespace and its database, and the text as far as spans show it. It has no value and no record id.
    pub fn slow_statements(mut self, limit: Duration) -> Self {
        self.config.monitor.slow = Some(limit);
        self
    }

    /// Sends a trace context with each request, so that the server's spans belong to the span of the call.
    ///
    /// `current` is called in the span of the call, in the task that sends the request, and returns the `traceparent` of the
    /// calling task, or `None` outside of a trace. With the feature `opentelemetry`, `TraceContext::current` does so. A
    /// function that panics counts as `None`.
    ///
    /// The server (from 3.1 on) uses it if it exports traces, see `SURREAL_TELEMETRY_PROVIDER`; otherwise it is ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # surreal_session_embedded::example_url(async |url| {
    /// let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    /// let db = Surreal::connect(url).trace_context(move || Some(traceparent)).await?;
    /// db.ping().await?;
    /// # Ok(()) });
    /// ```
    pub fn trace_context<T: Into<TraceContext>>(
        mut self,
        current: impl Fn() -> Option<T> + Send + Sync + 'static,
    ) -> Self {
        self.config.monitor.trace = Some(TraceSource::new(current));
        self
    }

    /// Shows the text of every query in spans and warnings, also text that is made at run time.
    ///
    /// Unless set, they show only text that builders, [`surql!`](crate::surql!) and constants make, which has no values.
    /// Text of [`Surql::dynamic`](crate::Surql::dynamic) may have values written into it. Bound values are never shown.
    pub fn show_all_texts(mut self) -> Self {
        self.config.monitor.shows_all_texts = true;
        self
    }

    /// Sets after which time without any byte from the server the connection is lost; 20 seconds unless set.
    ///
    /// A peer that vanishes without closing the connection (a cable, a sleeping machine, a forgotten NAT entry) is noticed
    /// by this alone. The server (3.3.5) pings every 5 seconds, so a healthy connection is never silent for longer, and a
    /// limit below that ends idle connections. Bytes count, not messages: a large reply may take any time. A server
    /// whose threads are all busy with long computations cannot ping, and needs a higher limit; `Duration::MAX` sets none.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.config.idle_timeout = limit;
        self
    }
}

impl Connect {
    /// Sets how many sockets are kept open at least, and opened at most; `1..=64` unless set.
    ///
    /// More sockets are opened as sessions need them: the server (3.3.5) allows 255 sessions on one. A session is placed on
    /// the socket with the fewest. Beyond the last socket opening a session fails with
    /// [`TooManySessions`](crate::ErrorKind::TooManySessions). Leave room for the sessions on which
    /// [synced streams](crate::live::SyncedStream#costs) read: one for each session of the program that has such streams.
    /// With several endpoints, each has a socket at least, as far as the limit goes.
    pub fn sockets(mut self, sockets: RangeInclusive<usize>) -> Self {
        self.config.sockets = (*sockets.start()).max(1)..=(*sockets.end()).max(1);
        self
    }

    /// Sets after which time a socket without sessions is closed; one minute unless set.
    ///
    /// It may take up to twice this time. The least number of [`sockets`](Self::sockets) stays open, and one for each
    /// endpoint.
    pub fn unused_socket_timeout(mut self, time: Duration) -> Self {
        self.config.unused_socket_timeout = time;
        self
    }

    /// Sets the maximum number of sockets for live queries; 16 unless set. With zero, live queries use the sockets of their
    /// sessions.
    ///
    /// The server (3.3.5) closes a socket when more than a hundred events wait for it
    /// (`SURREAL_WEBSOCKET_RESPONSE_CHANNEL_SIZE`), however quickly the client reads. On sockets of their own, live queries
    /// harm no call by that; the streams register again. Each live query then has a session of its own, which counts
    /// towards the server's limit of the socket.
    pub fn live_sockets(mut self, sockets: usize) -> Self {
        self.config.live_sockets = sockets;
        self
    }

    /// Sets the maximum number of sockets for [streams of queries](crate::Query::stream), of which each has one; 8 unless
    /// set. Further streams fail with [`TooManySessions`](crate::ErrorKind::TooManySessions).
    pub fn stream_sockets(mut self, sockets: usize) -> Self {
        self.config.stream_sockets = sockets;
        self
    }

    /// Sets how many live queries one socket has before another socket is opened for them; 4 unless set.
    ///
    /// If no other one may be opened, a socket gets more.
    pub fn live_queries_per_socket(mut self, live_queries: usize) -> Self {
        self.config.live_queries_per_socket = live_queries;
        self
    }

    /// Sets how many sessions one socket may have; 255 unless set, the default limit of server 3.3.5.
    ///
    /// If the server refuses a session on a socket that has others, the limit is lowered to their number.
    pub fn sessions_per_socket(mut self, sessions: usize) -> Self {
        self.config.sessions_per_socket = sessions;
        self
    }

    /// Sets how lost sockets are opened again.
    pub fn reconnect(mut self, policy: Reconnect) -> Self {
        self.config.reconnect = policy;
        self
    }

    /// Makes calls fail at once while there is no socket, instead of waiting for one within their deadlines.
    ///
    /// The error is [`Disconnected`](crate::ErrorKind::Disconnected) with
    /// [`Delivery::NotSent`](crate::Delivery::NotSent).
    pub fn fail_fast(mut self) -> Self {
        self.config.fail_fast = true;
        self
    }

    /// Makes the first connect wait up to this time for a server that is not up yet.
    ///
    /// Attempts follow each other as the [`Reconnect`] policy says. Without this, connecting fails after one walk through
    /// all endpoints and addresses. A failure that no later attempt can heal, such as an answer that is not SurrealDB's,
    /// is returned at once.
    pub fn wait_for_server(mut self, time: Duration) -> Self {
        self.config.wait_for_server = time;
        self
    }

    /// Sets how often a write is repeated after a [conflict](crate::Error::is_conflict), which means that it has written
    /// nothing, unless it says so [itself](crate::query::write::Write::retries); 0 times unless set.
    ///
    /// This is for single writes: `create`, `update`, `upsert`, `delete`, `insert` and `relate`, with models and without. It
    /// has no effect on text, batches and writes in a transaction.
    pub fn conflict_retries(mut self, retries: u32) -> Self {
        self.config.conflict_retries = retries;
        self
    }

    /// Returns the handle at once; the first call connects.
    ///
    /// It can be used where nothing can be awaited, such as in a `static`. The connection lives on the runtime of the first
    /// call. A URL that is not valid is the error of every call. Awaiting the handle connects now.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::sync::LazyLock;
    /// use surreal_session::prelude::*;
    ///
    /// static DB: LazyLock<Surreal> = LazyLock::new(|| Surreal::connect("ws://127.0.0.1:8000").lazy());
    ///
    /// # async fn example() -> surreal_session::Result<()> {
    /// DB.signin(Root::new("root", "root")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn lazy(self) -> Surreal {
        let client = match self.urls() {
            Ok(urls) => Client::lazy(urls, self.config),
            Err(error) => Client::unusable(error, self.config),
        };
        Surreal { default: Session::default_of(client) }
    }

    fn urls(&self) -> Result<Vec<ServerUrl>> {
        if self.endpoints.is_empty() {
            return Err(Error::new(ErrorKind::InvalidUrl, "there is no endpoint to connect to"));
        }
        self.endpoints.iter().map(|url| ServerUrl::parse(url)).collect()
    }
}

/// Connects now, if a handle was made with [`Connect::lazy`], and returns the same handle.
impl IntoFuture for Surreal {
    type Output = Result<Self>;
    type IntoFuture = CallFuture<Self>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            self.ping().await?;
            Ok(self)
        })
    }
}

impl IntoFuture for Connect {
    type Output = Result<Surreal>;
    type IntoFuture = CallFuture<Surreal>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let client = Client::connect(self.urls()?, self.config).await?;
            Ok(Surreal { default: Session::default_of(client) })
        })
    }
}

impl Deref for Surreal {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.default
    }
}

/// The default session of the connection.
impl From<Surreal> for Session {
    fn from(db: Surreal) -> Self {
        db.default
    }
}

impl fmt::Debug for Surreal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surreal").field("default", &self.default).finish()
    }
}

/// Shows only a URL that can be connected to: others may contain a password.
impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |url: &String| ServerUrl::parse(url).map_or_else(|_| "..".to_owned(), |url| url.endpoint);
        let endpoints: Vec<_> = self.endpoints.iter().map(shown).collect();
        f.debug_struct("Connect").field("endpoints", &endpoints).field("config", &self.config).finish()
    }
}

/// The default deadline of [`Surreal::close`]. The connection's task needs a second at most, if its runtime runs.
const CLOSE_DEADLINE: Duration = Duration::from_secs(5);
