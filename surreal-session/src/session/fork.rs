//! A second session like the first.

use super::{NewSession, Session};
use crate::error::Result;

impl Session {
    /// Opens a new session on the same connection with this one's identity, namespace, database and variables.
    ///
    /// It starts from what the server last confirmed, after every change of this session that is under way; from then
    /// on the two have nothing in common.
    ///
    /// # Errors
    ///
    /// Like [`Surreal::new_session`](super::Surreal::new_session). [`Auth`](crate::ErrorKind::Auth) if the token that
    /// this session got when it signed in has expired meanwhile, or the [`Bearer`](super::Bearer) key was revoked: the
    /// new one then has to sign in itself. [`Timeout`](crate::ErrorKind::Timeout) if the server does not answer an earlier
    /// change of this session. [`Protocol`](crate::ErrorKind::Protocol) if the reply to a change of identity or of a
    /// variable could not be read, so that there is nothing certain to copy.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future detaches what was attached.
    pub async fn fork(&self) -> Result<Session> {
        let deadline = self.client().deadline(None);
        // As a change that changes nothing: its turn comes whether or not this future is polled on.
        let state = self.settled_state().await?;
        state.check_known()?;
        NewSession::like(self.client().clone(), state).open_within(deadline).await
    }
}
