//! Calls that run to their end, whether or not their callers wait.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::connection::{Client, Deadline, not_driven};
use crate::error::{Delivery, Error, ErrorKind, Result};

/// A call in a task of its own, on the runtime of the connection. Dropping this does not stop it.
#[derive(Debug)]
pub(crate) struct Background<T> {
    pub(crate) task: JoinHandle<Result<T>>,
    begun: Begun,
    client: Client,
    deadline: Deadline,
}

/// Whether a call may have sent anything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Begun(Arc<AtomicBool>);

impl Begun {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl<T: Send + 'static> Background<T> {
    /// Starts `call`, which ends at its deadline and sets `begun` before it sends anything.
    pub(crate) fn spawn(
        client: &Client,
        begun: &Begun,
        deadline: Deadline,
        call: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Self {
        let task = client.runtime().spawn(call.in_current_span());
        Self { task, begun: begun.clone(), client: client.clone(), deadline }
    }

    /// Waits for the result.
    pub(crate) async fn result(&mut self) -> Result<T> {
        let error = match self.client.while_driven(self.deadline, &mut self.task).await {
            Some(Ok(result)) => return result,
            Some(Err(error)) => error,
            None => return Err(not_driven("the call did not end", self.deadline)),
        };
        let error = match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(error) => error,
        };
        let delivery = if self.begun.0.load(Ordering::Acquire) { Delivery::Unknown } else { Delivery::NotSent };
        let lost = Error::new(ErrorKind::Disconnected, "the runtime of the connection was shut down");
        Err(lost.with_delivery(delivery).with_source(error))
    }
}
