//! The settings of a connection.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::Reconnect;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use super::TlsConfig;
use super::headers::Headers;
use super::watch::Monitor;

/// The limits of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The time that a call may take, from its first poll to its reply.
    pub(crate) deadline: Duration,
    /// The largest message sent or received. A larger one is refused before sending, or dropped while it arrives.
    pub(crate) max_message_bytes: usize,
    /// The number of calls that may be queued or in flight at once; further callers wait.
    pub(crate) max_calls: usize,
    /// The time without any byte from the server after which the connection is lost.
    pub(crate) idle_timeout: Duration,
    /// Added to the request of each handshake.
    pub(crate) headers: Headers,
    /// `None` if the program has to choose a backend first.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub(crate) tls: Option<TlsConfig>,
    /// The number of sockets for calls: as many are kept open, and as many are opened at most.
    pub(crate) sockets: RangeInclusive<usize>,
    /// The number of sessions on one socket, until the server refuses one.
    pub(crate) sessions_per_socket: usize,
    /// The time after which a socket without sessions is closed, if it is not one of those that are kept open.
    pub(crate) unused_socket_timeout: Duration,
    /// The maximum number of sockets for live queries; none, and they use the sockets of their sessions.
    pub(crate) live_sockets: usize,
    /// The number of live queries on one of these, while another one can be opened.
    pub(crate) live_queries_per_socket: usize,
    /// The maximum number of sockets for streamed replies.
    pub(crate) stream_sockets: usize,
    pub(crate) reconnect: Reconnect,
    /// Set if calls fail at once while there is no socket, unless they say otherwise.
    pub(crate) fail_fast: bool,
    /// The time for which the first connect waits for a server.
    pub(crate) wait_for_server: Duration,
    /// How often a single write is repeated after a conflict, unless it says otherwise.
    pub(crate) conflict_retries: u32,
    pub(crate) monitor: Monitor,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            max_message_bytes: SERVER_MAX_MESSAGE_BYTES,
            max_calls: 4096,
            idle_timeout: Duration::from_secs(20),
            headers: Headers::default(),
            #[cfg(feature = "rustls")]
            tls: Some(TlsConfig::default()),
            #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
            tls: None,
            sockets: 1..=64,
            sessions_per_socket: SERVER_MAX_SESSIONS,
            unused_socket_timeout: Duration::from_mins(1),
            live_sockets: 16,
            live_queries_per_socket: 4,
            stream_sockets: 8,
            reconnect: Reconnect::default(),
            fail_fast: false,
            wait_for_server: Duration::ZERO,
            conflict_retries: 0,
            monitor: Monitor::default(),
        }
    }
}

/// The limit of server 3.3.5 unless `SURREAL_WEBSOCKET_MAX_MESSAGE_SIZE` is set.
const SERVER_MAX_MESSAGE_BYTES: usize = 128 << 20;

/// The limit of server 3.3.5 unless `SURREAL_WEBSOCKET_MAX_ATTACHED_SESSIONS` is set: 256, of which one belongs to the
/// socket.
const SERVER_MAX_SESSIONS: usize = 255;
