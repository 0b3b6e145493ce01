//! Further attempts of a call that conflicts with others.

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
    limit: Limit,
    backoff: Backoff,
}

#[derive(Debug)]
enum Limit {
    Retries(u32),
    Until(Instant),
}

impl Retry {
    /// At most `retries` further attempts, with these pauses.
    pub(crate) fn times(client: &Client, retries: u32, pauses: Range<Duration>) -> Self {
        Self { client: client.clone(), limit: Limit::Retries(retries), backoff: Backoff::new(pauses) }
    }

    /// Further attempts until the deadline, with the default pauses.
    pub(crate) fn until(client: &Client, deadline: Deadline) -> Self {
        Self { client: client.clone(), limit: Limit::Until(deadline.at), backoff: Backoff::default() }
    }

    /// The number of retries until now.
    pub(crate) fn count(&self) -> u32 {
        self.backoff.attempts()
    }

    /// Waits before another attempt. Returns false, without a pause, if the limit is reached.
    pub(crate) async fn pause(&mut self) -> bool {
        if matches!(self.limit, Limit::Retries(retries) if self.count() >= retries) {
            return false;
        }
        let next = after(self.backoff.next_pause());
        if matches!(self.limit, Limit::Until(end) if next >= end) {
            return false;
        }
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
