//! A subscriber of `tracing` that records what one thread emits.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, OnceLock};

use tracing_core::dispatcher::{self, DefaultGuard};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Current, Id as SpanId, Record as Values};
use tracing_core::subscriber::NoSubscriber;
use tracing_core::{Dispatch, Event, Metadata, Subscriber};

/// A second dispatcher. While there is only one, `tracing` asks the thread that reaches a callsite first whether it is of
/// interest, and caches the answer, even if another thread has the dispatcher.
static OTHER: OnceLock<Dispatch> = OnceLock::new();

/// Records every span and event of one thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(pub(crate) Arc<Mutex<Trace>>);

#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) spans: Vec<(&'static Metadata<'static>, Fields)>,
    entered: Vec<usize>,
    /// Each event, with the span that it happened in.
    pub(crate) events: Vec<(Option<usize>, &'static Metadata<'static>, Fields)>,
}

#[derive(Debug, Default)]
pub(crate) struct Fields(pub(crate) BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

fn index(id: &SpanId) -> usize {
    usize::try_from(id.into_u64()).unwrap() - 1
}

impl Subscriber for Seen {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("surreal_session")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> SpanId {
        let mut trace = self.0.lock().unwrap();
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        trace.spans.push((attributes.metadata(), fields));
        SpanId::from_u64(u64::try_from(trace.spans.len()).unwrap())
    }

    fn record(&self, id: &SpanId, values: &Values<'_>) {
        values.record(&mut self.0.lock().unwrap().spans[index(id)].1);
    }

    fn current_span(&self) -> Current {
        let trace = self.0.lock().unwrap();
        trace.entered.last().map_or_else(Current::none, |index| {
            Current::new(SpanId::from_u64(u64::try_from(index + 1).unwrap()), trace.spans[*index].0)
        })
    }

    fn record_follows_from(&self, _: &SpanId, _: &SpanId) {}

    fn event(&self, event: &Event<'_>) {
        let mut trace = self.0.lock().unwrap();
        let mut fields = Fields::default();
        event.record(&mut fields);
        let within = trace.entered.last().copied();
        trace.events.push((within, event.metadata(), fields));
    }

    fn enter(&self, id: &SpanId) {
        self.0.lock().unwrap().entered.push(index(id));
    }

    fn exit(&self, _: &SpanId) {
        self.0.lock().unwrap().entered.pop();
    }
}

impl Seen {
    /// Starts to record this thread.
    pub(crate) fn start() -> (Self, DefaultGuard) {
        OTHER.get_or_init(|| Dispatch::new(NoSubscriber::default()));
        let seen = Self::default();
        let guard = dispatcher::set_default(&Dispatch::new(seen.clone()));
        (seen, guard)
    }

    /// The fields of the spans of calls.
    pub(crate) fn calls(&self) -> Vec<BTreeMap<&'static str, String>> {
        let trace = self.0.lock().unwrap();
        let calls = trace.spans.iter().filter(|(metadata, _)| metadata.name() == "call");
        calls.map(|(_, fields)| fields.0.clone()).collect()
    }
}
