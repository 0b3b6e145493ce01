//! Calls write their own requests while the socket of their link is free.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use ciborium::Value;
use surreal_session::prelude::*;
use surreal_session_tests::{Peer, place};
use tokio::runtime::Builder;
use tracing_core::span::{Attributes, Current, Id as SpanId, Record as Values};
use tracing_core::{Dispatch, Event, Metadata, Subscriber, dispatcher};

/// A peer on a thread of its own, which answers every request. Returns its URL and the methods of the requests.
fn peer() -> (String, mpsc::Receiver<String>) {
    let (methods, received) = mpsc::channel();
    let (url, started) = mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let peer = Peer::start(move |mut conversation| {
                let methods = methods.clone();
                async move {
                    while let Some((id, method)) = conversation.any_request().await {
                        conversation.reply(id, Value::Null).await;
                        let _ = methods.send(method);
                    }
                }
            });
            url.send(peer.await.url().to_owned()).unwrap();
            // Longer than the test: the thread ends with the process.
            tokio::time::sleep(Duration::from_mins(10)).await;
        });
    });
    (started.recv().unwrap(), received)
}

#[tokio::test]
async fn request_is_written_by_the_first_poll_of_its_call() {
    let (url, received) = peer();
    let db = Surreal::connect(&url).await.unwrap();
    db.ping().await.unwrap();
    while received.recv_timeout(Duration::from_millis(200)).is_ok() {}

    let mut call = pin!(db.version().into_future());
    let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Pending));
    // The runtime, and with it the task of the link, does not run while this thread waits.
    assert_eq!(received.recv_timeout(Duration::from_secs(10)).unwrap(), "version");
    // The reply has no version.
    call.await.unwrap_err();
    db.ping().await.unwrap();
}

/// Panics at the event of a request, once.
#[derive(Default)]
struct PanicsAtRequest(AtomicBool);

impl Subscriber for PanicsAtRequest {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "surreal_session::connection::driver"
    }

    fn new_span(&self, _: &Attributes<'_>) -> SpanId {
        SpanId::from_u64(1)
    }

    fn record(&self, _: &SpanId, _: &Values<'_>) {}

    fn record_follows_from(&self, _: &SpanId, _: &SpanId) {}

    fn event(&self, event: &Event<'_>) {
        let is_request = event.metadata().fields().field("bytes").is_some();
        assert!(!is_request || self.0.swap(true, Ordering::Relaxed), "the subscriber panics");
    }

    fn enter(&self, _: &SpanId) {}

    fn exit(&self, _: &SpanId) {}

    fn current_span(&self) -> Current {
        Current::none()
    }
}

#[tokio::test]
async fn panic_while_a_call_writes_ends_its_link_and_not_the_call_of_the_program() {
    let (db, session) = place().await;
    let error = {
        let _panics = dispatcher::set_default(&Dispatch::new(PanicsAtRequest::default()));
        tracing_core::callsite::rebuild_interest_cache();
        session.execute("RETURN 1").await.unwrap_err()
    };
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
    let returned: i64 = session.query("RETURN 1").await.unwrap().take(0).unwrap();
    assert_eq!(returned, 1);
    assert_eq!(db.status().sockets(), 1);
}
