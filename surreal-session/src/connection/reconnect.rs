//! When a lost socket is opened again.

use std::time::Duration;

use super::backoff::Backoff;

/// The policy by which a connection opens its sockets again.
///
/// The first attempt is made at once. Each later one comes after a random pause, whose limit doubles from 50 milliseconds
/// to [`max_delay`](Self::max_delay). A server that answers HTTP 503 with `Retry-After` is not asked before that time. Every
/// attempt resolves the host name again and tries all of its addresses.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # use surreal_session::prelude::*;
/// # surreal_session_embedded::example_url(async |url| {
/// let policy = Reconnect::default().max_delay(Duration::from_secs(2)).give_up_after(Duration::from_secs(600));
/// let db = Surreal::connect(url).reconnect(policy).await?;
/// # db.ping().await
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a policy has an effect when it is given to a connection"]
pub struct Reconnect {
    is_enabled: bool,
    max_delay: Duration,
    give_up_after: Option<Duration>,
}

impl Reconnect {
    /// A policy that opens no socket again: the sessions of a lost socket are lost with it.
    pub fn never() -> Self {
        Self { is_enabled: false, ..Self::default() }
    }

    /// Sets the longest pause between two attempts; 5 seconds unless set.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Sets how long the connection may be without any socket before it ends for good; unless set, it never does.
    pub fn give_up_after(mut self, time: Duration) -> Self {
        self.give_up_after = Some(time);
        self
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    pub(super) fn time_limit(&self) -> Option<Duration> {
        self.give_up_after
    }

    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(SHORTEST..self.max_delay)
    }
}

impl Default for Reconnect {
    fn default() -> Self {
        Self { is_enabled: true, max_delay: Duration::from_secs(5), give_up_after: None }
    }
}

/// The limit of the first pause.
const SHORTEST: Duration = Duration::from_millis(50);
