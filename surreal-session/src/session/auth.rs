//! Becoming somebody, and nobody again.

use std::borrow::Borrow;
use std::sync::Arc;

use serde::Serialize;

use super::attempt::Attempt;
use super::state::{Identity, Shared, State};
use super::{CallFuture, Credentials, RecordAccess, Scope, Session, Token, Tokens, namespace, streams};
use crate::codec;
use crate::connection::Over;
use crate::error::{Delivery, Result};

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
        let token = token.into();
        let shared = Arc::clone(&self.shared);
        self.change(async move {
            let authenticated = authenticate(&shared, token).await;
            streams::recheck(&shared, &authenticated).await;
            authenticated?;
            namespace::refresh(&shared).await
        })
        .await
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
        Attempt::revoke(tokens.borrow())?.send(&self.shared).await.map(drop)
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
        let shared = Arc::clone(&self.shared);
        self.change(async move {
            let scope = Scope::new(&shared);
            let reply = scope.call(scope.request("reset").finish(), None).await;
            end_streams(&shared, &reply);
            reply?;
            *shared.state() = State::default();
            Ok(())
        })
        .await
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
        let shared = Arc::clone(&self.shared);
        self.change(async move {
            let scope = Scope::new(&shared);
            let reply = scope.call(scope.request("invalidate").finish(), None).await;
            end_streams(&shared, &reply);
            reply?;
            shared.state().identity = Identity::Anonymous;
            Ok(())
        })
        .await
    }

    fn prove(&self, attempt: Result<Attempt>) -> CallFuture<Tokens> {
        let session = self.clone();
        Box::pin(async move {
            let (shared, attempt) = (Arc::clone(&session.shared), attempt?);
            let change = async move {
                let tokens = prove(&shared, &attempt).await;
                streams::recheck(&shared, &tokens).await;
                let tokens = tokens?;
                namespace::refresh(&shared).await?;
                Ok(tokens)
            };
            session.change(change).await
        })
    }
}

/// Signs in or up, or refreshes.
pub(super) async fn prove(shared: &Arc<Shared>, attempt: &Attempt) -> Result<Tokens> {
    let reply = attempt.send(shared).await?;
    let tokens: Tokens = codec::decode(&reply).map_err(|error| attempt.malformed(error))?;
    shared.state().identity = attempt.identity(&tokens);
    Ok(tokens)
}

pub(super) async fn authenticate(shared: &Arc<Shared>, token: Token) -> Result<()> {
    Attempt::authenticate(&token)?.send(shared).await?;
    shared.state().identity = Identity::Token(token);
    Ok(())
}

/// Ends the streams of a session that was, or may have been, made anonymous: the server has dropped them.
fn end_streams<T>(shared: &Shared, reply: &Result<T>) {
    let is_unchanged = reply.as_ref().is_err_and(|error| error.delivery() != Delivery::Unknown);
    if !is_unchanged {
        streams::end(shared, Over::IdentityChanged);
    }
}
