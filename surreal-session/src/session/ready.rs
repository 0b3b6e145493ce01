//! The way of a request to the link of its session, which is made there first if need be.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use super::standing::{OnExpiry, Standing};
use super::state::SessionInner;
use super::{renewal, restore};
use crate::connection::{Cleanup, Deadline, Lease, Link, note_retry};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{Operation, Request};

enum Look {
    On(Arc<Lease>),
    Making(watch::Receiver<Option<Result<()>>>),
    Nowhere,
}

impl SessionInner {
    /// Waits until the session stands on an open link, and makes it there if need be.
    ///
    /// The errors are those of the making: their delivery is that of its requests.
    pub(crate) async fn ready(self: &Arc<Self>, deadline: Deadline, operation: &Operation) -> Result<Arc<Lease>> {
        loop {
            let mut making = match self.look(deadline, operation)? {
                Look::On(lease) => return Ok(lease),
                Look::Making(making) => making,
                Look::Nowhere => {
                    let lease = self.client.place(self.purpose, deadline, operation).await?;
                    self.make_on(lease, deadline);
                    continue;
                }
            };
            let outcome = match self.client.within(deadline.at, making.wait_for(Option::is_some)).await {
                Some(outcome) => outcome.ok().and_then(|outcome| outcome.clone()),
                None => {
                    let message =
                        format!("`{operation}` failed: the session was not opened within {:?}", deadline.timeout);
                    return Err(Error::new(ErrorKind::Timeout, message).with_delivery(Delivery::Unknown));
                }
            };
            match outcome {
                // The link was lost meanwhile, or has no room.
                Some(Err(error)) if !matches!(error.kind(), ErrorKind::Disconnected | ErrorKind::TooManySessions) => {
                    return Err(error);
                }
                // It was detached as soon as it was made.
                Some(Ok(())) if self.is_closed() => return Err(Error::session_closed()),
                _ => {}
            }
        }
    }

    fn look(self: &Arc<Self>, deadline: Deadline, operation: &Operation) -> Result<Look> {
        self.client.start()?;
        let mut standing = self.standing();
        match &*standing {
            Standing::On(lease) if lease.link().is_alive() => return Ok(Look::On(Arc::clone(lease))),
            // A channel without a sender belongs to a runtime that was shut down.
            Standing::Making(making) if making.borrow().is_some() || making.has_changed().is_ok() => {
                return Ok(Look::Making(making.clone()));
            }
            Standing::Outdated(lease) if lease.link().is_alive() => {
                let lease = Arc::clone(lease);
                lease.link().forget_streams(self.id);
                return Ok(Look::Making(self.begin(&mut standing, lease, deadline)));
            }
            Standing::Lost(error) => return Err(error.clone()),
            Standing::On(lease) | Standing::Outdated(lease) => {
                self.client.check_replaceable(lease.link(), operation)?;
            }
            Standing::Nowhere | Standing::Making(_) => {}
        }
        *standing = Standing::Nowhere;
        Ok(Look::Nowhere)
    }

    /// Makes the session on a link, unless another caller has begun to.
    fn make_on(self: &Arc<Self>, lease: Lease, deadline: Deadline) {
        let mut standing = self.standing();
        if matches!(*standing, Standing::Nowhere) {
            self.begin(&mut standing, Arc::new(lease), deadline);
        }
    }

    fn begin(
        self: &Arc<Self>,
        standing: &mut Standing,
        lease: Arc<Lease>,
        deadline: Deadline,
    ) -> watch::Receiver<Option<Result<()>>> {
        let (done, making) = watch::channel(None);
        *standing = Standing::Making(making.clone());
        restore::begin(self, lease, deadline, done);
        making
    }

    /// Sends a finished request and returns the bytes of its result, and the link that it was sent on.
    ///
    /// A request that was not sent because its link was lost is sent on the next one. One that was sent is sent again only
    /// if it may be repeated.
    pub(super) async fn send(
        self: &Arc<Self>,
        request: Request,
        deadline: Deadline,
        cleanup: Cleanup,
        mut on_expiry: OnExpiry,
    ) -> Result<(Bytes, Link)> {
        loop {
            let lease = self.ready(deadline, &request.operation).await.map_err(|error| unsent(error, &request))?;
            let (link, seen) = (lease.link(), self.proofs());
            match link.call(request.clone(), deadline, cleanup).await {
                Err(error) if may_go_on(&error, &request) => note_retry(&error),
                Err(error) if error.is_session_expired() && on_expiry == OnExpiry::Renew => {
                    on_expiry = OnExpiry::Fail;
                    note_retry(&error);
                    self.renew(seen, error, deadline).await?;
                }
                result => return result.map(|reply| (reply, link.clone())),
            }
        }
    }

    /// Renews the session after the server has refused a call because it has expired. The call was not executed.
    pub(super) async fn renew(self: &Arc<Self>, seen: u64, expired: Error, deadline: Deadline) -> Result<()> {
        let renewed = renewal::renew(self, seen, deadline).await;
        renewed.map_err(|error| renewal::failed(expired, error))
    }
}

/// Returns true if a request whose link was lost is sent again.
pub(super) fn may_go_on(error: &Error, request: &Request) -> bool {
    let was_lost = error.kind() == ErrorKind::Disconnected && !error.is_final();
    was_lost && (error.delivery() == Delivery::NotSent || request.is_repeatable)
}

/// The error of a request whose session could not be opened.
pub(super) fn unsent(error: Error, request: &Request) -> Error {
    if error.delivery() == Delivery::NotSent || error.kind() == ErrorKind::Timeout {
        return error.with_delivery(Delivery::NotSent);
    }
    let what = format!("`{}` was not sent, because its session could not be opened", request.operation);
    error.in_context(what).with_delivery(Delivery::NotSent)
}
