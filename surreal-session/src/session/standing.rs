//! Where a session stands: on which link, or on none.

use std::sync::Arc;

use tokio::sync::watch;

use crate::connection::Lease;
use crate::error::{Error, Result};

/// The place of a session.
#[derive(Debug, Default)]
pub(super) enum Standing {
    /// On no link: it was not used yet, or its link was lost.
    #[default]
    Nowhere,
    /// It is being made on a link. The channel gets the outcome.
    Making(watch::Receiver<Option<Result<()>>>),
    On(Arc<Lease>),
    /// It was made on a link from a recipe that has changed since.
    Outdated(Arc<Lease>),
    /// It cannot be made again.
    Lost(Error),
}

/// What a call does that is refused because its session has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnExpiry {
    /// Renews the session, and is sent again.
    Renew,
    /// Fails: it has the turn that a renewal needs, or was sent again.
    Fail,
}
