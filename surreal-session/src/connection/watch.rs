//! The observation of the program's calls: their spans, the warnings about slow ones, and the methods of the observer.
//!
//! A [`CallWatch`] belongs to one call, from its first poll to its end. It is empty, and costs two loads, unless something
//! listens. While the call is polled, it is the current one of its thread, so that a link finds it without a parameter in
//! every function between; [`carried`] takes it along into another task.
//!
//! Nothing here shows a value of the program, the id of a record, or the text of an error.

use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Instant;
use tracing::field::{self, Empty};
use tracing::{Level, Span, info, info_span, span_enabled, warn};

use super::observer::{self, FinishedCall, LiveGap, Observer, RetriedCall};
use super::trace_context::TraceSource;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{LiveId, Operation, SessionId, TransactionId};

/// The settings of a connection that concern the observation of its calls.
#[derive(Clone, Default)]
pub(crate) struct Monitor {
    pub(crate) observer: Option<Arc<dyn Observer>>,
    /// The duration from which on a call is a warning.
    pub(crate) slow: Option<Duration>,
    pub(crate) trace: Option<TraceSource>,
    /// Set if text that is made at run time is shown as well.
    pub(crate) shows_all_texts: bool,
}

/// The subject of a call. It is made only if something listens.
#[derive(Debug)]
pub(crate) struct CallSubject<'a> {
    pub(crate) operation: Operation,
    pub(crate) session: SessionId,
    pub(crate) namespace: Option<String>,
    pub(crate) database: Option<String>,
    pub(crate) transaction: Option<TransactionId>,
    /// Text without values.
    pub(crate) text: Option<&'a str>,
}

/// One call of the program. Dropped before [`finish`](Self::finish), the call was dropped.
#[derive(Debug)]
#[must_use = "the call counts as dropped when this is"]
pub(crate) struct CallWatch(Option<Arc<Watched>>);

/// A call while something listens.
#[derive(Debug)]
pub(crate) struct Watched {
    span: Span,
    monitor: Monitor,
    summary: String,
    operation: String,
    table: Option<String>,
    namespace: Option<String>,
    database: Option<String>,
    session: SessionId,
    transaction: Option<TransactionId>,
    /// Only for the warning about a slow call.
    text: Option<String>,
    begun: Instant,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    queued: Option<Duration>,
    /// The requests on the server, and the time since which there are any.
    on_server: u32,
    since: Option<Instant>,
    round_trip: Duration,
    requests: u32,
    attempts: u32,
    rows: Option<u64>,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Watched>>> = const { RefCell::new(None) };
}

impl Monitor {
    /// Returns true if calls are watched even without a subscriber of `tracing`.
    fn listens(&self) -> bool {
        self.observer.is_some() || self.slow.is_some()
    }

    /// Reports a gap in a live stream.
    pub(crate) fn note_gap(&self, live: LiveId, reason: &str, missed: u64) {
        self.tell(|observer| observer.live_gap(&LiveGap::new(live, reason, missed)));
    }

    pub(super) fn tell(&self, tell: impl FnOnce(&dyn Observer)) {
        if let Some(observer) = &self.observer {
            observer::tell(&**observer, tell);
        }
    }
}

impl CallWatch {
    /// Begins to watch a call, if something listens.
    pub(super) fn begin<'a>(monitor: &Monitor, subject: impl FnOnce() -> CallSubject<'a>) -> Self {
        let is_traced = span_enabled!(target: TARGET, Level::INFO);
        if !is_traced && !monitor.listens() {
            return Self(None);
        }
        Self(Some(Arc::new(Watched::new(monitor, subject()))))
    }

    /// The future with this as the current call.
    pub(crate) fn within<F: Future>(&self, work: F) -> Within<F> {
        Within { watched: self.0.clone(), work }
    }

    /// The future with this as the current call, which ends with it.
    pub(crate) fn observe<F: Future>(self, work: F) -> Observed<F> {
        Observed { watch: self, work }
    }

    /// Notes that the call begins again after this error.
    pub(crate) fn retried(&self, error: &Error) {
        if let Some(watched) = &self.0 {
            watched.retried(error);
        }
    }

    /// Adds to the rows that the call has read.
    pub(crate) fn note_rows(&self, rows: usize) {
        if let Some(watched) = &self.0 {
            watched.read(rows);
        }
    }

    /// Notes the end of the call.
    pub(crate) fn finish<T>(mut self, outcome: &Result<T>) {
        self.end(|| outcome.as_ref().err().cloned());
    }

    /// Notes the end of the call, and its error.
    pub(crate) fn finish_with(mut self, error: impl FnOnce() -> Option<Error>) {
        self.end(error);
    }

    fn end(&mut self, error: impl FnOnce() -> Option<Error>) {
        if let Some(watched) = self.0.take() {
            watched.end(error().as_ref(), false);
        }
    }
}

impl Drop for CallWatch {
    fn drop(&mut self) {
        if let Some(watched) = self.0.take() {
            watched.end(None, true);
        }
    }
}

impl Watched {
    fn new(monitor: &Monitor, subject: CallSubject<'_>) -> Self {
        let CallSubject { operation, session, namespace, database, transaction, text } = subject;
        let (summary, table) = (operation.summary(), operation.table());
        let place = Place(namespace.as_deref(), database.as_deref());
        let span = info_span!(
            target: TARGET,
            "call",
            otel.name = summary,
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = "surrealdb",
            db.namespace = namespace.as_ref().map(|_| field::display(place)),
            db.collection.name = table.as_deref(),
            db.operation.name = &*operation.name(),
            db.operation.batch.size = operation.batch_size(),
            db.query.summary = operation.is_named().then_some(&*summary),
            db.query.text = text,
            db.stored_procedure.name = operation.function().as_deref(),
            db.response.status_code = Empty,
            db.response.returned_rows = Empty,
            "error.type" = Empty,
            server.address = Empty,
            server.port = Empty,
            surreal_session.session.id = field::display(session),
            surreal_session.transaction.id = transaction.map(field::display),
            surreal_session.queue.duration = Empty,
            surreal_session.round_trip.duration = Empty,
            surreal_session.requests = Empty,
            surreal_session.dropped = Empty,
        );
        Self {
            span,
            operation: operation.name().into_owned(),
            table: table.map(std::borrow::Cow::into_owned),
            summary,
            namespace,
            database,
            session,
            transaction,
            text: text.filter(|_| monitor.slow.is_some()).map(str::to_owned),
            begun: Instant::now(),
            progress: Mutex::default(),
            monitor: monitor.clone(),
        }
    }

    /// Runs `work` as a part of this call.
    fn enter<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        let _entered = self.span.enter();
        let _restore = Restore(replace_current(Some(Arc::clone(self))));
        work()
    }

    /// Notes the server of a request.
    pub(super) fn on_server(&self, host: &str, port: u16) {
        self.span.record("server.address", host);
        self.span.record("server.port", port);
    }

    /// Notes that a request is written to its socket.
    pub(super) fn sent(&self, at: Instant) {
        let mut progress = self.progress();
        progress.queued.get_or_insert_with(|| at.saturating_duration_since(self.begun));
        progress.requests += 1;
        progress.on_server += 1;
        progress.since.get_or_insert(at);
    }

    /// Notes the reply to a request, or the end of the wait for it.
    pub(super) fn answered(&self) {
        let now = Instant::now();
        let mut progress = self.progress();
        progress.on_server = progress.on_server.saturating_sub(1);
        if progress.on_server == 0
            && let Some(since) = progress.since.take()
        {
            progress.round_trip += now.saturating_duration_since(since);
        }
    }

    fn read(&self, rows: usize) {
        *self.progress().rows.get_or_insert(0) += rows as u64;
    }

    fn retried(&self, error: &Error) {
        let attempts = {
            let mut progress = self.progress();
            progress.attempts += 1;
            progress.attempts
        };
        self.span.in_scope(|| retried(&self.monitor, &self.summary, attempts, error.kind()));
    }

    fn end(&self, error: Option<&Error>, is_dropped: bool) {
        let now = Instant::now();
        let duration = now.saturating_duration_since(self.begun);
        let (queued, round_trip, requests, rows) = self.progress().summed(now);
        if !self.span.is_disabled() {
            self.record(error, is_dropped);
            self.span.record("surreal_session.requests", requests);
            self.span.record("surreal_session.round_trip.duration", round_trip.as_secs_f64());
            queued.map(|queued| self.span.record("surreal_session.queue.duration", queued.as_secs_f64()));
            rows.map(|rows| self.span.record("db.response.returned_rows", rows));
        }
        if self.monitor.slow.is_some_and(|limit| duration >= limit) {
            self.span.in_scope(|| self.warn(duration, queued, round_trip));
        }
        let call = FinishedCall {
            summary: &self.summary,
            operation: &self.operation,
            table: self.table.as_deref(),
            namespace: self.namespace.as_deref(),
            database: self.database.as_deref(),
            session: self.session,
            transaction: self.transaction,
            duration,
            queued,
            round_trip,
            requests,
            rows,
            error: error.map(Error::kind),
            is_dropped,
        };
        self.monitor.tell(|observer| observer.call_finished(&call));
    }

    fn record(&self, error: Option<&Error>, is_dropped: bool) {
        if is_dropped {
            self.span.record("surreal_session.dropped", true);
        }
        let Some(error) = error else { return };
        self.span.record("otel.status_code", "ERROR");
        self.span.record("error.type", field::debug(error.kind()));
        if let Some(server) = error.server() {
            self.span.record("db.response.status_code", field::display(server.status()));
        }
    }

    fn warn(&self, duration: Duration, queued: Option<Duration>, round_trip: Duration) {
        warn!(
            target: SLOW,
            summary = self.summary,
            ?duration,
            ?queued,
            ?round_trip,
            session = %self.session,
            namespace = self.namespace,
            database = self.database,
            text = self.text,
            "slow call"
        );
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        // Each change is complete before the lock is released.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn summed(&self, now: Instant) -> (Option<Duration>, Duration, u32, Option<u64>) {
        let open = self.since.map(|since| now.saturating_duration_since(since)).unwrap_or_default();
        (self.queued, self.round_trip + open, self.requests, self.rows)
    }
}

/// The current call of this thread, if it is watched.
pub(super) fn current() -> Option<Arc<Watched>> {
    // Fails while the thread ends.
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// Sets the current call of this thread, and returns the one before.
fn replace_current(call: Option<Arc<Watched>>) -> Option<Arc<Watched>> {
    CURRENT.try_with(|current| current.replace(call)).ok().flatten()
}

/// Adds to the rows that the current call has read.
pub(crate) fn note_rows(rows: impl FnOnce() -> usize) {
    if let Some(watched) = current() {
        watched.read(rows());
    }
}

/// Notes that the current call begins again after this error.
pub(crate) fn note_retry(error: &Error) {
    if let Some(watched) = current() {
        watched.retried(error);
    }
}

/// Reports an attempt after which another one begins, in the current span.
pub(super) fn retried(monitor: &Monitor, summary: &str, attempts: u32, error: ErrorKind) {
    info!(target: TARGET, attempts, "error.type" = ?error, "another attempt");
    monitor.tell(|observer| observer.call_retried(&RetriedCall::new(summary, attempts, error)));
}

/// Takes the current call and the current span along into another task.
pub(crate) fn carried<F: Future>(work: F) -> tracing::instrument::Instrumented<Within<F>> {
    let watched = current();
    // The span of the call is entered with it. Otherwise the call is in a span of the program.
    let has_span = watched.as_ref().is_some_and(|watched| !watched.span.is_disabled());
    let span = if has_span { Span::none() } else { Span::current() };
    tracing::Instrument::instrument(Within { watched, work }, span)
}

/// A transaction that is run by a closure, from its first attempt to its end.
#[derive(Debug)]
pub(crate) struct RunWatch {
    pub(crate) span: Span,
    monitor: Monitor,
    attempts: u32,
}

impl RunWatch {
    pub(super) fn begin(monitor: &Monitor, session: SessionId) -> Self {
        let span = info_span!(
            target: TARGET,
            "run",
            otel.name = "transaction",
            otel.kind = "internal",
            otel.status_code = Empty,
            db.system.name = "surrealdb",
            db.namespace = Empty,
            "error.type" = Empty,
            surreal_session.session.id = field::display(session),
            surreal_session.attempts = Empty,
        );
        Self { span, monitor: monitor.clone(), attempts: 0 }
    }

    /// Shows the place of the session, if something listens.
    pub(crate) fn place(&self, place: impl FnOnce() -> (Option<String>, Option<String>)) {
        if !self.span.is_disabled() {
            let (namespace, database) = place();
            let shown = namespace.as_deref().map(|namespace| Place(Some(namespace), database.as_deref()));
            shown.map(|place| self.span.record("db.namespace", field::display(place)));
        }
    }

    /// Notes that an attempt begins.
    pub(crate) fn attempt(&mut self) {
        self.attempts += 1;
    }

    /// Notes that another attempt begins, after this error.
    pub(crate) fn again(&self, error: ErrorKind) {
        retried(&self.monitor, "transaction", self.attempts, error);
    }

    /// Notes that the transaction is committed.
    pub(crate) fn succeeded(&self) {
        self.span.record("surreal_session.attempts", self.attempts);
    }

    /// Notes the end. `None` is an error of the program's own.
    pub(crate) fn failed(&self, error: Option<ErrorKind>) {
        self.span.record("surreal_session.attempts", self.attempts);
        self.span.record("otel.status_code", "ERROR");
        match error {
            Some(error) => self.span.record("error.type", field::debug(error)),
            None => self.span.record("error.type", "_OTHER"),
        };
    }
}

/// Sets the current call back.
struct Restore(Option<Arc<Watched>>);

impl Drop for Restore {
    fn drop(&mut self) {
        drop(replace_current(self.0.take()));
    }
}

pin_project! {
    /// A part of a call.
    pub(crate) struct Within<F> {
        watched: Option<Arc<Watched>>,
        #[pin]
        work: F,
    }
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        match this.watched {
            Some(watched) => watched.enter(|| this.work.poll(cx)),
            None => this.work.poll(cx),
        }
    }
}

pin_project! {
    /// A whole call.
    pub(crate) struct Observed<F> {
        watch: CallWatch,
        #[pin]
        work: F,
    }
}

impl<T, F: Future<Output = Result<T>>> Future for Observed<F> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let this = self.project();
        let outcome = ready!(match &this.watch.0 {
            Some(watched) => watched.enter(|| this.work.poll(cx)),
            None => this.work.poll(cx),
        });
        this.watch.end(|| outcome.as_ref().err().cloned());
        Poll::Ready(outcome)
    }
}

/// A namespace and a database, from the general to the special one.
#[derive(Clone, Copy)]
struct Place<'a>(Option<&'a str>, Option<&'a str>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.unwrap_or_default())?;
        self.1.map_or(Ok(()), |database| write!(f, "|{database}"))
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor")
            .field("observer", &self.observer.as_ref().map(|_| ".."))
            .field("slow", &self.slow)
            .field("trace", &self.trace)
            .field("shows_all_texts", &self.shows_all_texts)
            .finish()
    }
}

/// The target of the spans of calls, and of the events in them.
const TARGET: &str = "surreal_session::call";

/// The target of the warnings about slow calls.
const SLOW: &str = "surreal_session::slow";

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn watched() -> Arc<Watched> {
        let subject = CallSubject {
            operation: "ping".into(),
            session: SessionId::random(),
            namespace: None,
            database: None,
            transaction: None,
            text: None,
        };
        Arc::new(Watched::new(&Monitor::default(), subject))
    }

    #[test]
    fn subject_of_a_call_is_not_made_if_nothing_listens() {
        let watch = CallWatch::begin(&Monitor::default(), || unreachable!("nothing listens"));
        assert!(watch.0.is_none() && current().is_none());
    }

    #[test]
    fn outer_call_is_the_current_one_after_an_inner_call_and_its_panic() {
        let (outer, inner) = (watched(), watched());
        let is_current = |call: &Arc<Watched>| current().is_some_and(|current| Arc::ptr_eq(&current, call));
        outer.enter(|| {
            inner.enter(|| assert!(is_current(&inner)));
            assert!(is_current(&outer));
            let panicked = catch_unwind(AssertUnwindSafe(|| inner.enter(|| panic!("in the inner call"))));
            assert!(panicked.is_err() && is_current(&outer));
        });
        assert!(current().is_none());
    }
}
