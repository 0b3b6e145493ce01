//! Frames that belong to no call, so that the timeout of the call that waited for one can name them.

use std::time::Duration;

use tokio::time::Instant;
use tracing::debug;

use crate::error::{Delivery, Error, ErrorKind, ServerError};
use crate::protocol::Operation;

/// The last of each kind, and when it came.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    /// An error that the server could not attribute to a request.
    refusal: Option<(Instant, ServerError)>,
    /// A description of a frame that the protocol does not allow.
    frame: Option<(Instant, String)>,
}

impl Ignored {
    pub(super) fn refusal(&mut self, error: ServerError) {
        debug!(%error, "the server reports an error without saying of which request");
        self.refusal = Some((Instant::now(), error));
    }

    pub(super) fn note(&mut self, frame: String) {
        debug!(frame, "ignored a frame");
        self.frame = Some((Instant::now(), frame));
    }

    /// The error of a call that was sent at this time and got no reply.
    pub(super) fn timeout(&self, operation: &Operation, patience: Duration, sent_at: Instant) -> Error {
        let timeout = |why: std::fmt::Arguments<'_>| {
            let message = format!("no reply to `{operation}` within {patience:?}{why}");
            Error::new(ErrorKind::Timeout, message).with_delivery(Delivery::Unknown)
        };
        match (&self.refusal, &self.frame) {
            (Some((at, error)), _) if *at >= sent_at => {
                timeout(format_args!("; the server could not read a request: {error}")).with_server(error.clone())
            }
            (_, Some((at, frame))) if *at >= sent_at => timeout(format_args!("; the server sent {frame}")),
            _ => timeout(format_args!("")),
        }
    }
}
