//! The proof of a session's identity on a link.
//!
//! It is the same for a session that is opened, restored or renewed: by the token while the server accepts it, else by the
//! refresh token, else by the credentials. Sessions that share their tokens get new ones one at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{OwnedMutexGuard, watch};
use tokio::time::Instant;
use tracing::Instrument;

use super::auth::{AuthRequest, FACTS, Facts, IdentitySource, Token, Tokens};
use super::state::SessionInner;
use crate::codec;
use crate::connection::{Cleanup, Deadline, LateReply, Lease, Link, Retry};
use crate::error::{Delivery, Error, ErrorKind, Result};

/// The proof of the identity of one session on one link.
pub(super) struct Proof<'a> {
    pub(super) session: &'a SessionInner,
    pub(super) link: &'a Link,
    pub(super) deadline: Deadline,
    /// The gate of a session that is in use.
    pub(super) gate: Option<&'a Gate<'a>>,
}

/// Keeps the calls of a session waiting while its identity may be another one: from a request that proves it until this is
/// dropped, unless the server has refused the request.
pub(super) struct Gate<'a> {
    session: &'a SessionInner,
    lease: &'a Arc<Lease>,
    closed: Mutex<Option<watch::Sender<Option<Result<()>>>>>,
}

impl Proof<'_> {
    /// Proves the identity by the first means that works.
    pub(super) async fn run(&self, source: &IdentitySource) -> Result<()> {
        loop {
            let seen = source.generation();
            if let Some(token) = source.access_token() {
                match self.authenticate(&token).await {
                    Err(error) if is_refusal(&error) => source.refuse(seen, error),
                    proved => return proved,
                }
            }
            let renewal = self.session.client.within(self.deadline.at, source.renewal()).await;
            let renewal = renewal.ok_or_else(|| self.deadline.timed_out_waiting_for("the renewal of the identity"))?;
            if source.generation() == seen {
                return self.renew(source, renewal).await;
            }
        }
    }

    /// Asks for the server's view of the identity.
    pub(super) async fn facts(&self) -> Result<Facts> {
        let request = self.session.request("query").text(FACTS).finish();
        let asked = Instant::now();
        Facts::read(&self.link.call(request, self.deadline, Cleanup::Nothing).await?, asked)
    }

    async fn authenticate(&self, token: &Token) -> Result<()> {
        let request = AuthRequest::authenticate(token)?;
        let (reply, _) = self.send(&request).await;
        reply.map(drop).map_err(|error| request.refused(error))
    }

    /// Gets new tokens, which prove the identity.
    async fn renew(&self, source: &IdentitySource, renewal: OwnedMutexGuard<()>) -> Result<()> {
        let renewal = Arc::new(renewal);
        if let Some(request) = source.take_signup() {
            return self.sign_up(request, source, renewal).await;
        }
        if let Some(tokens) = source.refresh_tokens() {
            match self.sign_in(&AuthRequest::refresh(&tokens)?, source, &renewal).await {
                Err(error) if is_refusal(&error) => source.drop_refresh_token(error),
                Err(error) => {
                    if error.delivery() == Delivery::Unknown {
                        source.doubt_refresh_token();
                    }
                    return Err(error);
                }
                Ok(()) => return Ok(()),
            }
        }
        let Some(credentials) = source.credentials() else { return Err(source.exhausted()) };
        let request = self.session.client.within(self.deadline.at, credentials.request()).await;
        let waited_for = "the function that provides credentials";
        let request = request.ok_or_else(|| self.deadline.timed_out_waiting_for(waited_for))??;
        self.sign_in(&request, source, &renewal).await
    }

    /// Creates the user that the session begins with. This is never repeated, so that it creates one user at most.
    async fn sign_up(
        &self,
        request: AuthRequest,
        source: &IdentitySource,
        renewal: Arc<OwnedMutexGuard<()>>,
    ) -> Result<()> {
        let signed_up = self.sign_in(&request, source, &renewal).await;
        if let Err(error) = &signed_up {
            match error.delivery() {
                Delivery::NotSent => source.put_back_signup(request),
                Delivery::Unknown => source.give_up(lost_signup(error.clone())),
                _ => source.give_up(error.clone()),
            }
        }
        signed_up
    }

    async fn sign_in(
        &self,
        request: &AuthRequest,
        source: &IdentitySource,
        renewal: &Arc<OwnedMutexGuard<()>>,
    ) -> Result<()> {
        let retry = Retry::times(&self.session.client, CONFLICT_RETRIES, self.deadline);
        // After a conflict the server has rolled everything back, and a refresh token is still good.
        retry.run(|| self.try_sign_in(request, source, renewal)).await
    }

    async fn try_sign_in(
        &self,
        request: &AuthRequest,
        source: &IdentitySource,
        renewal: &Arc<OwnedMutexGuard<()>>,
    ) -> Result<()> {
        let (reply, late) = self.send(request).await;
        if let Some(late) = late {
            let keep = keep_late_tokens(late, request.clone(), source.clone(), Arc::clone(renewal));
            self.session.client.spawn(keep.in_current_span());
        }
        let reply = reply.map_err(|error| request.refused(error))?;
        source.renew(request, read_tokens(request, &reply)?);
        Ok(())
    }

    async fn send(&self, request: &AuthRequest) -> (Result<Bytes>, Option<LateReply>) {
        let request = request.finish(self.session.request(request.method()));
        if let Some(gate) = self.gate {
            gate.close();
        }
        let (reply, late) = self.link.call_with_late_reply(request, self.deadline).await;
        if let (Some(gate), Err(error)) = (self.gate, &reply)
            && error.delivery() != Delivery::Unknown
        {
            gate.open();
        }
        (reply, late)
    }
}

impl<'a> Gate<'a> {
    pub(super) fn new(session: &'a SessionInner, lease: &'a Arc<Lease>) -> Self {
        Self { session, lease, closed: Mutex::default() }
    }

    fn closed(&self) -> MutexGuard<'_, Option<watch::Sender<Option<Result<()>>>>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let mut closed = self.closed();
        if closed.is_none() {
            *closed = self.session.leave(self.lease);
        }
    }

    fn open(&self) {
        if let Some(closed) = self.closed().take() {
            self.session.come_back_to(self.lease);
            closed.send_replace(Some(Ok(())));
        }
    }
}

impl Drop for Gate<'_> {
    fn drop(&mut self) {
        self.open();
    }
}

/// Waits for the reply to a request whose deadline has passed: a refresh token works once, and the server returns the tokens
/// that follow it only once.
async fn keep_late_tokens(late: LateReply, request: AuthRequest, source: IdentitySource, held: impl Send) {
    if let Some(Ok(reply)) = late.result().await
        && let Ok(tokens) = read_tokens(&request, &reply)
    {
        source.renew(&request, tokens);
    }
    drop(held);
}

fn read_tokens(request: &AuthRequest, reply: &[u8]) -> Result<Tokens> {
    codec::decode(reply).map_err(|error| request.malformed(error))
}

/// Returns true if the server has refused a proof, so that another one is needed.
pub(super) fn is_refusal(error: &Error) -> bool {
    error.is_auth() && error.delivery() == Delivery::Answered
}

fn lost_signup(source: Error) -> Error {
    let message =
        "the reply to `signup` was lost: the user may have been created, so the session signs up no second time";
    Error::new(ErrorKind::Auth, message).with_delivery(Delivery::Unknown).with_source(source)
}

/// How often a proof is repeated whose clause lost against a concurrent write. The server reports other failures alike.
const CONFLICT_RETRIES: u32 = 5;
