//! Changes of a session's identity.

use std::sync::Arc;

use bytes::Bytes;

use super::auth::{AuthRequest, IdentitySource, Token, Tokens};
use super::change::{SessionChange, is_unknown};
use super::recipe::{Doubts, Identity, Recipe};
use super::state::SessionInner;
use super::turn::ChangeContext;
use super::{info, renewal, subscription};
use crate::codec;
use crate::connection::{Cleanup, Deadline, StreamEnd};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::Request;

/// Signs in or up, or refreshes.
pub(super) struct SignIn {
    request: AuthRequest,
    /// The tokens that are refreshed.
    used: Option<Tokens>,
}

pub(super) struct Authenticate {
    token: Token,
    request: AuthRequest,
}

pub(super) struct Reset;

pub(super) struct Invalidate;

/// Revokes the refresh token of a request. The session does not change.
pub(super) async fn revoke(request: AuthRequest, session: &Arc<SessionInner>, deadline: Deadline) -> Result<()> {
    let revoke = request.finish(session.request(request.method()));
    let reply = session.call(revoke, deadline, Cleanup::Nothing).await;
    reply.map(drop).map_err(|error| request.refused(error))
}

impl SignIn {
    pub(super) fn new(request: AuthRequest) -> Self {
        Self { request, used: None }
    }

    pub(super) fn refresh(tokens: &Tokens) -> Result<Self> {
        Ok(Self { request: AuthRequest::refresh(tokens)?, used: Some(tokens.clone()) })
    }

    /// What proves the identity again. A refresh token that forks have too was used for them as well.
    fn source(&self, session: &SessionInner, tokens: &Tokens) -> IdentitySource {
        if let (Some(used), Identity::Proved(ours)) = (&self.used, &session.confirmed().recipe.identity)
            && ours.follow(used, tokens.clone())
        {
            return ours.clone();
        }
        session.adopt(IdentitySource::of_reply(&self.request, tokens.clone()))
    }
}

impl Authenticate {
    pub(super) fn new(token: Token) -> Result<Self> {
        Ok(Self { request: AuthRequest::authenticate(&token)?, token })
    }
}

impl SessionChange for SignIn {
    type Output = Tokens;

    const CHANGES_IDENTITY: bool = true;
    const REVIVES: bool = true;

    fn request(&self, session: &SessionInner) -> Result<Request> {
        Ok(self.request.finish(session.request(self.request.method())))
    }

    fn doubt(&self, session: &SessionInner) {
        // An identity may bring its own namespace and database with it.
        session.confirmed().doubts.selection = true;
    }

    async fn conclude(&self, context: &ChangeContext, reply: Result<Bytes>) -> Result<Tokens> {
        let request = &self.request;
        let reply = reply.map_err(|error| request.refused(error));
        let tokens: Result<Tokens> =
            reply.and_then(|reply| codec::decode(&reply).map_err(|error| request.malformed(error)));
        note_identity(context, tokens.as_ref().map(|tokens| self.source(&context.session, tokens))).await;
        tokens
    }
}

impl SessionChange for Authenticate {
    type Output = ();

    const CHANGES_IDENTITY: bool = true;
    const REVIVES: bool = true;

    fn request(&self, session: &SessionInner) -> Result<Request> {
        Ok(self.request.finish(session.request(self.request.method())))
    }

    fn doubt(&self, session: &SessionInner) {
        session.confirmed().doubts.selection = true;
    }

    async fn conclude(&self, context: &ChangeContext, reply: Result<Bytes>) -> Result<()> {
        let reply = reply.map_err(|error| self.request.refused(error));
        note_identity(
            context,
            reply.as_ref().map(|_| context.session.adopt(IdentitySource::of_token(self.token.clone()))),
        )
        .await;
        reply.map(drop)
    }
}

impl SessionChange for Reset {
    type Output = ();
    const REVIVES: bool = true;

    fn request(&self, session: &SessionInner) -> Result<Request> {
        Ok(session.request("reset").finish())
    }

    fn doubt(&self, session: &SessionInner) {
        session.confirmed().doubts.selection = true;
        subscription::end_streams(session, StreamEnd::IdentityChanged);
    }

    async fn conclude(&self, context: &ChangeContext, reply: Result<Bytes>) -> Result<()> {
        end_streams(&context.session, &reply);
        if is_unknown(&reply) {
            let mut confirmed = context.session.confirmed();
            (confirmed.doubts.identity, confirmed.doubts.selection) = (true, true);
            confirmed.doubts.variables = confirmed.recipe.variables.0.keys().cloned().collect();
        } else if reply.is_err() {
            info::settle_selection(&context.session, context.deadline).await;
        }
        reply?;
        context.session.change_recipe(|confirmed| {
            (confirmed.recipe, confirmed.doubts) = (Recipe::default(), Doubts::default());
            confirmed.facts = None;
        });
        Ok(())
    }
}

impl SessionChange for Invalidate {
    type Output = ();
    const REVIVES: bool = true;

    fn request(&self, session: &SessionInner) -> Result<Request> {
        Ok(session.request("invalidate").finish())
    }

    fn doubt(&self, session: &SessionInner) {
        subscription::end_streams(session, StreamEnd::IdentityChanged);
    }

    async fn conclude(&self, context: &ChangeContext, reply: Result<Bytes>) -> Result<()> {
        end_streams(&context.session, &reply);
        if is_unknown(&reply) {
            context.session.confirmed().doubts.identity = true;
        }
        reply?;
        context.session.change_recipe(|confirmed| {
            confirmed.recipe.identity = Identity::Anonymous;
            (confirmed.doubts.identity, confirmed.facts) = (false, None);
        });
        Ok(())
    }
}

/// Notes the new identity of a session, and asks for its consequences: for the streams, and for the selected namespace and
/// database. The caller gets the result of the change itself, whatever the replies to these questions are: the server
/// returns tokens only once.
async fn note_identity(context: &ChangeContext, source: Result<IdentitySource, &Error>) {
    let session = &context.session;
    match source {
        Ok(source) => session.change_recipe(|confirmed| confirmed.identify(source)),
        Err(error) if error.delivery() == Delivery::Unknown && error.kind() != ErrorKind::Disconnected => {
            let mut confirmed = session.confirmed();
            (confirmed.doubts.identity, confirmed.doubts.selection) = (true, true);
        }
        Err(_) => return info::settle_selection(session, context.deadline).await,
    }
    info::report_identity(session, context.deadline).await;
    info::settle_facts(session, context.deadline).await;
    renewal::schedule(session);
}

/// Ends the streams of a session that was, or may have been, made anonymous: the server has dropped them.
fn end_streams<T>(session: &SessionInner, reply: &Result<T>) {
    if reply.is_ok() || is_unknown(reply) {
        subscription::end_streams(session, StreamEnd::IdentityChanged);
    }
}
