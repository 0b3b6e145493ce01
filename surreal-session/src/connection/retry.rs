//! Further attempts of a call that failed and has applied nothing, mostly because it conflicts with others.

use std::ops::Range;
use std::time::Duration;

use tokio::time::Instant;

use super::backoff::Backoff;
use super::client::Client;
use super::deadline::{Deadline, after};
use crate::error::Result;

/// The attempts of one call. The pauses between them are random and grow.
#[derive(Debug)]
pub(crate) struct Retry {
    client: Client,
    limit: RetryLimit,
    /// No attempt begins later.
    end: Option<Instant>,
    backoff: Backoff,
    count: u32,
}

/// The limit of further attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryLimit {
    /// This number of them.
    Times(u32),
    /// Those that begin within this time after the first failure.
    For(Duration),
}

impl Retry {
    /// Further attempts within a limit, with these pauses.
    pub(crate) fn new(client: &Client, limit: RetryLimit, pauses: Range<Duration>) -> Self {
        Self { client: client.clone(), limit, end: None, backoff: Backoff::new(pauses), count: 0 }
    }

    /// At most `retries` further attempts, with the default pauses, until the deadline.
    pub(crate) fn times(client: &Client, retries: u32, deadline: Deadline) -> Self {
        let limit = RetryLimit::Times(retries);
        Self { client: client.clone(), limit, end: Some(deadline.at), backoff: Backoff::default(), count: 0 }
    }

    /// Further attempts until the deadline, with the default pauses.
    pub(crate) fn until(client: &Client, deadline: Deadline) -> Self {
        Self::times(client, u32::MAX, deadline)
    }

    /// The number of retries until now.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Waits before another attempt after a conflict. Returns false, without a pause, if the limit is reached.
    pub(crate) async fn pause(&mut self) -> bool {
        let pause = self.backoff.next_pause();
        self.pause_for(pause).await
    }

    /// Waits before another attempt after a lost link. The pauses do not grow: the attempt waits for another link.
    pub(crate) async fn pause_after_loss(&mut self) -> bool {
        let pause = self.backoff.short_pause();
        self.pause_for(pause).await
    }

    async fn pause_for(&mut self, pause: Duration) -> bool {
        match self.limit {
            RetryLimit::Times(retries) if self.count() >= retries => return false,
            RetryLimit::Times(_) => {}
            RetryLimit::For(time) => _ = self.end.get_or_insert_with(|| after(time)),
        }
        let next = after(pause);
        if self.end.is_some_and(|end| next >= end) {
            return false;
        }
        self.count = self.count.saturating_add(1);
        self.client.timer(next).await;
        true
    }

    /// Makes attempts until one does not fail with a conflict, or the limit is reached.
    pub(crate) async fn run<T, F>(mut self, attempt: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        loop {
            match attempt().await {
                Err(error) if error.is_conflict() && self.pause().await => {}
                outcome => return outcome,
            }
        }
    }
}
