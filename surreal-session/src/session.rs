//! Sessions: isolated contexts over one connection, each with its own namespace, database, variables and identity.
//!
//! A [`Session`] is a shared handle of one server session; its methods are here, and call into the files of the folder.
//! Changes of a session ([`change`]) run one after another: of the [`identity`], the [`selection`] and the [`variables`].
//! [`state`] is what the handles share: the session as the server last confirmed it, and its requests. Two entry points are
//! `impl Session` blocks in upper layers, beside the types that they return: transactions and live queries.

mod auth;
mod cache;
mod call;
mod change;
mod identity;
mod info;
mod live_sessions;
mod new_session;
mod proof;
mod queue;
mod ready;
mod recipe;
mod renewal;
mod restore;
mod selection;
mod shared_live;
mod standing;
mod state;
mod subscription;
mod surreal;
mod turn;
mod variables;

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::auth::{AuthRequest, OnRenewal};
use self::change::SessionChange;
use self::identity::{Authenticate, Invalidate, Reset, SignIn};
use self::recipe::{Confirmed, UseRequest};
use self::state::Role;
use self::variables::{SetVariable, UnsetVariable};
use crate::connection::{Client, Deadline};
use crate::error::Result;
use crate::protocol::{Feature, ServerVersion, SessionId};

pub use auth::{
    Bearer, Credentials, Database, Identity, Level, Namespace, ProvidedCredentials, RecordAccess, RefreshToken, Root,
    Token, Tokens,
};
pub use cache::{SessionCache, SessionCacheStats};
pub use call::{CallFuture, SessionCall};
pub(crate) use info::{IDENTITY, SessionIdentity};
pub use new_session::{NewSession, NewSessionWithTokens};
pub(crate) use queue::{Background, Begun, Queue, Ticket};
pub use selection::Use;
pub(crate) use state::{SessionInner, SharedLive, Sharing};
pub(crate) use subscription::{SessionSubscription, kill_live};
pub use surreal::{Connect, Surreal};

/// A session on a shared connection, with its own namespace, database, variables and identity.
///
/// [`Surreal::new_session`] and [`Session::fork`] open one. A clone is the same session and costs nothing. Dropping the
/// last handle detaches the session from the server in the background; [`close_session`](Self::close_session) does the
/// same and waits.
///
/// [`Queryable`](crate::Queryable) provides the methods that read and write data. The methods that change the session
/// ([`use_ns`](Self::use_ns), [`signin`](Self::signin), [`set`](Self::set) and others) are carried out one after another,
/// in the order in which they were first polled. Data calls have no order among themselves or relative to the changes,
/// unless the program awaits one before the next.
///
/// # Expiry
///
/// A session is renewed when half of its time has passed, also while it is idle, and by a call that finds it expired: by its
/// access token while the server accepts it, else by its refresh token, else by its credentials or the function given to
/// [`NewSession::signin_with`]. Forks share the tokens, and one of them renews them for all. A call that finds the session
/// expired was not executed, and is sent again. If nothing renews the session, calls fail with an error that
/// [`is_expired`](crate::Error::is_expired), and another sign-in makes it usable again.
///
/// After each renewal and each outage the identity is compared with the one before, by the server's view. If it differs, for
/// example because an AUTHENTICATE clause now chooses another record, the session is detached and its calls fail with
/// [`IdentityChanged`](crate::ErrorKind::IdentityChanged). Roles are no part of an identity, and a user or record that was
/// removed and made again under the same name cannot be told from the first.
///
/// # Cancel safety
///
/// A call that changes the session is carried out once it was polled, even if its future is dropped. The handle always
/// shows the state that the server last confirmed.
///
/// A change without a reply at its deadline fails with [`Timeout`](crate::ErrorKind::Timeout). If it was sent
/// ([`Delivery::Unknown`](crate::Delivery::Unknown)), the server may still carry it out. Later changes, `fork` and
/// `close_session` then wait for the late reply, each until its own deadline, and the handle follows that reply.
/// Queries do not wait: until the reply comes they run before or after the change, and
/// [`namespace`](Self::namespace) and [`database`](Self::database) are `None` if it may have changed them.
#[derive(Clone)]
pub struct Session {
    inner: Arc<SessionInner>,
}

impl Session {
    fn of(inner: Arc<SessionInner>) -> Self {
        Self { inner }
    }

    /// The session that every connection has.
    fn default_of(client: Client) -> Self {
        Self::of(Arc::new(SessionInner::new(client, Role::Default, Confirmed::default())))
    }

    /// The id of this session, unique on its connection. It stays the same when the session moves to another socket.
    pub fn id(&self) -> SessionId {
        self.inner.id
    }

    /// The selected namespace, as the server last confirmed it.
    ///
    /// `None` if there is none, and also while it is unknown: a change that may select another one (`use_ns`, `use_db`,
    /// `unset_ns`, `unset_db`, a sign-in, `reset`) was sent and has no reply at its deadline. Queries then run before or
    /// after that change. When the late reply comes, the namespace is known again. Every later change waits for that
    /// reply, so after a later change has succeeded the namespace is known.
    pub fn namespace(&self) -> Option<String> {
        self.inner.confirmed().selection().namespace
    }

    /// The selected database, as the server last confirmed it.
    ///
    /// `None` if there is none, and also while it is unknown; see [`namespace`](Self::namespace).
    pub fn database(&self) -> Option<String> {
        self.inner.confirmed().selection().database
    }

    /// The identity of this session, as the server last confirmed it.
    ///
    /// Nothing is sent. It is asked for when the session signs in, and compared whenever the identity is proved again. Its
    /// level is [`Unknown`](crate::auth::Level::Unknown) if no readable reply came to that question or to the sign-in.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// use surreal_session::auth::Level;
    ///
    /// # surreal_session_embedded::example_db(async |db| {
    /// let session = db.new_session().await?;
    /// assert_eq!(session.identity().level, Level::Anonymous);
    /// session.signin(Root::new("root", "root")).await?;
    /// let identity = session.identity();
    /// assert_eq!((identity.level, identity.user.as_deref()), (Level::Root, Some("root")));
    /// # Ok(()) });
    /// ```
    pub fn identity(&self) -> Identity {
        self.inner.confirmed().identity()
    }

    /// Calls `tell` with the tokens of every renewal, before they are used.
    ///
    /// A session is renewed with its refresh token or its credentials when its access token has expired. A refresh token works
    /// once, so a program that stores tokens stores the new ones here. The results of [`signin`](Self::signin),
    /// [`signup`](Self::signup) and [`refresh`](Self::refresh) are returned to their callers, and not passed to this. Forks
    /// that were made before the call share the tokens, and with them `tell`; it stays with this session if it signs in again.
    ///
    /// `tell` runs on the runtime of the connection: it must not block, and may send the tokens through a channel.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # surreal_session_embedded::example(async |session| {
    /// let (renewed, mut tokens) = tokio::sync::mpsc::unbounded_channel();
    /// session.on_renewal(move |tokens| drop(renewed.send(tokens)));
    /// # assert!(tokens.try_recv().is_err());
    /// # Ok(()) });
    /// ```
    pub fn on_renewal(&self, tell: impl Fn(Tokens) + Send + Sync + 'static) {
        self.inner.on_renewal(OnRenewal::new(tell));
    }

    /// Drops the credentials of this session from memory, and keeps none of later sign-ins.
    ///
    /// Its identity is then proved by its tokens alone: the session is lost if they have expired when they are needed, for
    /// example after an outage. Forks that were made before keep their credentials.
    pub fn forget_credentials(&self) {
        self.inner.forget_credentials();
    }

    /// Selects a namespace, and with [`Use::use_db`] a database in it.
    ///
    /// Without `use_db` the server (3.3.5) keeps the name of the database that was selected before, in the new namespace;
    /// [`Use::unset_db`] leaves it. Namespace and database are created if the identity may do so; otherwise statements
    /// fail later.
    ///
    /// # Errors
    ///
    /// [`Auth`](crate::ErrorKind::Auth) for a namespace or database that the identity may not enter, or is bound to and
    /// may not leave: the session then stays as it was. If the server fails halfway, [`namespace`](Self::namespace) and
    /// [`database`](Self::database) say which are selected. A [`Conflict`](crate::ErrorKind::Conflict) with other
    /// connections that create them at the same time is no error before the deadline: the call is repeated.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    ///
    /// # Examples
    ///
    /// ```
    /// # surreal_session_embedded::example(async |session| {
    /// session.use_ns("shop").use_db("inventory").await?;
    /// session.use_db("orders").await?;
    /// session.use_ns("archive").unset_db().await?;
    /// assert_eq!((session.namespace().as_deref(), session.database()), (Some("archive"), None));
    /// # Ok(()) });
    /// ```
    pub fn use_ns(&self, namespace: impl Into<String>) -> Use {
        Use::new(&self.inner, UseRequest::namespace(namespace.into()))
    }

    /// Selects a database in the session's namespace.
    ///
    /// # Errors
    ///
    /// Like [`use_ns`](Self::use_ns); also fails if the session has no namespace.
    pub fn use_db(&self, database: impl Into<String>) -> Use {
        Use::new(&self.inner, UseRequest::database(database.into()))
    }

    /// Leaves the namespace, and the database with it.
    ///
    /// # Errors
    ///
    /// Fails only if the session is closed, or the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    pub fn unset_ns(&self) -> SessionCall<()> {
        self.change("use", Ok(UseRequest::without_namespace()))
    }

    /// Leaves the database and stays in the namespace.
    ///
    /// # Errors
    ///
    /// [`Auth`](crate::ErrorKind::Auth) for an identity that is bound to its database: a user of it, or a record user.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    pub fn unset_db(&self) -> SessionCall<()> {
        self.change("use", Ok(UseRequest::without_database()))
    }

    /// Signs this session in; other sessions of the connection keep their identities.
    ///
    /// A namespace or database user, and a record user, also select their namespace and database.
    ///
    /// The session keeps the tokens and the credentials in memory, to prove its identity again when it expires and after an
    /// outage; see [`forget_credentials`](Self::forget_credentials).
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
    pub fn signin(&self, credentials: impl Credentials) -> SessionCall<Tokens> {
        self.change("signin", AuthRequest::signin(&credentials).map(SignIn::new))
    }

    /// Creates a record user through the SIGNUP clause of an access method, and signs this session in as that user.
    ///
    /// # Errors
    ///
    /// [`Auth`](crate::ErrorKind::Auth) for an unknown access method or one without SIGNUP, or if the clause failed. The
    /// server does not say why it failed: a user that exists already looks like any other failure.
    /// [`Error::thrown`](crate::Error::thrown) is the error that the clause has thrown, if any.
    /// [`Conflict`](crate::ErrorKind::Conflict) as for [`signin`](Self::signin). The session stays as it was.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// #[derive(serde::Serialize)]
    /// struct Params<'a> {
    ///     email: &'a str,
    ///     password: &'a str,
    /// }
    ///
    /// # surreal_session_embedded::example(async |session| {
    /// # let (ns, db) = (session.namespace().unwrap(), session.database().unwrap());
    /// # let signup = "SIGNUP (CREATE user SET email = $email, password = crypto::argon2::generate($password))";
    /// # session.execute(Surql::dynamic(format!("DEFINE ACCESS account ON DATABASE TYPE RECORD {signup}"))).await?;
    /// let params = Params { email: "ada@example.com", password: "correct horse" };
    /// let tokens = session.signup(RecordAccess::new(&ns, &db, "account", params)).await?;
    /// // Later, or elsewhere: the same user without the password.
    /// session.authenticate(tokens.access).await?;
    /// # Ok(()) });
    /// ```
    pub fn signup<P: Serialize>(&self, credentials: RecordAccess<P>) -> SessionCall<Tokens> {
        self.change("signup", AuthRequest::signup(&credentials).map(SignIn::new))
    }

    /// Gives this session the identity that `token` proves, without a password.
    ///
    /// # Errors
    ///
    /// [`Auth`](crate::ErrorKind::Auth) for text that is not a token, and for a token that is expired or was issued by
    /// another server. The session stays as it was.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    pub fn authenticate(&self, token: impl Into<Token>) -> SessionCall<()> {
        self.change("authenticate", Authenticate::new(token.into()))
    }

    /// Renews an identity with a refresh token, and uses the refresh token up.
    ///
    /// The session gets the identity of the user that the tokens were issued for, and selects that user's namespace and
    /// database.
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
    pub fn refresh(&self, tokens: impl Borrow<Tokens>) -> SessionCall<Tokens> {
        self.change("refresh", SignIn::refresh(tokens.borrow()))
    }

    /// Revokes a refresh token. Sessions that are signed in stay signed in.
    ///
    /// # Errors
    ///
    /// Like [`refresh`](Self::refresh).
    ///
    /// # Cancel safety
    ///
    /// The token may or may not be revoked if the future is dropped. Revoking it again is safe, and fails if it was.
    pub fn revoke(&self, tokens: impl Borrow<Tokens>) -> SessionCall<()> {
        let request = AuthRequest::revoke(tokens.borrow());
        self.call("revoke", async move |session, deadline| identity::revoke(request?, &session, deadline).await)
    }

    /// Makes this session anonymous. Its namespace, database and variables stay.
    ///
    /// The time at which the sign-in expires stays too, as for [`reset`](Self::reset).
    ///
    /// # Errors
    ///
    /// Fails only if the session is closed, or the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    pub fn invalidate(&self) -> SessionCall<()> {
        self.change("invalidate", Ok(Invalidate))
    }

    /// Resets this session to the state of a new one: anonymous, without namespace, database and variables.
    ///
    /// Only the time at which its sign-in expires stays (server 3.3.5); another sign-in sets it again, and other sessions
    /// have their own. Its open [transactions](crate::Transaction) are rolled back.
    ///
    /// # Errors
    ///
    /// Fails only if the session is closed, or the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    pub fn reset(&self) -> SessionCall<()> {
        self.change("reset", Ok(Reset))
    }

    /// Sets the session's variable `$name`, for later queries of this session only.
    ///
    /// The value is encoded when this is called. NONE removes the variable.
    ///
    /// The type of the value is not checked. Types of chrono, time, jiff, uuid and `rust_decimal` and `std::time::Duration` are
    /// sent as serde writes them, a time as text: convert them first, as in `Datetime::from(time)`.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a name that cannot be a variable, is reserved by the
    /// server (`access`, `auth`, `token`, `session`), or means something else in places of SurrealQL, where it would hide
    /// the variable (`this`, `parent`, `value`, `input`, `before`, `after`, `event`).
    /// [`Encode`](crate::ErrorKind::Encode) for a value that cannot be sent.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # surreal_session_embedded::example(async |session| {
    /// session.set("limits", [10, 20]).await?;
    /// let limits: Vec<i64> = session.query("RETURN $limits").await?.take(0)?;
    /// assert_eq!(limits, [10, 20]);
    /// # Ok(()) });
    /// ```
    pub fn set(&self, name: impl Into<String>, value: impl Serialize) -> SessionCall<()> {
        self.change("set", SetVariable::new(name.into(), &value))
    }

    /// Removes the session's variable `$name`. Succeeds if there is no such variable.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a name that cannot be a variable.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    pub fn unset(&self, name: impl Into<String>) -> SessionCall<()> {
        self.change("unset", UnsetVariable::new(name.into()))
    }

    /// Opens a new session on the same connection with the same identity, namespace, database and variables.
    ///
    /// It copies the state that the server has confirmed after the changes of this session that are under way. From then
    /// on the two sessions are independent.
    ///
    /// # Errors
    ///
    /// Like [`Surreal::new_session`]. [`Auth`](crate::ErrorKind::Auth) if nothing proves the identity of this session any
    /// more: its tokens have expired, and it has no credentials or they are refused. Sign the new session in instead.
    /// [`Timeout`](crate::ErrorKind::Timeout) if the server does not answer an earlier change of this session.
    /// [`Protocol`](crate::ErrorKind::Protocol) if the identity or a variable is unknown, because the reply to a change of
    /// it could not be read.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future detaches the new session.
    pub fn fork(&self) -> SessionCall<Session> {
        self.call("fork", async move |session, deadline| new_session::fork(&session, deadline).await)
    }

    /// Detaches this session from the server and waits until it is gone.
    ///
    /// Calls of all other handles of the session then fail with [`SessionClosed`](crate::ErrorKind::SessionClosed).
    /// Requests that the server is working on finish normally, but open [transactions](crate::Transaction) of the session
    /// are rolled back. Other sessions go on.
    ///
    /// # Errors
    ///
    /// [`SessionClosed`](crate::ErrorKind::SessionClosed) if it was closed before;
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for the default session, which lives as long as its
    /// connection; otherwise only if the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// Once polled, the session is closed even if the future is dropped.
    pub fn close_session(self) -> SessionCall<()> {
        self.call("detach", async move |session, deadline| change::close(&session, deadline).await)
    }

    /// Reads the record of the record user that this session is signed in as.
    ///
    /// For other identities, and if the user may not read the record, the result is NONE: ask for an `Option` then.
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::ErrorKind::Decode) if the record does not fit `T`, or there is none and `T` is not an `Option`.
    ///
    /// # Cancel safety
    ///
    /// Only reads.
    pub fn info<T: DeserializeOwned + 'static>(&self) -> SessionCall<T> {
        self.call("info", async move |session, deadline| info::record(&session, deadline).await)
    }

    /// Returns the version of the server, such as `surrealdb-3.3.5`.
    ///
    /// # Errors
    ///
    /// Fails only if the session is closed, or the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// Only reads.
    pub fn version(&self) -> SessionCall<String> {
        self.call("version", async move |session, deadline| info::version(&session, deadline).await)
    }

    /// Returns the version of the server that the session is on, such as `3.3.5`.
    ///
    /// It is known from the handshake. A server that does not tell it there is asked once for each socket. After an outage, and in a cluster that is
    /// being updated, it may be another one.
    ///
    /// # Errors
    ///
    /// Like [`version`](Self::version).
    ///
    /// # Cancel safety
    ///
    /// Only reads.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # surreal_session_embedded::example_db(async |db| {
    /// let version = db.server_version().await?;
    /// assert!(version.major() >= 3);
    /// # Ok(()) });
    /// ```
    pub fn server_version(&self) -> SessionCall<ServerVersion> {
        self.call("version", async move |session, deadline| info::server_version(&session, deadline).await)
    }

    /// Returns true if the server that the session is on has a feature, by its [version](Self::server_version).
    ///
    /// # Errors
    ///
    /// Like [`version`](Self::version).
    ///
    /// # Cancel safety
    ///
    /// Only reads.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// use surreal_session::connection::Feature;
    ///
    /// # surreal_session_embedded::example_db(async |db| {
    /// assert!(db.supports(Feature::RowStreams).await?);
    /// # Ok(()) });
    /// ```
    pub fn supports(&self, feature: Feature) -> SessionCall<bool> {
        self.call("version", async move |session, deadline| {
            Ok(info::server_version(&session, deadline).await?.supports(feature))
        })
    }

    /// Makes a round trip to the server, through its request handling.
    ///
    /// # Errors
    ///
    /// Fails only if the session is closed, or the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// Changes nothing.
    pub fn ping(&self) -> SessionCall<()> {
        self.call("ping", async move |session, deadline| info::ping(&session, deadline).await)
    }

    /// Returns true while calls of this session can succeed.
    ///
    /// False after [`close_session`](Self::close_session), after the end of the connection, and if the session could not be
    /// opened again after the loss of its socket. During an outage it is true: calls wait for the session.
    pub fn is_open(&self) -> bool {
        self.inner.is_open()
    }

    /// The names of the variables that were set on this session, as the server last confirmed them, in alphabetical order.
    ///
    /// A change whose outcome is unknown does not show. Bindings of queries and variables of transactions are not among them.
    pub fn variables(&self) -> Vec<String> {
        self.inner.confirmed().recipe.variables.0.keys().cloned().collect()
    }

    /// The value of a variable of this session, as the server last confirmed it; `None` if it is not set. Needs no request.
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::ErrorKind::Decode) if the value does not fit `T`.
    ///
    /// # Examples
    ///
    /// ```
    /// # surreal_session_embedded::example(async |session| {
    /// session.set("tenant", "acme").await?;
    /// assert_eq!(session.variables(), ["tenant"]);
    /// assert_eq!(session.variable::<String>("tenant")?.as_deref(), Some("acme"));
    /// # Ok(()) });
    /// ```
    pub fn variable<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        variables::value(&self.inner.confirmed().recipe.variables, name)
    }

    /// Returns the sessions that are open on the sockets of this connection, without the default one, in no particular order.
    ///
    /// A session that waits for its restoration is not among them.
    ///
    /// # Errors
    ///
    /// Fails only if the session is closed, or the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// Only reads.
    pub fn sessions(&self) -> SessionCall<Vec<SessionId>> {
        let default = self.inner.client.default_session();
        self.call("sessions", async move |session, deadline| info::sessions(&session, default, deadline).await)
    }

    /// A call that runs `start` at its first poll. The name is that of its request.
    fn call<T, F>(
        &self,
        name: &'static str,
        start: impl FnOnce(Arc<SessionInner>, Deadline) -> F + Send + 'static,
    ) -> SessionCall<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let session = Arc::clone(&self.inner);
        SessionCall::in_session(&self.inner, name, move |deadline| start(session, deadline))
    }

    /// A call that carries out a change, or fails with the error of its arguments.
    fn change<C: SessionChange>(&self, name: &'static str, change: Result<C>) -> SessionCall<C::Output> {
        self.call(name, async move |session, deadline| change::apply(&session, change?, deadline).await)
    }

    pub(crate) fn inner(&self) -> &Arc<SessionInner> {
        &self.inner
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let selection = self.inner.confirmed().selection();
        f.debug_struct("Session")
            .field("id", &self.inner.id)
            .field("namespace", &selection.namespace)
            .field("database", &selection.database)
            .finish_non_exhaustive()
    }
}
