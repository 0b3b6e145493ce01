//! Becoming somebody, and nobody again.

use std::borrow::Borrow;

use bytes::Bytes;
use serde::Serialize;

use super::attempt::Attempt;
use super::change::{Alter, Change, is_unknown};
use super::state::{Identity, Shared, State};
use super::{CallFuture, Credentials, RecordAccess, Scope, Session, Token, Tokens, namespace, streams};
use crate::codec;
use crate::connection::StreamEnd;
use crate::error::{Delivery, Error, Result};
use crate::protocol::Request;

impl Session {
    /// Signs this session in; other sessions of the connection stay who they are.
    ///
    /// A namespace or database user, and a record user, also select their namespace and database.
    ///
    /// # Errors
    ///
    /// [`Auth`](crate::ErrorKind::Auth) for a wrong user, password or key, an unknown access method, or a SIGNIN clause
    /// that failed or found no record; [`Conflict`](crate::ErrorKind::Conflict) if the clause wrote and lost against a
    /// concurrent write. The session stays as it was.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    pub fn signin(&self, credentials: impl Credentials) -> CallFuture<Tokens> {
        self.prove(Attempt::signin(&credentials))
    }

    /// Creates a record user through the SIGNUP clause of an access method, and signs this session in as that user.
    ///
    /// # Errors
    ///
    /// [`Auth`](crate::ErrorKind::Auth) for an unknown access method or one without SIGNUP, or if the clause failed, of
    /// which the server does not say why: a user that exists already looks like any other failure. What the clause
    /// throws is told by [`Error::thrown`](crate::Error::thrown). [`Conflict`](crate::ErrorKind::Conflict) as for
    /// [`signin`](Self::signin). The session stays as it was.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use surreal_session::prelude::*;
    /// #[derive(serde::Serialize)]
    /// struct Params<'a> {
    ///     email: &'a str,
    ///     password: &'a str,
    /// }
    ///
    /// # async fn example(session: Session) -> surreal_session::Result<()> {
    /// let params = Params { email: "ada@example.com", password: "correct horse" };
    /// let tokens = session.signup(RecordAccess::new("shop", "inventory", "account", params)).await?;
    /// // Later, or elsewhere: the same user without the password.
    /// session.authenticate(tokens.access).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn signup<P: Serialize>(&self, credentials: RecordAccess<P>) -> CallFuture<Tokens> {
        self.prove(Attempt::signup(&credentials))
    }

    /// Makes this session the identity that `token` stands for, without a password.
    ///
    /// # Errors
    ///
    /// [`Auth`](crate::ErrorKind::Auth) for a token that is expired, was not issued by this server, or is none. The
    /// session stays as it was.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    pub async fn authenticate(&self, token: impl Into<Token>) -> Result<()> {
        self.change(Authenticate::new(token.into())?).await
    }

    /// Renews an identity with a refresh token, which is used up by it.
    ///
    /// The session becomes the user that the tokens stand for, and selects that user's namespace and database.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for tokens without a refresh token: the access method is
    /// not defined WITH REFRESH. [`Auth`](crate::ErrorKind::Auth) for one that was used, revoked or has expired. The
    /// session stays as it was.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`]. After a dropped call the refresh token may be used up and its successor lost: sign in again.
    pub fn refresh(&self, tokens: impl Borrow<Tokens>) -> CallFuture<Tokens> {
        self.prove(Attempt::refresh(tokens.borrow()))
    }

    /// Makes a refresh token useless. Sessions that are signed in stay so.
    ///
    /// # Errors
    ///
    /// Like [`refresh`](Self::refresh).
    ///
    /// # Cancel safety
    ///
    /// The token may or may not be revoked if the future is dropped. Revoking again then is safe, and fails if it was.
    pub async fn revoke(&self, tokens: impl Borrow<Tokens>) -> Result<()> {
        Attempt::revoke(tokens.borrow())?.send_aside(&self.scope()).await.map(drop)
    }

    /// Makes this session as it was when it was opened: anonymous, without namespace, database and variables.
    ///
    /// Only the time at which its sign-in expires stays (server 3.3.5); another sign-in, or another session, has its own.
    /// Its open [transactions](crate::Transaction) are rolled back.
    ///
    /// # Errors
    ///
    /// Fails only if the session is closed, or the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    pub async fn reset(&self) -> Result<()> {
        self.change(Reset).await
    }

    /// Makes this session anonymous. Its namespace, database and variables stay, and so does, as for
    /// [`reset`](Self::reset), the time at which it expires.
    ///
    /// # Errors
    ///
    /// Fails only if the session is closed, or the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    pub async fn invalidate(&self) -> Result<()> {
        self.change(Invalidate).await
    }

    fn prove(&self, attempt: Result<Attempt>) -> CallFuture<Tokens> {
        let session = self.clone();
        Box::pin(async move { session.change(Prove(attempt?)).await })
    }
}

/// Signs in or up, or refreshes.
pub(super) struct Prove(pub(super) Attempt);

pub(super) struct Authenticate {
    token: Token,
    attempt: Attempt,
}

struct Reset;

struct Invalidate;

impl Authenticate {
    pub(super) fn new(token: Token) -> Result<Self> {
        Ok(Self { attempt: Attempt::authenticate(&token)?, token })
    }
}

impl Alter for Prove {
    type Output = Tokens;

    const CHANGES_IDENTITY: bool = true;

    fn request(&self, scope: &Scope) -> Result<Request> {
        Ok(self.0.request(scope))
    }

    fn doubt(&self, shared: &Shared) {
        // An identity may bring its own namespace and database with it.
        shared.state().forget_selected();
    }

    async fn conclude(&self, change: &Change, reply: Result<Bytes>) -> Result<Tokens> {
        let Self(attempt) = self;
        let reply = reply.map_err(|error| attempt.refused(error));
        let tokens: Result<Tokens> =
            reply.and_then(|reply| codec::decode(&reply).map_err(|error| attempt.malformed(error)));
        become_identity(change, tokens.as_ref().map(|tokens| attempt.identity(tokens))).await;
        tokens
    }
}

impl Alter for Authenticate {
    type Output = ();

    const CHANGES_IDENTITY: bool = true;

    fn request(&self, scope: &Scope) -> Result<Request> {
        Ok(self.attempt.request(scope))
    }

    fn doubt(&self, shared: &Shared) {
        shared.state().forget_selected();
    }

    async fn conclude(&self, change: &Change, reply: Result<Bytes>) -> Result<()> {
        let reply = reply.map_err(|error| self.attempt.refused(error));
        become_identity(change, reply.as_ref().map(|_| Identity::Token(self.token.clone()))).await;
        reply.map(drop)
    }
}

impl Alter for Reset {
    type Output = ();

    fn request(&self, scope: &Scope) -> Result<Request> {
        Ok(scope.request("reset").finish())
    }

    fn doubt(&self, shared: &Shared) {
        shared.state().forget_selected();
        streams::end(shared, StreamEnd::IdentityChanged);
    }

    async fn conclude(&self, change: &Change, reply: Result<Bytes>) -> Result<()> {
        end_streams(&change.shared, &reply);
        if is_unknown(&reply) {
            let mut state = change.shared.state();
            state.forget_selected();
            state.identity = Identity::Unknown;
            state.doubted = state.variables.keys().cloned().collect();
        } else if reply.is_err() {
            namespace::settle(change).await;
        }
        reply?;
        *change.shared.state() = State::default();
        Ok(())
    }
}

impl Alter for Invalidate {
    type Output = ();

    fn request(&self, scope: &Scope) -> Result<Request> {
        Ok(scope.request("invalidate").finish())
    }

    fn doubt(&self, shared: &Shared) {
        streams::end(shared, StreamEnd::IdentityChanged);
    }

    async fn conclude(&self, change: &Change, reply: Result<Bytes>) -> Result<()> {
        end_streams(&change.shared, &reply);
        if is_unknown(&reply) {
            change.shared.state().identity = Identity::Unknown;
        }
        reply?;
        change.shared.state().identity = Identity::Anonymous;
        Ok(())
    }
}

/// Notes the identity that a session has become, and asks what follows from it for its streams and its place. The caller
/// gets the result of the change itself, whatever becomes of these questions: tokens are given only once.
async fn become_identity(change: &Change, identity: Result<Identity, &Error>) {
    let identity = match identity {
        Ok(identity) => Some(identity),
        Err(error) if error.delivery() == Delivery::Unknown => Some(Identity::Unknown),
        Err(_) => None,
    };
    if let Some(identity) = identity {
        {
            let mut state = change.shared.state();
            state.identity = identity;
            state.forget_selected();
        }
        streams::recheck(change).await;
    }
    namespace::settle(change).await;
}

/// Ends the streams of a session that was, or may have been, made anonymous: the server has dropped them.
fn end_streams<T>(shared: &Shared, reply: &Result<T>) {
    if reply.is_ok() || is_unknown(reply) {
        streams::end(shared, StreamEnd::IdentityChanged);
    }
}
