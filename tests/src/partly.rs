//! Futures that are dropped halfway, and conditions that become true a little later.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

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
