//! The reply to a call that has ended at its deadline.
//!
//! A caller gets a timeout at its deadline, although the server may still carry out the request. A caller that has to know
//! when the request can no longer take effect holds a [`LateReply`].

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use crate::error::Result;
use crate::protocol::{Operation, Reply};

/// Receives the reply to a sent call after its deadline.
///
/// The driver keeps the call until the reply comes or the connection ends.
#[derive(Debug)]
pub(crate) struct LateReply {
    operation: Operation,
    receiver: oneshot::Receiver<Result<Reply>>,
}

impl LateReply {
    pub(super) fn new(operation: Operation) -> (oneshot::Sender<Result<Reply>>, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self { operation, receiver })
    }

    /// Returns this if the call has ended and its reply may still come.
    pub(super) fn if_pending(mut self) -> Option<Self> {
        match self.receiver.try_recv() {
            Err(TryRecvError::Closed) => None,
            Err(TryRecvError::Empty) => Some(self),
            // It came in the meantime: put it back for `result`.
            Ok(reply) => {
                let (sender, late) = Self::new(self.operation);
                // The receiver exists, so this cannot fail.
                let _ = sender.send(reply);
                Some(late)
            }
        }
    }

    /// Waits for the reply; `None` if the connection ends first.
    pub(crate) async fn result(self) -> Option<Result<Bytes>> {
        let reply = self.receiver.await.ok()?;
        Some(reply.and_then(|reply| reply.into_result(&self.operation)))
    }
}
