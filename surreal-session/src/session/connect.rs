//! Opening a connection.

use std::fmt;
use std::time::Duration;

use super::{CallFuture, Surreal};
use crate::connection::{Client, Config, ServerUrl};
use crate::error::Result;

/// A connection to be opened; see [`Surreal::connect`].
///
/// # What one connection bears
///
/// All sessions of a connection share one socket, and so its limits. The numbers are those of server 3.3.5:
///
/// - 255 sessions besides the default one ([`TooManySessions`](crate::ErrorKind::TooManySessions)).
/// - The server works on several requests of a socket at once and keeps the rest waiting: [`max_calls`](Self::max_calls)
///   bounds both together.
/// - A reply above [`max_message_bytes`](Self::max_message_bytes) ends the connection for all of its sessions.
/// - Live queries are the narrowest part. The server closes the socket (code 1013) as soon as about a hundred events wait to
///   be written to it, however fast the client reads. One change counts once for each live query that reports it. On a
///   server built for speed, four live queries on one socket beside a writer with 64 calls in flight can be enough, and 16
///   live queries beside eight calls. Give busy live queries a connection of their own, few to each.
///
/// # How a connection ends
///
/// Every call in flight and every live stream ends when the connection does: calls with
/// [`Disconnected`](crate::ErrorKind::Disconnected) and a [`Delivery`](crate::Delivery) that says whether they were sent,
/// streams with [`EndReason::ConnectionLost`](crate::live::EndReason::ConnectionLost). That happens when the socket is reset,
/// when the server closes it (the message has its code and reason), when nothing comes for the
/// [`idle_timeout`](Self::idle_timeout), and when the runtime that [`Surreal::connect`] was awaited on is shut down.
///
/// The connection runs as a task of that runtime. Its handles may be used from any other runtime or executor, but nothing
/// is sent or received while nobody drives that one, as between two `block_on` of a current-thread runtime: calls from other
/// runtimes then still end at their deadlines, and after the idle timeout the connection is taken for lost unless bytes are
/// waiting.
#[derive(Clone)]
#[must_use = "a connection is opened when this is awaited"]
pub struct Connect {
    url: String,
    config: Config,
}

impl Connect {
    pub(super) fn new(url: String) -> Self {
        Self { url, config: Config::default() }
    }

    /// Sets how long connecting, and each call of the connection, may take; 30 seconds unless set.
    ///
    /// A call that has no reply by then fails with [`ErrorKind::Timeout`](crate::ErrorKind::Timeout). Builders have a
    /// `deadline` of their own for a single call.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.config.deadline = deadline;
        self
    }

    /// Sets the largest message in bytes, 128 MiB unless set, which is what server 3.3.5 accepts by default.
    ///
    /// A larger request is refused before it is sent ([`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge)); a larger
    /// reply ends the connection, as nothing behind it could be read.
    pub fn max_message_bytes(mut self, bytes: usize) -> Self {
        self.config.max_message_bytes = bytes;
        self
    }

    /// Sets how many calls may be queued or in flight at once, 4,096 unless set; at least one.
    ///
    /// Further calls wait for their turn, and their deadline runs while they wait. A call whose future was dropped counts
    /// until the server has answered it or its deadline has passed, because the server still works on it.
    pub fn max_calls(mut self, calls: usize) -> Self {
        self.config.max_calls = calls;
        self
    }

    /// Sets how long no byte may come from the server before the connection is taken for lost; 20 seconds unless set.
    ///
    /// A peer that vanishes without closing the connection (a cable, a sleeping machine, a forgotten NAT entry) is noticed
    /// by this alone. The server (3.3.5) pings every 5 seconds, so that a healthy connection is never silent for longer,
    /// and a limit below that ends idle connections. Bytes count, not messages: a large reply may take any time. A server
    /// whose threads are all busy with long computations cannot ping, and needs a higher limit; `Duration::MAX` sets none.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.config.idle_timeout = limit;
        self
    }
}

impl IntoFuture for Connect {
    type Output = Result<Surreal>;
    type IntoFuture = CallFuture<Surreal>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let url = ServerUrl::parse(&self.url)?;
            let client = Client::connect(&url, self.config).await?;
            Ok(Surreal::over(client))
        })
    }
}

/// Shows only a URL that can be connected to: others may contain a password.
impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = ServerUrl::parse(&self.url).map_or_else(|_| "..".to_owned(), |url| url.endpoint);
        f.debug_struct("Connect").field("url", &url).field("config", &self.config).finish()
    }
}
