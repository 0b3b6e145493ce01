//! The settings of a connection.

use std::time::Duration;

/// The limits of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The time that a call may take, from its first poll to its reply.
    pub(crate) deadline: Duration,
    /// The largest message sent or received. A larger one is refused before sending, or ends the connection.
    pub(crate) max_message_bytes: usize,
    /// The number of calls that may be queued or in flight at once; further callers wait.
    pub(crate) max_calls: usize,
    /// The time without any byte from the server after which the connection is lost.
    pub(crate) idle_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            max_message_bytes: SERVER_MAX_MESSAGE_BYTES,
            max_calls: 4096,
            idle_timeout: Duration::from_secs(20),
        }
    }
}

/// The limit of server 3.3.5 unless `SURREAL_WEBSOCKET_MAX_MESSAGE_SIZE` is set.
const SERVER_MAX_MESSAGE_BYTES: usize = 128 << 20;
