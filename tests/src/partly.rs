//! Futures that are dropped halfway, and conditions that become true a little later, such as that nothing is left open.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use surreal_session::prelude::*;
use tokio::time::{Instant, sleep};

/// Polls `future` at most `times` times, each time it is woken, and then drops it. Returns `None` if it was not ready.
pub async fn poll_times<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// The output of a future after [`poll_times`], which may have ended it already.
pub async fn rest<F: Future>(early: Option<F::Output>, future: F) -> F::Output {
    match early {
        Some(output) => output,
        None => future.await,
    }
}

/// Repeats the check until it is true. For work that the server does in the background without an event to await.
///
/// # Panics
///
/// If it is still false after ten seconds.
pub async fn eventually(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(10);
    while !ask().await {
        assert!(Instant::now() < give_up, "still not true: {what}");
        sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until no transaction of the session is open: it then opens as many as the server (3.3.5) allows at once.
///
/// # Panics
///
/// If one is still open after ten seconds.
pub async fn no_transaction_is_open(session: &Session) {
    let mut open = Vec::new();
    eventually("no transaction is open", async || {
        open.extend(session.begin_transaction().await);
        open.len() == 64
    })
    .await;
}
