//! The means by which sessions prove an identity again.
//!
//! Forks of a session share its [`SharedTokens`]: a refresh token can be used once, so one of them uses it, and the others
//! go on with the tokens that it got. Credentials belong to each session, which may forget them.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::OwnedMutexGuard;
use tracing::error;

use super::provided::ProvidedCredentials;
use super::provided::private::Sealed as _;
use super::{AuthRequest, Token, Tokens};
use crate::error::{Error, ErrorKind, Result};

/// The means by which a session proves its identity: the tokens that it shares with its forks, and credentials.
#[derive(Debug, Clone)]
pub(in crate::session) struct IdentitySource {
    tokens: Arc<SharedTokens>,
    credentials: Option<Reauth>,
}

/// The credentials of a session.
#[derive(Clone)]
pub(in crate::session) enum Reauth {
    Request(Arc<AuthRequest>),
    /// Asked whenever the identity has to be proved by credentials.
    Function(Arc<CredentialsFunction>),
}

type CredentialsFunction = dyn Fn() -> BoxFuture<'static, Result<AuthRequest>> + Send + Sync;

/// A function of the program that is called with new tokens.
#[derive(Clone)]
pub(in crate::session) struct OnRenewal(Arc<dyn Fn(Tokens) + Send + Sync>);

/// The tokens of one identity.
struct SharedTokens {
    state: Mutex<TokenState>,
    /// Held by the one session that gets new tokens.
    renewal: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct TokenState {
    tokens: Option<Tokens>,
    /// Set when the server has refused the access token, or does not accept such tokens.
    is_refused: bool,
    /// The last refusal, and the reason why there is nothing left that proves the identity.
    refusal: Option<Error>,
    /// Set when the refresh token was sent and no reply came.
    is_refresh_doubted: bool,
    /// The sign-up that the session begins with, until it is sent: it must not be repeated.
    signup: Option<AuthRequest>,
    generation: Generation,
    on_renewal: Vec<OnRenewal>,
}

/// The number of tokens that an identity had before the present ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::session) struct Generation(u64);

impl IdentitySource {
    /// A source that begins with these tokens, or with credentials alone.
    pub(in crate::session) fn new(tokens: Option<Tokens>, credentials: Option<Reauth>) -> Self {
        let state = TokenState { tokens, ..TokenState::default() };
        Self { tokens: Arc::new(SharedTokens { state: Mutex::new(state), renewal: Arc::default() }), credentials }
    }

    /// A source whose first proof uses credentials.
    pub(in crate::session) fn of_credentials(request: AuthRequest) -> Self {
        Self::new(None, Some(Reauth::Request(Arc::new(request))))
    }

    pub(in crate::session) fn of_token(token: Token) -> Self {
        Self::new(Some(Tokens::new(token, None)), None)
    }

    /// A source whose first proof uses the refresh token.
    pub(in crate::session) fn of_refresh_token(tokens: Tokens) -> Self {
        let source = Self::new(Some(tokens), None);
        source.state().is_refused = true;
        source
    }

    /// A source whose first proof is a sign-up.
    pub(in crate::session) fn of_signup(request: AuthRequest) -> Self {
        let source = Self::new(None, None);
        source.state().signup = Some(request);
        source
    }

    /// The source after the server has answered a request with these tokens.
    pub(in crate::session) fn of_reply(request: &AuthRequest, tokens: Tokens) -> Self {
        let credentials = request.is_repeatable().then(|| Reauth::Request(Arc::new(request.clone())));
        let source = Self::new(Some(tokens), credentials);
        source.state().is_refused = !request.gives_usable_token();
        source
    }

    /// Returns the access token, unless the server has refused it.
    pub(in crate::session) fn access_token(&self) -> Option<Token> {
        let state = self.state();
        state.tokens.as_ref().filter(|_| !state.is_refused).map(|tokens| tokens.access.clone())
    }

    /// Returns the present tokens, also if the server has refused them.
    pub(in crate::session) fn tokens(&self) -> Option<Tokens> {
        self.state().tokens.clone()
    }

    pub(in crate::session) fn generation(&self) -> Generation {
        self.state().generation
    }

    /// Notes that the server has refused the access token of a generation.
    pub(in crate::session) fn refuse(&self, generation: Generation, refusal: Error) {
        let mut state = self.state();
        if state.generation == generation {
            (state.is_refused, state.refusal) = (true, Some(refusal));
        }
    }

    /// Waits for the right to get new tokens. Another session may have got some meanwhile: ask for the generation again.
    pub(in crate::session) async fn renewal(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.tokens.renewal).lock_owned().await
    }

    /// Returns the tokens if there is a refresh token.
    pub(in crate::session) fn refresh_tokens(&self) -> Option<Tokens> {
        self.tokens().filter(|tokens| tokens.refresh.is_some())
    }

    /// Notes that the refresh token was sent, and may be used up.
    pub(in crate::session) fn doubt_refresh_token(&self) {
        self.state().is_refresh_doubted = true;
    }

    /// Notes that the server has refused the refresh token.
    pub(in crate::session) fn drop_refresh_token(&self, refusal: Error) {
        let mut state = self.state();
        let refusal = match state.is_refresh_doubted {
            true => refusal.in_context("the reply to an earlier attempt was lost, and with it the new tokens"),
            false => refusal,
        };
        // The expiry of the access token is why there was an attempt, and what the program can act on.
        let refusal = match state.refusal.take() {
            Some(expired) if expired.is_expired() => expired.with_source(refusal),
            _ => refusal,
        };
        state.refusal = Some(refusal);
        if let Some(tokens) = &mut state.tokens {
            tokens.refresh = None;
        }
    }

    /// Takes the sign-up that the session begins with. It must be put back if it was not sent.
    pub(in crate::session) fn take_signup(&self) -> Option<AuthRequest> {
        self.state().signup.take()
    }

    pub(in crate::session) fn put_back_signup(&self, request: AuthRequest) {
        self.state().signup = Some(request);
    }

    /// Notes why there is nothing left that proves the identity.
    pub(in crate::session) fn give_up(&self, refusal: Error) {
        self.state().refusal = Some(refusal);
    }

    /// The error of a source that has nothing left to prove the identity with. It is final, like an answer of the server.
    pub(in crate::session) fn exhausted(&self) -> Error {
        let nothing = "there is nothing left that proves the identity of the session: sign it in again";
        self.state().refusal.clone().unwrap_or_else(|| Error::new(ErrorKind::Auth, nothing).answered())
    }

    /// Tells the program the new tokens, and then uses them.
    pub(in crate::session) fn renew(&self, request: &AuthRequest, tokens: Tokens) {
        let told = self.state().on_renewal.clone();
        // Without the lock: the function may use the session. A panic of it must not end the work of the connection.
        for OnRenewal(tell) in &told {
            if catch_unwind(AssertUnwindSafe(|| tell(tokens.clone()))).is_err() {
                error!("a function that was given to `on_renewal` has panicked");
            }
        }
        self.replace(tokens, request.gives_usable_token());
    }

    /// Uses the tokens that a call of the program has got, if it has used the refresh token of this source.
    pub(in crate::session) fn follow(&self, used: &Tokens, tokens: Tokens) -> bool {
        let is_ours = used.refresh.is_some() && self.tokens().is_some_and(|ours| ours.refresh == used.refresh);
        if is_ours {
            self.replace(tokens, true);
        }
        is_ours
    }

    fn replace(&self, tokens: Tokens, is_usable: bool) {
        let mut state = self.state();
        state.generation.0 += 1;
        (state.tokens, state.is_refused, state.refusal) = (Some(tokens), !is_usable, None);
        state.is_refresh_doubted = false;
    }

    pub(in crate::session) fn credentials(&self) -> Option<Reauth> {
        self.credentials.clone()
    }

    /// Drops the credentials of this session. Forks keep theirs.
    pub(in crate::session) fn forget_credentials(&mut self) {
        self.credentials = None;
    }

    /// A source with the access token alone, which shares nothing with forks.
    pub(in crate::session) fn without_renewal(&self) -> Self {
        let state = self.state();
        let access = state.tokens.as_ref().map(|tokens| Tokens::new(tokens.access.clone(), None));
        let alone = Self::new(access, None);
        alone.state().is_refused = state.is_refused;
        drop(state);
        alone
    }

    pub(in crate::session) fn on_renewal(&self, tell: OnRenewal) {
        self.state().on_renewal.push(tell);
    }

    fn state(&self) -> MutexGuard<'_, TokenState> {
        self.tokens.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OnRenewal {
    pub(in crate::session) fn new(tell: impl Fn(Tokens) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }
}

impl fmt::Debug for OnRenewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnRenewal(..)")
    }
}

impl Reauth {
    /// Credentials that a function of the program provides.
    pub(in crate::session) fn function<F, R>(provide: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output: ProvidedCredentials> + Send + 'static,
    {
        Self::Function(Arc::new(move || {
            let provided = provide();
            Box::pin(async move { provided.await.into_request() })
        }))
    }

    /// Returns the request that signs in.
    pub(in crate::session) async fn request(&self) -> Result<AuthRequest> {
        match self {
            Self::Request(request) => Ok((**request).clone()),
            // A panic must not end the work of the connection.
            Self::Function(provide) => {
                AssertUnwindSafe(async { provide().await }).catch_unwind().await.unwrap_or_else(|_| {
                    Err(Error::new(ErrorKind::Auth, "the function that provides credentials has panicked"))
                })
            }
        }
    }
}

/// Without the tokens.
impl fmt::Debug for SharedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedTokens").finish_non_exhaustive()
    }
}

impl fmt::Debug for Reauth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(request) => request.fmt(f),
            Self::Function(_) => f.write_str("Function(..)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_share_tokens_but_not_credentials() {
        let signin = AuthRequest::authenticate(&Token::from("t")).unwrap();
        let mut source = IdentitySource::new(None, Some(Reauth::Request(Arc::new(signin))));
        let fork = source.clone();
        source.forget_credentials();
        assert!(source.credentials().is_none() && fork.credentials().is_some());
        fork.renew(&AuthRequest::authenticate(&Token::from("t")).unwrap(), Tokens::new("a", "r"));
        assert_eq!(source.access_token(), Some("a".into()));
    }

    fn refused() -> Error {
        Error::new(ErrorKind::Auth, "no").answered()
    }

    #[test]
    fn refusal_of_an_old_token_does_not_concern_the_new_one() {
        let source = IdentitySource::new(Some(Tokens::new("old", "r")), None);
        let old = source.generation();
        assert!(!source.follow(&Tokens::new("old", "another"), Tokens::new("new", "s")));
        assert!(source.follow(&Tokens::new("old", "r"), Tokens::new("new", "s")));
        source.refuse(old, refused());
        assert_eq!(source.access_token(), Some("new".into()));
        source.refuse(source.generation(), refused());
        assert_eq!(source.access_token(), None);
        assert_eq!(source.refresh_tokens(), Some(Tokens::new("new", "s")));
        source.doubt_refresh_token();
        source.drop_refresh_token(refused());
        assert_eq!(source.refresh_tokens(), None);
        assert!(source.exhausted().to_string().contains("was lost"), "{}", source.exhausted());
    }

    #[test]
    fn program_is_told_new_tokens_before_they_are_used() {
        let source = IdentitySource::of_refresh_token(Tokens::new("old", "r"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (told, peek) = (Arc::clone(&seen), source.clone());
        source.on_renewal(OnRenewal::new(move |tokens| told.lock().unwrap().push((tokens, peek.access_token()))));
        source.renew(&AuthRequest::refresh(&Tokens::new("old", "r")).unwrap(), Tokens::new("new", None));
        assert_eq!(*seen.lock().unwrap(), [(Tokens::new("new", None), None)]);
        assert_eq!(source.access_token(), Some("new".into()));
    }

    #[test]
    fn debug_shows_no_token() {
        let shown = format!("{:?}", IdentitySource::new(Some(Tokens::new("hunter2", "hunter2")), None));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
