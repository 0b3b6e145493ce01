//! Changes of a session's identity.

use bytes::Bytes;

use super::auth::{AuthRequest, IdentitySource, Token, Tokens};
use super::change::{ChangeContext, SessionChange, is_unknown};
use super::state::{Confirmed, Identity, SessionInner};
use super::{info, subscription};
use crate::codec;
use crate::connection::{Cleanup, Deadline, StreamEnd};
use crate::error::{Delivery, Error, Result};
use crate::protocol::Request;

/// Signs in or up, or refreshes.
pub(super) struct SignIn(pub(super) AuthRequest);

pub(super) struct Authenticate {
    token: Token,
    request: AuthRequest,
}

pub(super) struct Reset;

pub(super) struct Invalidate;

/// Proves the identity of a session that is dropped if this fails.
pub(super) async fn prove(source: IdentitySource, context: &ChangeContext) -> Result<()> {
    match source {
        IdentitySource::Token(token) => context.carry_out(&Authenticate::new(token)?).await,
        IdentitySource::Credentials(request) => context.carry_out(&SignIn(request)).await.map(drop),
    }
}

/// Revokes the refresh token of a request. The session does not change.
pub(super) async fn revoke(request: AuthRequest, session: &SessionInner, deadline: Deadline) -> Result<()> {
    let revoke = request.finish(session.request(request.method()));
    let reply = session.call(revoke, deadline, Cleanup::Nothing).await;
    reply.map(drop).map_err(|error| request.refused(error))
}

impl Authenticate {
    pub(super) fn new(token: Token) -> Result<Self> {
        Ok(Self { request: AuthRequest::authenticate(&token)?, token })
    }
}

impl SessionChange for SignIn {
    type Output = Tokens;

    const CHANGES_IDENTITY: bool = true;

    fn request(&self, session: &SessionInner) -> Result<Request> {
        Ok(self.0.finish(session.request(self.0.method())))
    }

    fn doubt(&self, session: &SessionInner) {
        // An identity may bring its own namespace and database with it.
        session.confirmed().forget_selection();
    }

    async fn conclude(&self, context: &ChangeContext, reply: Result<Bytes>) -> Result<Tokens> {
        let Self(request) = self;
        let reply = reply.map_err(|error| request.refused(error));
        let tokens: Result<Tokens> =
            reply.and_then(|reply| codec::decode(&reply).map_err(|error| request.malformed(error)));
        note_identity(context, tokens.as_ref().map(|tokens| request.source(tokens))).await;
        tokens
    }
}

impl SessionChange for Authenticate {
    type Output = ();

    const CHANGES_IDENTITY: bool = true;

    fn request(&self, session: &SessionInner) -> Result<Request> {
        Ok(self.request.finish(session.request(self.request.method())))
    }

    fn doubt(&self, session: &SessionInner) {
        session.confirmed().forget_selection();
    }

    async fn conclude(&self, context: &ChangeContext, reply: Result<Bytes>) -> Result<()> {
        let reply = reply.map_err(|error| self.request.refused(error));
        note_identity(context, reply.as_ref().map(|_| IdentitySource::Token(self.token.clone()))).await;
        reply.map(drop)
    }
}

impl SessionChange for Reset {
    type Output = ();

    fn request(&self, session: &SessionInner) -> Result<Request> {
        Ok(session.request("reset").finish())
    }

    fn doubt(&self, session: &SessionInner) {
        session.confirmed().forget_selection();
        subscription::end_streams(session, StreamEnd::IdentityChanged);
    }

    async fn conclude(&self, context: &ChangeContext, reply: Result<Bytes>) -> Result<()> {
        end_streams(&context.session, &reply);
        if is_unknown(&reply) {
            let mut confirmed = context.session.confirmed();
            confirmed.forget_selection();
            confirmed.identity = Identity::Unknown;
            confirmed.doubted = confirmed.variables.keys().cloned().collect();
        } else if reply.is_err() {
            info::settle_selection(&context.session, context.deadline).await;
        }
        reply?;
        *context.session.confirmed() = Confirmed::default();
        Ok(())
    }
}

impl SessionChange for Invalidate {
    type Output = ();

    fn request(&self, session: &SessionInner) -> Result<Request> {
        Ok(session.request("invalidate").finish())
    }

    fn doubt(&self, session: &SessionInner) {
        subscription::end_streams(session, StreamEnd::IdentityChanged);
    }

    async fn conclude(&self, context: &ChangeContext, reply: Result<Bytes>) -> Result<()> {
        end_streams(&context.session, &reply);
        if is_unknown(&reply) {
            context.session.confirmed().identity = Identity::Unknown;
        }
        reply?;
        context.session.confirmed().identity = Identity::Anonymous;
        Ok(())
    }
}

/// Notes the new identity of a session, and asks for its consequences: for the streams, and for the selected namespace and
/// database. The caller gets the result of the change itself, whatever the replies to these questions are: the server
/// returns tokens only once.
async fn note_identity(context: &ChangeContext, source: Result<IdentitySource, &Error>) {
    let identity = match source {
        Ok(source) => Some(Identity::Proved(source)),
        Err(error) if error.delivery() == Delivery::Unknown => Some(Identity::Unknown),
        Err(_) => None,
    };
    if let Some(identity) = identity {
        {
            let mut confirmed = context.session.confirmed();
            confirmed.identity = identity;
            confirmed.forget_selection();
        }
        subscription::report_identity(&context.session, context.deadline).await;
    }
    info::settle_selection(&context.session, context.deadline).await;
}

/// Ends the streams of a session that was, or may have been, made anonymous: the server has dropped them.
fn end_streams<T>(session: &SessionInner, reply: &Result<T>) {
    if reply.is_ok() || is_unknown(reply) {
        subscription::end_streams(session, StreamEnd::IdentityChanged);
    }
}
