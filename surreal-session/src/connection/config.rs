//! What a program can set on a connection.

use std::time::Duration;

/// The limits of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// How long a call may take, from being awaited to its reply.
    pub(crate) deadline: Duration,
    /// The largest message sent or received. A larger one is refused before sending, or ends the connection.
    pub(crate) max_message_bytes: usize,
    /// How many calls may be queued or in flight at once; further callers wait for their turn.
    pub(crate) max_calls: usize,
    /// How long no byte may come before the connection is taken for lost.
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

/// What server 3.3.5 accepts unless `SURREAL_WEBSOCKET_MAX_MESSAGE_SIZE` says otherwise.
const SERVER_MAX_MESSAGE_BYTES: usize = 128 << 20;
