//! The trace of a call, as the server takes it.

use std::fmt;
use std::sync::Arc;

use super::foreign;
use crate::codec::writer;
use crate::protocol::Request;

/// The span to which the server's spans of a request belong; see [`Connect::trace_context`](crate::Connect::trace_context).
///
/// It has the headers `traceparent` and `tracestate` of the W3C's [Trace Context](https://www.w3.org/TR/trace-context/). The
/// text of a `traceparent` can be used in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    traceparent: String,
    tracestate: Option<String>,
}

/// Gives the trace context of the calling task.
#[derive(Clone)]
pub(crate) struct TraceSource(Arc<dyn Fn() -> Option<TraceContext> + Send + Sync>);

impl TraceContext {
    /// Takes the value of the header `traceparent`, such as `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`.
    ///
    /// The server ignores a malformed one.
    pub fn new(traceparent: impl Into<String>) -> Self {
        Self { traceparent: traceparent.into(), tracestate: None }
    }

    /// Adds the value of the header `tracestate`.
    pub fn tracestate(mut self, tracestate: impl Into<String>) -> Self {
        self.tracestate = Some(tracestate.into());
        self
    }

    /// Returns the OpenTelemetry context of the calling task; `None` outside of a trace.
    ///
    /// Inside a span of `tracing` it is the context of that span, if the layer of `tracing-opentelemetry` is installed: the
    /// layer activates the context of each span that is entered, unless it has `with_context_activation(false)`. The crate
    /// `opentelemetry` must be the one that the layer uses. If the program has several versions of it, choose with
    /// `cargo update -p opentelemetry --precise`.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use surreal_session::prelude::*;
    /// use surreal_session::connection::TraceContext;
    ///
    /// # async fn example() -> surreal_session::Result<()> {
    /// let db = Surreal::connect("ws://127.0.0.1:8000").trace_context(TraceContext::current).await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "opentelemetry")]
    #[cfg_attr(docsrs, doc(cfg(feature = "opentelemetry")))]
    pub fn current() -> Option<Self> {
        use opentelemetry::Context;
        use opentelemetry::trace::TraceContextExt;

        let span = Context::map_current(|context| context.span().span_context().clone());
        span.is_valid().then(|| {
            let flags = span.trace_flags().to_u8();
            let context = Self::new(format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id()));
            match span.trace_state().header() {
                state if state.is_empty() => context,
                state => context.tracestate(state),
            }
        })
    }
}

impl From<String> for TraceContext {
    fn from(traceparent: String) -> Self {
        Self::new(traceparent)
    }
}

impl From<&str> for TraceContext {
    fn from(traceparent: &str) -> Self {
        Self::new(traceparent)
    }
}

impl TraceSource {
    pub(crate) fn new<T: Into<TraceContext>>(current: impl Fn() -> Option<T> + Send + Sync + 'static) -> Self {
        Self(Arc::new(move || current().map(Into::into)))
    }

    /// Adds the context of the calling task to a request, if there is one.
    pub(super) fn add_to(&self, request: Request) -> Request {
        match foreign::run(|| (self.0)()).flatten() {
            Some(TraceContext { traceparent, tracestate }) => request.with_entry("trace_context", |buffer| {
                writer::map(buffer, 1 + usize::from(tracestate.is_some()));
                writer::text(buffer, "traceparent");
                writer::text(buffer, &traceparent);
                if let Some(tracestate) = tracestate {
                    writer::text(buffer, "tracestate");
                    writer::text(buffer, &tracestate);
                }
            }),
            None => request,
        }
    }
}

impl fmt::Debug for TraceSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TraceSource(..)")
    }
}
