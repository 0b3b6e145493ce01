//! The last frames that belong to no call. The timeout of a call that waited meanwhile names them.

use std::time::Duration;

use tokio::time::Instant;
use tracing::debug;

use crate::error::{Delivery, Error, ErrorKind, ServerError};
use crate::protocol::Operation;

/// The last frame of each kind and its time of arrival.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    /// An error that the server could not attribute to a request.
    refusal: Option<(Instant, ServerError)>,
    /// A description of a frame that the protocol does not allow.
    frame: Option<(Instant, String)>,
}

impl Ignored {
    pub(super) fn refusal(&mut self, error: ServerError) {
        debug!(error = %error.status(), "the server reports an error without the id of a request");
        self.refusal = Some((Instant::now(), error));
    }

    pub(super) fn note(&mut self, frame: String) {
        debug!(frame, "ignored a frame");
        self.frame = Some((Instant::now(), frame));
    }

    /// Returns the error of a call that was sent at this time and got no reply.
    pub(super) fn timeout(&self, operation: &Operation, time: Duration, sent_at: Instant) -> Error {
        let timeout = |why: std::fmt::Arguments<'_>| {
            let message = format!("no reply to `{operation}` within {time:?}{why}");
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
