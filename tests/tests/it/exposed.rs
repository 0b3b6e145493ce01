//! Passwords on connections that others can read: a warning, once, without the password.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use surreal_session::prelude::*;
use surreal_session_tests::Peer;
use tokio::time::timeout;
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id as SpanId, Record as Values};
use tracing_core::{Dispatch, Event, Level, Metadata, Subscriber, callsite, dispatcher};

/// Longer than any call here may take.
const HANGS: Duration = Duration::from_secs(20);

/// Collects the warnings of one thread.
#[derive(Debug, Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Visit for Warnings {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        self.0.lock().unwrap().push(format!("{value:?}"));
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("surreal_session") && *metadata.level() == Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> SpanId {
        SpanId::from_u64(1)
    }

    fn record(&self, _: &SpanId, _: &Values<'_>) {}

    fn record_follows_from(&self, _: &SpanId, _: &SpanId) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &SpanId) {}

    fn exit(&self, _: &SpanId) {}
}

/// The warnings of two sign-ins in each of two sessions at this host.
fn warnings(host: &str) -> Vec<String> {
    let warnings = Warnings::default();
    let _guard = dispatcher::set_default(&Dispatch::new(warnings.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let peer = Peer::start(async |mut client| {
            while let Some((id, _)) = client.request().await {
                client.reply(id, ciborium::Value::Null).await;
            }
        })
        .await;
        // Another test may have reached the callsite first, when no subscriber was interested.
        callsite::rebuild_interest_cache();
        let db = Surreal::connect(peer.url().replace("127.0.0.1", host)).await.unwrap();
        let session = timeout(HANGS, db.new_session().into_future()).await.expect("hangs").unwrap();
        for session in [&db, &session, &db, &session] {
            let signin = session.signin(Root::new("root", "the password")).into_future();
            // The peer gives no token.
            timeout(HANGS, signin).await.expect("hangs").unwrap_err();
        }
    });
    let warnings = warnings.0.lock().unwrap();
    warnings.clone()
}

#[test]
fn password_to_another_machine_without_tls_is_a_warning_once() {
    // The address of this machine on every network is not its loopback.
    let warnings = warnings("0.0.0.0");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("use `wss://`") && !warnings[0].contains("the password"), "{warnings:?}");
}

#[test]
fn password_to_this_machine_is_no_warning() {
    for host in ["127.0.0.1", "localhost"] {
        assert_eq!(warnings(host), Vec::<String>::new());
    }
}
