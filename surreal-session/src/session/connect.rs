//! Opening a connection.

use std::time::Duration;

use super::{CallFuture, Surreal};
use crate::connection::{Config, Handle, ServerUrl};
use crate::error::Result;

/// A connection to be opened; see [`Surreal::connect`].
#[derive(Debug, Clone)]
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
    /// Further calls wait for their turn, and their deadline runs while they wait.
    pub fn max_calls(mut self, calls: usize) -> Self {
        self.config.max_calls = calls;
        self
    }
}

impl IntoFuture for Connect {
    type Output = Result<Surreal>;
    type IntoFuture = CallFuture<Surreal>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let url = ServerUrl::parse(&self.url)?;
            let handle = Handle::connect(&url, self.config).await?;
            Ok(Surreal::over(handle))
        })
    }
}
