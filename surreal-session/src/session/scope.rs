//! The one door from the typed layers to the wire.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Sleep;

use super::state::Shared;
use super::streams::{Followed, StreamGuard};
use crate::connection::Cleanup;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{LiveId, Request, RequestWriter};

/// Where a request runs: a connection and one of its sessions.
///
/// Opaque: it is what [`Queryable`](crate::Queryable) hands to the builders.
#[derive(Debug, Clone)]
pub struct Scope {
    session: Arc<Shared>,
}

impl Scope {
    pub(super) fn new(session: &Arc<Shared>) -> Self {
        Self { session: Arc::clone(session) }
    }

    /// Starts a request of this scope.
    pub(crate) fn request(&self, method: &'static str) -> RequestWriter {
        RequestWriter::new(self.session.handle.next_id(), method, self.session.in_envelope())
    }

    /// Sends a finished request and gives the bytes of its result.
    pub(crate) async fn call(&self, request: Request, deadline: Option<Duration>) -> Result<Bytes> {
        if self.session.is_closed() {
            return Err(Error::session_closed());
        }
        let result = self.session.handle.call(request, deadline, Cleanup::Nothing).await;
        result.map_err(|error| self.explain(error))
    }

    /// Sends a finished `query` request that ends with a LIVE SELECT, and gives the events beside its result.
    pub(crate) async fn follow(
        &self,
        request: Request,
        deadline: Option<Duration>,
        capacity: usize,
    ) -> Result<(Bytes, Followed)> {
        if self.session.is_closed() {
            return Err(Error::session_closed());
        }
        // Counted before the request is sent, so that a change of identity that runs beside it looks for streams.
        let guard = StreamGuard::new(&self.session);
        let result = self.session.handle.follow(request, deadline, self.session.in_envelope(), capacity).await;
        let (reply, subscription) = result.map_err(|error| self.explain(error))?;
        Ok((reply, Followed { subscription, _guard: guard }))
    }

    /// Gives the events of a live query that exists already.
    pub(crate) fn subscribe(&self, id: LiveId, capacity: usize) -> Result<Followed> {
        if self.session.is_closed() {
            return Err(Error::session_closed());
        }
        let guard = StreamGuard::new(&self.session);
        let subscription = self.session.handle.subscribe(id, self.session.in_envelope(), capacity)?;
        Ok(Followed { subscription, _guard: guard })
    }

    /// Kills a live query and ends its streams.
    ///
    /// The server (3.3.5) lets kills at the same time conflict with each other, so that trying again succeeds.
    pub(crate) async fn kill(&self, id: LiveId) -> Result<()> {
        let mut tries_left = KILL_TRIES;
        loop {
            let request = Request::kill(self.session.handle.next_id(), self.session.in_envelope(), id);
            match self.call(request, None).await {
                Err(error) if error.is_conflict() && tries_left > 0 => tries_left -= 1,
                killed => {
                    killed?;
                    self.session.handle.killed(id);
                    return Ok(());
                }
            }
        }
    }

    /// A timer, wherever it is asked for.
    pub(crate) fn sleep(&self, time: Duration) -> Sleep {
        let _runtime = self.session.handle.runtime().enter();
        tokio::time::sleep(time)
    }

    /// The size of the largest message that is sent.
    pub(crate) fn max_message_bytes(&self) -> usize {
        self.session.handle.max_message_bytes()
    }

    /// A session that was closed while the request was under way is unknown to the server.
    fn explain(&self, error: Error) -> Error {
        let unknown = error.server().is_some_and(|server| server.is_detail("Session"));
        if unknown && self.session.is_closed() { error.with_kind(ErrorKind::SessionClosed) } else { error }
    }
}

/// Refuses a name that cannot be a variable, or that the server keeps for itself (3.3.5).
pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        let advice = "a variable's name is made of ASCII letters, digits and underscores, without the `$`";
        return Err(Error::argument(format!("`{}` cannot name a variable: {advice}", name.escape_debug())));
    }
    if PROTECTED.contains(&name) {
        return Err(Error::argument(format!("`${name}` is set by the server and cannot be given a value")));
    }
    Ok(())
}

const KILL_TRIES: u32 = 100;

const PROTECTED: [&str; 4] = ["access", "auth", "token", "session"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_be_variables_are_refused() {
        for (name, accepted) in [
            ("a", true),
            ("_p0", true),
            ("tenant_1", true),
            ("", false),
            ("$a", false),
            ("a b", false),
            ("ä", false),
            ("a\0", false),
            ("auth", false),
            ("session", false),
        ] {
            assert_eq!(check_name(name).is_ok(), accepted, "{name}");
        }
    }
}
