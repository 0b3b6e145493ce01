//! The endpoints of a connection and its open links, as its supervisor last saw them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::ServerUrl;
use super::backoff::Backoff;
use super::deadline::Deadline;
use super::link::{Link, Purpose};
use super::state::ConnectionState;
use super::status::{ConnectionStatus, EndpointStatus};
use crate::error::{Error, ErrorKind};
use crate::protocol::Operation;

/// The endpoints and links of one connection. The supervisor writes them.
#[derive(Debug)]
pub(super) struct Fleet {
    pub(super) urls: Vec<ServerUrl>,
    endpoints: Mutex<Vec<Endpoint>>,
    links: Mutex<Vec<Link>>,
}

/// The attempts to reach one endpoint.
#[derive(Debug, Default)]
pub(super) struct Endpoint {
    /// Set after a failure; the next attempt begins with it.
    pub(super) backoff: Option<Backoff>,
    pub(super) not_before: Option<Instant>,
    pub(super) last_error: Option<Error>,
    /// Set if no later attempt can succeed.
    pub(super) is_hopeless: bool,
}

impl Fleet {
    pub(super) fn new(urls: Vec<ServerUrl>) -> Self {
        let endpoints = urls.iter().map(|_| Endpoint::default()).collect();
        Self { urls, endpoints: Mutex::new(endpoints), links: Mutex::default() }
    }

    pub(super) fn links(&self) -> MutexGuard<'_, Vec<Link>> {
        // Every change is one push or retain, which a panic elsewhere cannot leave half done.
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn endpoints(&self) -> MutexGuard<'_, Vec<Endpoint>> {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The URL of an endpoint, for messages and events.
    pub(super) fn name(&self, endpoint: usize) -> String {
        self.urls.get(endpoint).map(|url| url.endpoint.clone()).unwrap_or_default()
    }

    /// The number of open links to an endpoint.
    pub(super) fn links_to(&self, endpoint: usize, purpose: Purpose) -> usize {
        let to = |link: &&Link| link.endpoint() == endpoint && link.purpose() == purpose && link.is_alive();
        self.links().iter().filter(to).count()
    }

    /// The failure of the last attempt at any endpoint.
    pub(super) fn last_error(&self) -> Option<Error> {
        self.endpoints().iter().find_map(|endpoint| endpoint.last_error.clone())
    }

    /// The error of a call whose deadline has passed while it waited for a link.
    pub(super) fn no_link(&self, operation: &Operation, deadline: Deadline) -> Error {
        let error = deadline.call_timed_out_waiting_for(operation, "a connection");
        match self.last_error() {
            Some(cause) => {
                let message = format!("{error}: {cause}");
                error.with_message(message).with_source(cause)
            }
            None => error,
        }
    }

    /// The error of a call that does not wait for a link.
    pub(super) fn disconnected(&self) -> Error {
        let error = |message: String| Error::new(ErrorKind::Disconnected, message);
        match self.last_error() {
            Some(cause) => error(format!("there is no connection: {cause}")).with_source(cause),
            None => error("there is no connection".to_owned()),
        }
    }

    pub(super) fn status(&self, state: &ConnectionState) -> ConnectionStatus {
        let links: Vec<Link> = self.links().iter().filter(|link| link.is_alive()).cloned().collect();
        let endpoint = |index: usize| EndpointStatus {
            url: self.name(index),
            sockets: links.iter().filter(|link| link.endpoint() == index).count(),
        };
        ConnectionStatus {
            endpoints: (0..self.urls.len()).map(endpoint).collect(),
            sessions: links.iter().map(Link::sessions).sum(),
            calls_in_flight: state.config.max_calls.saturating_sub(state.capacity.available_permits()),
            is_open: state.end.get().is_none(),
        }
    }
}

impl Endpoint {
    /// Returns true if an attempt may begin now.
    pub(super) fn is_ready(&self, now: Instant) -> bool {
        !self.is_hopeless && self.not_before.is_none_or(|not_before| not_before <= now)
    }

    /// Notes a failed attempt. Returns the pause before the next one.
    pub(super) fn note_failure(&mut self, error: Error, pauses: Backoff, at_least: Option<Duration>) -> Duration {
        let backoff = self.backoff.get_or_insert(pauses);
        let pause = backoff.next_pause().max(at_least.unwrap_or_default());
        self.not_before = Some(Instant::now() + pause);
        self.last_error = Some(error);
        pause
    }

    /// Notes that a socket was opened.
    pub(super) fn note_success(&mut self) {
        self.not_before = None;
        self.last_error = None;
    }

    /// The number of attempts that have failed in a row.
    pub(super) fn failures(&self) -> u32 {
        self.backoff.as_ref().map_or(0, Backoff::attempts)
    }
}
