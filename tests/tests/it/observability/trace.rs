//! Traces that go on in the server.
//!
//! The server's spans come from its own threads, so that only a subscriber of the whole process gets them. Other tests must
//! not have it: the test runs in another process.

use std::env;
use std::process::Command;
use std::sync::{Arc, Mutex};

use opentelemetry::global;
use opentelemetry::trace::{SpanId, SpanKind, TracerProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use serde::{Deserialize, Serialize};
use surreal_session::connection::TraceContext;
use surreal_session::prelude::*;
use surreal_session_embedded::Embedded;
use tracing::{Instrument, Level, info_span};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

#[derive(Debug, Serialize, Deserialize, Record)]
struct Account {
    id: Id<Account>,
    balance: i64,
}

/// Keeps the spans that have ended.
#[derive(Debug, Clone, Default)]
struct Collected(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Collected {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

impl Collected {
    /// The only span with this name.
    fn one(&self, name: &str) -> SpanData {
        let spans = self.0.lock().unwrap();
        let found: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
        assert_eq!(found.len(), 1, "{name} in {:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>());
        found[0].clone()
    }

    /// The server's spans of requests whose parent is `parent`.
    fn of_server(&self, parent: SpanId) -> Vec<SpanData> {
        let spans = self.0.lock().unwrap();
        let is_child = |span: &&SpanData| span.name.starts_with("surrealdb.rpc/") && span.parent_span_id == parent;
        spans.iter().filter(is_child).cloned().collect()
    }
}

#[test]
fn spans_of_the_server_belong_to_the_spans_of_the_calls() {
    let child = "observability::trace::in_another_process";
    let run = Command::new(env::current_exe().unwrap()).args(["--exact", child, "--ignored"]).output().unwrap();
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && output.contains("1 passed"), "{output}{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
#[ignore = "run by `spans_of_the_server_belong_to_the_spans_of_the_calls`"]
fn in_another_process() {
    let spans = Collected::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
    global::set_text_map_propagator(TraceContextPropagator::new());
    let filter = Targets::new()
        .with_target("trace", Level::INFO)
        .with_target("surreal_session::call", Level::INFO)
        .with_target("surrealdb_server::telemetry::traces::rpc", Level::DEBUG);
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(filter).with(layer)).unwrap();

    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let server = Embedded::start().await.unwrap();
        let root = Root::new(server.username(), server.password());
        let db = Surreal::connect(server.url()).trace_context(TraceContext::current).await.unwrap();
        let session = db.new_session().signin(root).use_ns("traces").use_db("test").await.unwrap();
        let work = async {
            session.create::<Account>().id("secret").content(NewAccount { balance: 1 }).await.unwrap();
            session
                .transaction()
                .run(async |tx| tx.update::<Account>().id("secret").set(|a| a.balance.add(1)).await)
                .await
        };
        work.instrument(info_span!(target: "trace", "program")).await.unwrap();

        let untraced = Surreal::connect(server.url()).await.unwrap();
        untraced.version().await.unwrap();
        server.shutdown().await;
    });

    let program = spans.one("program");
    let create = spans.one("CREATE account");
    assert_eq!(create.parent_span_id, program.span_context.span_id());
    assert_eq!(create.span_kind, SpanKind::Client);
    // The requests of a transaction are sent by other tasks, in the span of their call all the same.
    let run = spans.one("transaction");
    assert_eq!(run.parent_span_id, program.span_context.span_id());
    for (name, request) in
        [("CREATE account", "query"), ("begin", "begin"), ("UPDATE account", "query"), ("commit", "commit")]
    {
        let call = spans.one(name);
        let of_server = spans.of_server(call.span_context.span_id());
        assert_eq!(of_server.len(), 1, "{name}: {of_server:?}");
        assert_eq!(of_server[0].name, format!("surrealdb.rpc/{request}"));
        assert_eq!(of_server[0].span_context.trace_id(), program.span_context.trace_id());
        assert!(of_server[0].parent_span_is_remote, "{name}");
    }
    let version = spans.one("version");
    assert_eq!(spans.of_server(version.span_context.span_id()).len(), 0);
    assert!(!format!("{:?}", spans.0.lock().unwrap()).contains("secret"));
}
