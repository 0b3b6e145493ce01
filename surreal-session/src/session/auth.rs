//! Becoming somebody, and nobody again.

use std::borrow::Borrow;

use serde::Serialize;

use super::attempt::Attempt;
use super::change::Change;
use super::state::{Identity, Shared, State};
use super::{CallFuture, Credentials, RecordAccess, Session, Token, Tokens, namespace, streams};
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
        self.change(|change| async move {
            let authenticated = authenticate(&change, token).await;
            follow_up(&change, &authenticated).await;
            authenticated
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
        self.change(|change| async move {
            let reply = change.call(change.scope.request("reset").finish()).await;
            end_streams(&change.shared, &reply);
            reply?;
            *change.shared.state() = State::default();
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
        self.change(|change| async move {
            let reply = change.call(change.scope.request("invalidate").finish()).await;
            end_streams(&change.shared, &reply);
            reply?;
            change.shared.state().identity = Identity::Anonymous;
            Ok(())
        })
        .await
    }

    fn prove(&self, attempt: Result<Attempt>) -> CallFuture<Tokens> {
        let session = self.clone();
        Box::pin(async move {
            let attempt = attempt?;
            let prove = |change: Change| async move {
                let tokens = prove(&change, &attempt).await;
                follow_up(&change, &tokens).await;
                tokens
            };
            session.change(prove).await
        })
    }
}

/// Signs in or up, or refreshes.
pub(super) async fn prove(change: &Change, attempt: &Attempt) -> Result<Tokens> {
    let reply = attempt.send(change).await;
    note_moved(change, &reply);
    let tokens: Tokens = codec::decode(&reply?).map_err(|error| attempt.malformed(error))?;
    change.shared.state().identity = attempt.identity(&tokens);
    Ok(tokens)
}

pub(super) async fn authenticate(change: &Change, token: Token) -> Result<()> {
    let reply = Attempt::authenticate(&token)?.send(change).await;
    note_moved(change, &reply);
    reply?;
    change.shared.state().identity = Identity::Token(token);
    Ok(())
}

/// An identity may bring its own namespace and database with it.
fn note_moved<T>(change: &Change, reply: &Result<T>) {
    if may_have_changed(reply) {
        change.shared.state().forget_selected();
    }
}

/// Asks what the session has become, for its streams and its handle. The caller gets the result of the change itself,
/// whatever becomes of these questions: tokens are given only once.
async fn follow_up<T>(change: &Change, result: &Result<T>) {
    if may_have_changed(result) {
        streams::recheck(change).await;
        namespace::settle(change).await;
    }
}

/// Ends the streams of a session that was, or may have been, made anonymous: the server has dropped them.
fn end_streams<T>(shared: &Shared, reply: &Result<T>) {
    if may_have_changed(reply) {
        streams::end(shared, Over::IdentityChanged);
    }
}

/// Whether a request that changes the identity may have done so.
fn may_have_changed<T>(result: &Result<T>) -> bool {
    result.as_ref().map_or_else(|error| error.delivery() == Delivery::Unknown, |_| true)
}
