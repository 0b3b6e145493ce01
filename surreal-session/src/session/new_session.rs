//! Opening sessions: new ones, and copies of others.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::auth::{
    AuthRequest, Credentials, IdentitySource, OnRenewal, ProvidedCredentials, Reauth, RecordAccess, Token, Tokens,
};
use super::change;
use super::recipe::{Choice, Choices, Confirmed, Doubts, Identity, Recipe, UseRequest, Variables};
use super::state::{Role, SessionInner};
use super::variables::SetVariable;
use super::{CallFuture, Session};
use crate::connection::{Client, Deadline, Patience};
use crate::error::{Error, Result};

/// A session to be opened; see [`Surreal::new_session`](crate::Surreal::new_session).
///
/// Whatever the order of the calls, the session is attached, then signed in, then given its namespace and database,
/// then its variables: each may need the one before. If any of it fails, the session is detached and the error is
/// the result.
///
/// # Cancel safety
///
/// Dropping the future detaches the session.
#[must_use = "a session is opened when this is awaited"]
pub struct NewSession {
    client: Client,
    deadline: Patience,
    identity: Option<Result<IdentitySource>>,
    selection: UseRequest,
    variables: Vec<Result<SetVariable>>,
    told: Vec<OnRenewal>,
    is_forgetful: bool,
}

/// A session to be opened, whose tokens are returned with it; see [`NewSession::with_tokens`].
///
/// # Cancel safety
///
/// Like [`NewSession`].
#[derive(Debug)]
#[must_use = "a session is opened when this is awaited"]
pub struct NewSessionWithTokens {
    new: NewSession,
}

impl NewSession {
    pub(super) fn new(client: Client) -> Self {
        let (selection, variables, told) = (UseRequest::default(), Vec::new(), Vec::new());
        Self { client, deadline: Patience::default(), identity: None, selection, variables, told, is_forgetful: false }
    }

    /// Signs the session in; see [`Session::signin`].
    pub fn signin(mut self, credentials: impl Credentials) -> Self {
        self.identity = Some(AuthRequest::signin(&credentials).map(IdentitySource::of_credentials));
        self
    }

    /// Signs the session in with credentials that a function provides whenever they are needed.
    ///
    /// `provide` is called when the session is opened, and again when its tokens no longer prove its identity, after an outage
    /// or when they expire. It returns a future of [`Credentials`], or of a `Result` of them: its error is the error of the
    /// call that needed the identity, and the next call asks again. Nothing is kept between the calls.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # use std::io;
    /// # #[derive(Clone)]
    /// # struct Vault;
    /// # impl Vault {
    /// #     async fn password(&self) -> io::Result<String> { Ok("root".into()) }
    /// # }
    /// # surreal_session_embedded::example_db(async |db| {
    /// # let vault = Vault;
    /// let provide = move || {
    ///     let vault = vault.clone();
    ///     async move { io::Result::Ok(Root::new("root", vault.password().await?)) }
    /// };
    /// let session = db.new_session().signin_with(provide).use_ns("shop").use_db("inventory").await?;
    /// # assert_eq!(session.database().as_deref(), Some("inventory"));
    /// # Ok(()) });
    /// ```
    pub fn signin_with<F, R>(mut self, provide: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output: ProvidedCredentials> + Send + 'static,
    {
        self.identity = Some(Ok(IdentitySource::new(None, Some(Reauth::function(provide)))));
        self
    }

    /// Creates a record user, and signs the session in as that user; see [`Session::signup`].
    ///
    /// The sign-up is sent once. Afterwards the tokens prove the identity.
    pub fn signup<P: Serialize>(mut self, credentials: RecordAccess<P>) -> Self {
        self.identity = Some(AuthRequest::signup(&credentials).map(IdentitySource::of_signup));
        self
    }

    /// Gives the session the identity that a refresh token proves, and uses the refresh token up; see [`Session::refresh`].
    ///
    /// [`on_renewal`](Self::on_renewal) or [`with_tokens`](Self::with_tokens) has the new tokens.
    pub fn refresh(mut self, tokens: impl Borrow<Tokens>) -> Self {
        let tokens = tokens.borrow();
        let has_both = AuthRequest::refresh(tokens).map(drop);
        self.identity = Some(has_both.map(|()| IdentitySource::of_refresh_token(tokens.clone())));
        self
    }

    /// Calls `tell` with all tokens that the session gets, also when it is opened; see [`Session::on_renewal`].
    ///
    /// The tokens of a [`refresh`](Self::refresh) or [`signup`](Self::signup) reach `tell` even if the session cannot be
    /// opened, because a later step fails.
    pub fn on_renewal(mut self, tell: impl Fn(Tokens) + Send + Sync + 'static) -> Self {
        self.told.push(OnRenewal::new(tell));
        self
    }

    /// Keeps no credentials once the session is open; see [`Session::forget_credentials`].
    pub fn forget_credentials(mut self) -> Self {
        self.is_forgetful = true;
        self
    }

    /// Returns the tokens of the identity beside the session.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a session that does not sign in.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # surreal_session_embedded::example_db(async |db| {
    /// let (session, tokens) = db.new_session().signin(Root::new("root", "root")).with_tokens().await?;
    /// let another = db.new_session().authenticate(&tokens).await?;
    /// assert_eq!(session.identity().user, another.identity().user);
    /// # Ok(()) });
    /// ```
    pub fn with_tokens(self) -> NewSessionWithTokens {
        NewSessionWithTokens { new: self }
    }

    /// Gives the session the identity of `token`; see [`Session::authenticate`].
    pub fn authenticate(mut self, token: impl Into<Token>) -> Self {
        self.identity = Some(Ok(IdentitySource::of_token(token.into())));
        self
    }

    /// Selects a namespace; see [`Session::use_ns`].
    pub fn use_ns(mut self, namespace: impl Into<String>) -> Self {
        self.selection.namespace = Choice::Select(namespace.into());
        self
    }

    /// Selects a database; see [`Session::use_db`].
    pub fn use_db(mut self, database: impl Into<String>) -> Self {
        self.selection.database = Choice::Select(database.into());
        self
    }

    /// Sets a variable, without a check of the value's type; see [`Session::set`].
    pub fn set(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.variables.push(SetVariable::new(name.into(), &value));
        self
    }

    /// Sets how long all requests together may take, by default as long as
    /// [`Connect::deadline`](crate::Connect::deadline) says.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline.end_after(deadline);
        self
    }

    /// Fails at once if there is no socket, instead of waiting for one until the deadline; see
    /// [`Connect::fail_fast`](crate::Connect::fail_fast).
    pub fn fail_fast(mut self) -> Self {
        self.deadline.fail_fast();
        self
    }

    async fn open(self) -> Result<Session> {
        let (client, deadline) = (self.client.clone(), self.client.deadline(self.deadline));
        let (told, is_forgetful) = (self.told.clone(), self.is_forgetful);
        let confirmed = Confirmed { recipe: self.recipe()?, ..Confirmed::default() };
        let session = SessionInner::new(client, Role::Attached, confirmed);
        for tell in told {
            session.on_renewal(tell);
        }
        let watch = session.watch(|| "attach".into());
        let session = watch.observe(made(session, deadline)).await?;
        if is_forgetful {
            session.forget_credentials();
        }
        Ok(session)
    }

    fn recipe(self) -> Result<Recipe> {
        let variables = self.variables.into_iter().map(|variable| Ok(variable?.into_pair()));
        let variables = Variables(variables.collect::<Result<_>>()?);
        let identity = self.identity.transpose()?.map_or(Identity::Anonymous, Identity::Proved);
        Ok(Recipe { identity, selection: Choices::Wanted(self.selection), variables })
    }
}

/// Opens a session with the confirmed state of another one.
pub(super) async fn fork(session: &Arc<SessionInner>, deadline: Deadline) -> Result<Session> {
    // In its turn, like a change: it comes whether or not this future is polled on.
    let confirmed = change::confirmed(session, deadline).await?;
    confirmed.check_known()?;
    open(&session.client, Confirmed { doubts: Doubts::default(), version: 0, ..confirmed }, deadline).await
}

/// Makes a session. If the caller does not become its owner, it is detached.
async fn open(client: &Client, confirmed: Confirmed, deadline: Deadline) -> Result<Session> {
    made(SessionInner::new(client.clone(), Role::Attached, confirmed), deadline).await
}

async fn made(session: SessionInner, deadline: Deadline) -> Result<Session> {
    let session = Arc::new(session);
    session.ready(deadline, &"attach".into()).await?;
    Ok(Session::of(session))
}

impl IntoFuture for NewSession {
    type Output = Result<Session>;
    type IntoFuture = CallFuture<Session>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.open())
    }
}

impl NewSessionWithTokens {
    /// Sets how long all requests together may take; see [`NewSession::deadline`].
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { new: self.new.deadline(deadline) }
    }

    /// Selects a namespace; see [`Session::use_ns`].
    pub fn use_ns(self, namespace: impl Into<String>) -> Self {
        Self { new: self.new.use_ns(namespace) }
    }

    /// Selects a database; see [`Session::use_db`].
    pub fn use_db(self, database: impl Into<String>) -> Self {
        Self { new: self.new.use_db(database) }
    }

    /// Sets a variable; see [`NewSession::set`].
    pub fn set(self, name: impl Into<String>, value: impl Serialize) -> Self {
        Self { new: self.new.set(name, value) }
    }
}

impl IntoFuture for NewSessionWithTokens {
    type Output = Result<(Session, Tokens)>;
    type IntoFuture = CallFuture<(Session, Tokens)>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            if self.new.identity.is_none() {
                let advice = "a session without a sign-in has no tokens: call `signin`, `signup` or `refresh`";
                return Err(Error::argument(advice));
            }
            let session = self.new.open().await?;
            let missing = || Error::protocol("the server has confirmed an identity without a token");
            let tokens = session.inner().tokens().ok_or_else(missing)?;
            Ok((session, tokens))
        })
    }
}

/// Without credentials and the values of variables.
impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.iter().flatten().map(SetVariable::name).collect();
        let mut debug = f.debug_struct("NewSession");
        debug.field("selection", &self.selection).field("variables", &names).finish_non_exhaustive()
    }
}
