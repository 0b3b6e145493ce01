//! Traces of transactions.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use surreal_session::prelude::*;
use tracing_core::dispatcher::{self, DefaultGuard};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Current, Id as SpanId, Record as Values};
use tracing_core::{Dispatch, Event, Metadata, Subscriber, callsite};

use super::{Account, new, two};

/// Records every span and event of one thread.
#[derive(Debug, Clone, Default)]
struct Seen(Arc<Mutex<Trace>>);

#[derive(Debug, Default)]
struct Trace {
    spans: Vec<(&'static Metadata<'static>, Fields)>,
    entered: Vec<usize>,
    /// Each event, with the span that it happened in.
    events: Vec<(Option<usize>, Fields)>,
}

#[derive(Debug, Default)]
struct Fields(BTreeMap<&'static str, String>);

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
        trace.events.push((within, fields));
    }

    fn enter(&self, id: &SpanId) {
        self.0.lock().unwrap().entered.push(index(id));
    }

    fn exit(&self, _: &SpanId) {
        self.0.lock().unwrap().entered.pop();
    }
}

impl Seen {
    /// The transactions: how many runs came before, and how they ended.
    fn transactions(&self) -> Vec<(String, String)> {
        let trace = self.0.lock().unwrap();
        let transactions = trace.spans.iter().filter(|(metadata, _)| metadata.name() == "transaction");
        transactions.map(|(_, Fields(fields))| (fields["retry"].clone(), fields["outcome"].clone())).collect()
    }
}

/// Starts to record this thread.
///
/// If another thread reaches a callsite for the first time at that moment, `tracing` may cache that no subscriber is
/// interested in it. So all callsites are reached once before, and their interest is rebuilt after.
async fn watch(session: &Session) -> (Seen, DefaultGuard) {
    {
        let _guard = dispatcher::set_default(&Dispatch::new(Seen::default()));
        let tx = session.begin_transaction().await.unwrap();
        tx.execute("RETURN 1").await.unwrap();
        tx.commit().await.unwrap();
    }
    let seen = Seen::default();
    let guard = dispatcher::set_default(&Dispatch::new(seen.clone()));
    callsite::rebuild_interest_cache();
    (seen, guard)
}

#[tokio::test]
async fn each_transaction_is_a_span_with_its_outcome() {
    let (_db, session, other) = two().await;
    let (seen, _guard) = watch(&session).await;

    let tx = session.begin_transaction().await.unwrap();
    tx.create::<Account>().id("a").content(new(1)).await.unwrap();
    tx.commit().await.unwrap();
    session.begin_transaction().await.unwrap().cancel().await.unwrap();
    drop(session.begin_transaction().await.unwrap());
    let tx = session.begin_transaction().await.unwrap();
    drop(tx.query("THROW 'no'").await.unwrap());
    tx.commit().await.unwrap_err();
    let mut conflict = true;
    session
        .transaction()
        .run(|tx| {
            let conflict = std::mem::take(&mut conflict);
            let other = &other;
            async move {
                tx.execute("UPDATE account:a SET balance += 1").await?;
                if conflict {
                    other.execute("UPDATE account:a SET balance += 1").await?;
                }
                Ok(())
            }
        })
        .await
        .unwrap();

    let expected = [
        ("0", "committed"),
        ("0", "cancelled"),
        ("0", "dropped"),
        ("0", "failed"),
        ("0", "conflict"),
        ("1", "committed"),
    ];
    let expected: Vec<_> = expected.iter().map(|(retry, outcome)| ((*retry).into(), (*outcome).into())).collect();
    assert_eq!(seen.transactions(), expected);
}

#[tokio::test]
async fn requests_of_a_transaction_are_seen_in_its_span_without_their_values() {
    let (_db, session, _other) = two().await;
    let (seen, _guard) = watch(&session).await;

    let tx = session.begin_transaction().await.unwrap();
    tx.set("card", "4242-4242").await.unwrap();
    tx.execute("RETURN [$card, $b]").bind("b", "4242-4242").await.unwrap();
    let id = tx.id().to_string();
    tx.commit().await.unwrap();

    let trace = seen.0.lock().unwrap();
    for method in ["begin", "query", "commit"] {
        let request = |fields: &Fields| fields.0.get("method").is_some_and(|of| of == method);
        let within: Vec<_> = trace.events.iter().filter(|(_, fields)| request(fields)).map(|(span, _)| *span).collect();
        assert_eq!(within.len(), 2, "a request and a reply: {trace:?}");
        for span in within {
            let (metadata, Fields(fields)) = &trace.spans[span.unwrap()];
            assert_eq!((metadata.name(), &fields["id"]), ("transaction", &id));
        }
    }
    assert!(!format!("{trace:?}").contains("4242"), "{trace:?}");
}
