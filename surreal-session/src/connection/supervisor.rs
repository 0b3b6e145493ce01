//! The task that owns the life of a connection: it opens links, replaces lost ones, and places sessions on them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{debug, warn};

use super::driver::Driver;
use super::end::End;
use super::events::ConnectionEvent;
use super::fleet::Fleet;
use super::foreign;
use super::link::{Lease, Link, Purpose};
use super::shared_driver::SharedDriver;
use super::socket::{self, OpenFailure, Opened};
use super::state::ConnectionState;
use crate::error::{Delivery, Error, ErrorKind, Result};

/// A message to the supervisor.
#[derive(Debug)]
pub(super) enum Order {
    Place(Place),
    Close,
}

/// A session that needs a link.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) purpose: Purpose,
    /// Set if it does not wait for one.
    pub(super) fails_fast: bool,
    pub(super) reply: oneshot::Sender<Result<Lease>>,
}

#[derive(Debug)]
pub(super) struct Supervisor {
    orders: mpsc::UnboundedReceiver<Order>,
    state: Arc<ConnectionState>,
    fleet: Arc<Fleet>,
    links: JoinSet<()>,
    attempts: JoinSet<Attempt>,
    /// The endpoints and purposes of the attempts.
    opening: Vec<(usize, Purpose)>,
    /// The sessions that wait for a link, oldest first.
    waiting: Vec<Waiting>,
    /// The time since which there is no link for calls.
    down_since: Option<Instant>,
    /// The end of the last link that was lost.
    last_end: Option<End>,
    /// The time of the last look. An endpoint that had to be left alone then is looked at again when its pause is over.
    looked_at: Instant,
    /// The time of the next look for sockets that are not used.
    tidy_at: Option<Instant>,
}

type Waiting = (Purpose, oneshot::Sender<Result<Lease>>);

/// The outcome of an attempt to open a link.
type Attempt = (usize, Purpose, Result<Opened, OpenFailure>);

impl Supervisor {
    pub(super) fn new(orders: mpsc::UnboundedReceiver<Order>, state: Arc<ConnectionState>, fleet: Arc<Fleet>) -> Self {
        Self {
            orders,
            state,
            fleet,
            links: JoinSet::new(),
            attempts: JoinSet::new(),
            opening: Vec::new(),
            waiting: Vec::new(),
            down_since: None,
            last_end: None,
            looked_at: Instant::now(),
            tidy_at: None,
        }
    }

    /// Serves the connection until it is closed or cannot be kept up. `running` is dropped last.
    pub(super) async fn run(mut self, first: Option<(usize, Opened)>, running: watch::Sender<()>) {
        if let Some((endpoint, opened)) = first {
            self.serve(endpoint, Purpose::Calls, opened);
        }
        let state = Arc::clone(&self.state);
        let end = loop {
            if let Some(end) = self.make_progress() {
                break end;
            }
            let wake = self.next_wake();
            tokio::select! {
                order = self.orders.recv() => if !self.accept(order) {
                    break End::closed();
                },
                Some(attempt) = self.attempts.join_next() => self.note(attempt),
                Some(_) = self.links.join_next() => {}
                () = state.link_ended.notified() => {}
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            }
        };
        self.shut_down(end).await;
        foreign::run(|| drop(running));
    }

    /// Does all that can be done now. Returns the end of the connection if there is nothing to wait for.
    fn make_progress(&mut self) -> Option<End> {
        self.remove_ended();
        self.looked_at = Instant::now();
        self.waiting.retain(|(_, reply)| !reply.is_closed());
        self.place_waiting(Self::room);
        self.open_missing();
        self.crowd_live_sockets();
        self.refuse_excess();
        self.close_unused();
        match self.is_up(Purpose::Calls) {
            true => self.down_since = None,
            false => self.down_since = self.down_since.or_else(|| Some(Instant::now())),
        }
        self.verdict()
    }

    /// Takes an order, and the others that wait behind it. Returns false if the connection is to be closed.
    ///
    /// The queue stays open then until the end is noted: a session that is refused by the closed queue looks for the reason.
    fn accept(&mut self, first: Option<Order>) -> bool {
        let Some(mut order) = first else { return false };
        loop {
            match order {
                Order::Place(Place { purpose, fails_fast, reply }) if !fails_fast || self.is_up(purpose) => {
                    self.waiting.push((purpose, reply));
                }
                Order::Place(Place { reply, .. }) => answer(reply, Err(self.fleet.disconnected())),
                Order::Close => return false,
            }
            match self.orders.try_recv() {
                Ok(next) => order = next,
                Err(_) => return true,
            }
        }
    }

    /// Forgets the links that are over.
    fn remove_ended(&mut self) {
        let ended: Vec<Link> = self.fleet.links().extract_if(.., |link| !link.is_alive()).collect();
        for link in ended {
            let Some(end) = link.end() else { continue };
            let error = end.error_of("the socket", Delivery::Unknown);
            let endpoint = self.fleet.name(link.endpoint());
            debug!(%error, endpoint, "a socket was lost");
            self.state.emit(ConnectionEvent::Disconnected {
                endpoint,
                close_code: end.close_code(),
                error: error.clone(),
            });
            self.last_end = Some(end.clone());
            if link.opened().elapsed() < SHORT_LIVED {
                self.note_failure(link.endpoint(), error, None);
            } else if let Some(endpoint) = self.fleet.endpoints().get_mut(link.endpoint()) {
                (endpoint.backoff, endpoint.last_error) = (None, Some(error));
            }
        }
    }

    /// Returns true if there is a link, or for live queries and streams one may be opened beside the others.
    fn is_up(&self, purpose: Purpose) -> bool {
        let serves = |link: &Link| purpose != Purpose::Calls || link.purpose() == purpose;
        self.fleet.links().iter().any(|link| serves(link) && link.is_alive())
    }

    /// The number of sessions for which a link has room.
    fn room(&self, purpose: Purpose) -> usize {
        let limit = self.state.session_limit();
        match purpose {
            Purpose::Calls => limit,
            // Each of them has one live query.
            Purpose::Live => self.state.config.live_queries_per_socket.clamp(1, limit),
            Purpose::Rows => 1,
        }
    }

    /// The maximum number of links.
    fn most(&self, purpose: Purpose) -> usize {
        match purpose {
            Purpose::Calls => *self.state.config.sockets.end(),
            Purpose::Live => self.state.config.live_sockets,
            Purpose::Rows => self.state.config.stream_sockets,
        }
    }

    /// Puts more live queries on the links that there are, if no other one can be opened now.
    fn crowd_live_sockets(&mut self) {
        if self.opening(Purpose::Live) == 0 {
            self.place_waiting(|this, purpose| match purpose {
                Purpose::Live => this.state.session_limit(),
                other => this.room(other),
            });
        }
    }

    /// Gives each waiting session a place on the link with the fewest sessions.
    fn place_waiting(&mut self, room: fn(&Self, Purpose) -> usize) {
        let links = self.fleet.links().clone();
        for (purpose, reply) in std::mem::take(&mut self.waiting) {
            let limit = room(self, purpose);
            let with_room =
                links.iter().filter(|link| link.purpose() == purpose && link.is_alive() && link.sessions() < limit);
            match with_room.min_by_key(|link| link.sessions()) {
                Some(link) => answer(reply, Ok(Lease::new(link))),
                None => self.waiting.push((purpose, reply)),
            }
        }
    }

    /// Opens a link to each endpoint that has none, the links that are to be kept open, and those that sessions wait for.
    fn open_missing(&mut self) {
        if !self.state.config.reconnect.is_enabled() && self.last_end.is_some() && !self.is_up(Purpose::Calls) {
            return;
        }
        for endpoint in 0..self.fleet.urls.len() {
            if self.links_to(endpoint, Purpose::Calls) == 0 {
                self.open(endpoint, Purpose::Calls);
            }
        }
        while self.count(Purpose::Calls) < *self.state.config.sockets.start() && self.open_any(Purpose::Calls) {}
        for purpose in PURPOSES {
            while self.wanted(purpose) > self.opening(purpose) && self.open_any(purpose) {}
        }
    }

    /// The number of links that the waiting sessions need.
    fn wanted(&self, purpose: Purpose) -> usize {
        let waiting = self.waiting.iter().filter(|(of, _)| *of == purpose).count();
        waiting.div_ceil(self.room(purpose))
    }

    fn opening(&self, purpose: Purpose) -> usize {
        self.opening.iter().filter(|(_, of)| *of == purpose).count()
    }

    /// The number of links to an endpoint, with those that are being opened.
    fn links_to(&self, endpoint: usize, purpose: Purpose) -> usize {
        let opening = self.opening.iter().filter(|opening| **opening == (endpoint, purpose)).count();
        self.fleet.links_to(endpoint, purpose) + opening
    }

    fn count(&self, purpose: Purpose) -> usize {
        (0..self.fleet.urls.len()).map(|endpoint| self.links_to(endpoint, purpose)).sum()
    }

    /// Begins to open a link to the endpoint with the fewest. Returns false if there is none that can be tried now.
    fn open_any(&mut self, purpose: Purpose) -> bool {
        let mut endpoints: Vec<usize> = (0..self.fleet.urls.len()).collect();
        endpoints.sort_by_key(|endpoint| self.links_to(*endpoint, purpose));
        endpoints.into_iter().any(|endpoint| self.open(endpoint, purpose))
    }

    /// Begins to open a link, unless there are as many as there may be, or the endpoint has to be left alone for now.
    fn open(&mut self, endpoint: usize, purpose: Purpose) -> bool {
        let is_probed = self.opening.iter().any(|(to, _)| *to == endpoint);
        let is_ready = self
            .fleet
            .endpoints()
            .get(endpoint)
            .is_some_and(|endpoint| endpoint.is_ready(self.looked_at) && (endpoint.failures() == 0 || !is_probed));
        let Some(url) = self.fleet.urls.get(endpoint).filter(|_| is_ready) else { return false };
        if self.count(purpose) >= self.most(purpose) || self.attempts.len() >= ATTEMPTS {
            return false;
        }
        let (url, state) = (url.clone(), Arc::clone(&self.state));
        self.opening.push((endpoint, purpose));
        self.attempts.spawn(async move { (endpoint, purpose, socket::open(&url, &state.config).await) });
        true
    }

    /// Refuses the sessions for which no link may be opened.
    fn refuse_excess(&mut self) {
        for purpose in PURPOSES {
            let sockets = self.most(purpose);
            let is_full = self.opening(purpose) == 0 && self.count(purpose) >= sockets;
            if is_full {
                let excess = self.waiting.extract_if(.., |(of, _)| *of == purpose).collect::<Vec<_>>();
                for (_, reply) in excess {
                    answer(reply, Err(self.too_many(purpose, sockets)));
                }
            }
        }
    }

    /// Closes the sockets above the least number that had no session since the last look for them.
    fn close_unused(&mut self) {
        let most_kept = (*self.state.config.sockets.start()).max(self.fleet.urls.len());
        let others = self.count(Purpose::Live) + self.count(Purpose::Rows);
        if self.count(Purpose::Calls) <= most_kept && others == 0 {
            return self.tidy_at = None;
        }
        let is_due = self.tidy_at.is_some_and(|at| at <= self.looked_at);
        if is_due {
            let unused: Vec<Link> = self.fleet.links().iter().filter(|link| !link.is_used()).cloned().collect();
            unused.into_iter().filter(|link| self.may_close(link)).for_each(|link| self.close(&link));
        }
        if is_due || self.tidy_at.is_none() {
            let time = self.state.config.unused_socket_timeout.max(SHORT_LIVED);
            self.tidy_at = self.looked_at.checked_add(time);
        }
    }

    fn may_close(&self, link: &Link) -> bool {
        link.purpose() != Purpose::Calls
            || self.count(Purpose::Calls) > *self.state.config.sockets.start()
                && self.fleet.links_to(link.endpoint(), Purpose::Calls) > 1
    }

    /// Closes a socket that has no sessions. It is not one that was lost.
    fn close(&self, link: &Link) {
        debug!(endpoint = self.fleet.name(link.endpoint()), "a socket without sessions is closed");
        self.fleet.links().retain(|open| !open.is(link));
        link.close();
    }

    fn too_many(&self, purpose: Purpose, sockets: usize) -> Error {
        if purpose == Purpose::Rows {
            let message = format!(
                "too many streams of queries: all sockets for them ({sockets}) are in use (`Connect::stream_sockets` allows more)"
            );
            return Error::new(ErrorKind::TooManySessions, message);
        }
        let limit = self.state.session_limit();
        let message = format!(
            "too many sessions: all sockets ({sockets}) have {limit} sessions each (`Connect::sockets` allows more sockets; the \
             limit of one socket is the server's SURREAL_WEBSOCKET_MAX_ATTACHED_SESSIONS)"
        );
        Error::new(ErrorKind::TooManySessions, message)
    }

    fn note(&mut self, attempt: Result<Attempt, JoinError>) {
        let (endpoint, purpose, outcome) = match attempt {
            Ok(attempt) => attempt,
            // A panic in an attempt: which one is not known, so that all are tried again.
            Err(error) => {
                warn!(%error, "an attempt to open a socket panicked");
                self.attempts.abort_all();
                return self.opening.clear();
            }
        };
        if let Some(at) = self.opening.iter().position(|opening| *opening == (endpoint, purpose)) {
            self.opening.swap_remove(at);
        }
        match outcome {
            Ok(opened) => self.serve(endpoint, purpose, opened),
            Err(failure) => {
                let is_hopeless = !failure.may_heal(false);
                let retry_after = failure.retry_after();
                self.note_failure(endpoint, failure.error, retry_after);
                if let Some(endpoint) = self.fleet.endpoints().get_mut(endpoint) {
                    endpoint.is_hopeless = is_hopeless;
                }
            }
        }
    }

    fn note_failure(&self, index: usize, error: Error, retry_after: Option<Duration>) {
        let pauses = self.state.config.reconnect.backoff();
        let mut endpoints = self.fleet.endpoints();
        let Some(endpoint) = endpoints.get_mut(index) else { return };
        let after = endpoint.note_failure(error.clone(), pauses, retry_after);
        let attempt = endpoint.failures();
        drop(endpoints);
        let endpoint = self.fleet.name(index);
        debug!(endpoint, attempt, ?after, %error, "a socket could not be opened");
        self.state.emit(ConnectionEvent::Reconnecting { endpoint, attempt, after, error });
    }

    /// Starts the task of a link.
    fn serve(&mut self, endpoint: usize, purpose: Purpose, opened: Opened) {
        let (commands, receiver) = mpsc::unbounded_channel();
        let (end, url) = (Arc::default(), self.fleet.urls.get(endpoint).cloned());
        let Opened { socket, received, version } = opened;
        let driver = Driver::new((socket, received), receiver, Arc::clone(&end), Arc::clone(&self.state));
        let driver = SharedDriver::new(driver);
        self.links.spawn(driver.clone().run());
        let link = Link::new((endpoint, url, purpose, version), (driver, commands), end, Arc::clone(&self.state));
        self.fleet.links().push(link);
        if let Some(endpoint) = self.fleet.endpoints().get_mut(endpoint) {
            endpoint.note_success();
        }
        let endpoint = self.fleet.name(endpoint);
        debug!(endpoint, "a socket is open");
        self.state.emit(ConnectionEvent::Connected { endpoint });
    }

    /// The end of the connection, if no link can come any more, or none has come for too long.
    fn verdict(&self) -> Option<End> {
        let since = self.down_since?;
        let reconnect = &self.state.config.reconnect;
        if let Some(limit) = reconnect.time_limit().filter(|limit| since.elapsed() >= *limit) {
            return Some(self.given_up(format!("no connection could be opened for {limit:?}")));
        }
        if !self.opening.is_empty() {
            return None;
        }
        if let Some(end) = self.last_end.as_ref().filter(|_| !reconnect.is_enabled()) {
            return Some(end.clone().for_good());
        }
        let is_hopeless = self.fleet.endpoints().iter().all(|endpoint| endpoint.is_hopeless);
        is_hopeless.then(|| self.given_up("no connection can be opened".to_owned()))
    }

    fn given_up(&self, what: String) -> End {
        match self.fleet.last_error() {
            Some(error) => End::lost(format!("{what}: {error}")).with_source(error).for_good(),
            None => End::lost(what).for_good(),
        }
    }

    /// The time at which something is to be done though nothing has happened.
    fn next_wake(&self) -> Option<Instant> {
        // Not those after now: a pause that has ended since the look would never be noticed.
        let is_later = |at: &Instant| *at > self.looked_at;
        let attempts = self.fleet.endpoints().iter().filter_map(|endpoint| endpoint.not_before).filter(is_later).min();
        let limit = self.state.config.reconnect.time_limit();
        let end = self.down_since.zip(limit).and_then(|(since, limit)| since.checked_add(limit));
        attempts.into_iter().chain(end).chain(self.tidy_at).min()
    }

    /// Ends every link and every waiting call.
    async fn shut_down(&mut self, end: End) {
        self.end(&end);
        for link in self.fleet.links().iter() {
            link.close();
        }
        self.attempts.abort_all();
        let all = async { while self.links.join_next().await.is_some() {} };
        if timeout(CLOSE_TIMEOUT, all).await.is_err() {
            debug!("a socket was not closed in time");
        }
        self.fleet.links().clear();
        let error = end.error_of("the connection", Delivery::NotSent);
        self.state.emit(ConnectionEvent::Closed { error });
    }

    /// Notes the end before anything else, so that every call finds the reason.
    fn end(&mut self, end: &End) {
        let _ = self.state.end.set(end.clone());
        foreign::run(|| self.state.capacity.close());
        self.orders.close();
        while self.orders.try_recv().is_ok() {}
        foreign::run(|| self.waiting.clear());
    }
}

/// Reached without an end when the task is dropped: its runtime was shut down, or it has panicked.
impl Drop for Supervisor {
    fn drop(&mut self) {
        if self.state.end.get().is_none() {
            self.end(&End::runtime_gone());
        }
    }
}

fn answer(reply: oneshot::Sender<Result<Lease>>, placed: Result<Lease>) {
    // Fails if the session has stopped waiting; its place is given up then.
    let _ = foreign::run(|| reply.send(placed));
}

/// A link that ends sooner counts as a failed attempt.
const SHORT_LIVED: Duration = Duration::from_millis(100);

/// The number of links that are opened at once.
const ATTEMPTS: usize = 8;

/// Longer than the driver waits for the answer to its close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(1_500);

/// All purposes of links.
const PURPOSES: [Purpose; 3] = [Purpose::Calls, Purpose::Live, Purpose::Rows];
