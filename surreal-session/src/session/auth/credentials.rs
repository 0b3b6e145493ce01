//! The credentials of system users on three levels, of record users, and of the owners of bearer keys.

use std::fmt;

use serde::Serialize;

use crate::codec;
use crate::error::{Error, Result};
use crate::value::Value;

/// The arguments of [`Session::signin`](crate::Session::signin).
///
/// Implemented by [`Root`], [`Namespace`], [`Database`], [`RecordAccess`] and [`Bearer`]. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used to sign in",
    label = "expected `Root`, `Namespace`, `Database`, `RecordAccess` or `Bearer`"
)]
pub trait Credentials: Serialize + private::Sealed {}

/// A system user of the whole server.
#[derive(Clone, Serialize)]
pub struct Root {
    user: String,
    pass: String,
}

/// A system user of one namespace.
#[derive(Clone, Serialize)]
pub struct Namespace {
    #[serde(rename = "NS")]
    namespace: String,
    user: String,
    pass: String,
}

/// A system user of one database.
#[derive(Clone, Serialize)]
pub struct Database {
    #[serde(rename = "NS")]
    namespace: String,
    #[serde(rename = "DB")]
    database: String,
    user: String,
    pass: String,
}

/// A record user, identified by an access method of the database from `params`.
///
/// `params` is a struct or map; its fields are the variables of the method's SIGNIN and SIGNUP clauses. Signing in or up
/// fails with [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if it is neither, or if a field is called `NS`, `DB`,
/// `AC`, `access`, `auth`, `session`, `this` or `token`: the server (3.3.5) reserves these names.
#[derive(Clone, Serialize)]
pub struct RecordAccess<P> {
    // First, so that no parameter can replace what follows.
    #[serde(flatten)]
    params: P,
    #[serde(rename = "NS")]
    namespace: String,
    #[serde(rename = "DB")]
    database: String,
    #[serde(rename = "AC")]
    access: String,
}

/// A bearer key: a secret that ACCESS … GRANT has made for a user or a record, such as an API key.
///
/// The access method is one of the whole server, unless [`on_namespace`](Self::on_namespace) or
/// [`on_database`](Self::on_database) is called.
///
/// The token of such a sign-in cannot be used with [`Session::authenticate`](crate::Session::authenticate): the server
/// (3.3.5) does not accept it. So a session keeps the key, for [`Session::fork`](crate::Session::fork).
///
/// # Examples
///
/// ```
/// # use surreal_session::prelude::*;
/// #[derive(serde::Deserialize)]
/// struct Grant {
///     grant: Key,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Key {
///     key: String,
/// }
///
/// # surreal_session_embedded::example(async |admin| {
/// # let (ns, db) = (admin.namespace().unwrap(), admin.database().unwrap());
/// # admin.query("DEFINE USER robot ON DATABASE PASSWORD 'secret' ROLES VIEWER").await?.check()?;
/// # let robot = admin.fork().await?;
/// // The server shows the key only once.
/// let text = "DEFINE ACCESS api ON DATABASE TYPE BEARER FOR USER; ACCESS api ON DATABASE GRANT FOR USER robot";
/// let Grant { grant: Key { key } } = admin.query(text).await?.check()?.take(1)?;
/// robot.signin(Bearer::new("api", key).on_database(&ns, &db)).await?;
/// # Ok(()) });
/// ```
#[derive(Clone, Serialize)]
pub struct Bearer {
    #[serde(rename = "NS", skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(rename = "DB", skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    #[serde(rename = "AC")]
    access: String,
    key: String,
}

impl Root {
    /// A user defined ON ROOT.
    pub fn new(user: impl Into<String>, pass: impl Into<String>) -> Self {
        Self { user: user.into(), pass: pass.into() }
    }
}

impl Namespace {
    /// A user defined ON NAMESPACE in `namespace`.
    pub fn new(namespace: impl Into<String>, user: impl Into<String>, pass: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), user: user.into(), pass: pass.into() }
    }
}

impl Database {
    /// A user defined ON DATABASE in `database` of `namespace`.
    pub fn new(
        namespace: impl Into<String>,
        database: impl Into<String>,
        user: impl Into<String>,
        pass: impl Into<String>,
    ) -> Self {
        Self { namespace: namespace.into(), database: database.into(), user: user.into(), pass: pass.into() }
    }
}

impl<P: Serialize> RecordAccess<P> {
    /// A user of the access method `access`, defined ON DATABASE with TYPE RECORD.
    pub fn new(
        namespace: impl Into<String>,
        database: impl Into<String>,
        access: impl Into<String>,
        params: P,
    ) -> Self {
        Self { params, namespace: namespace.into(), database: database.into(), access: access.into() }
    }
}

impl Bearer {
    /// A key of the access method `access`, defined with TYPE BEARER.
    pub fn new(access: impl Into<String>, key: impl Into<String>) -> Self {
        Self { namespace: None, database: None, access: access.into(), key: key.into() }
    }

    /// Uses the access method that is defined ON NAMESPACE in `namespace`.
    pub fn on_namespace(self, namespace: impl Into<String>) -> Self {
        Self { namespace: Some(namespace.into()), database: None, ..self }
    }

    /// Uses the access method that is defined ON DATABASE in `database` of `namespace`.
    pub fn on_database(self, namespace: impl Into<String>, database: impl Into<String>) -> Self {
        Self { namespace: Some(namespace.into()), database: Some(database.into()), ..self }
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Root").field("user", &self.user).finish_non_exhaustive()
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Namespace");
        debug.field("namespace", &self.namespace).field("user", &self.user).finish_non_exhaustive()
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Database");
        debug.field("namespace", &self.namespace).field("database", &self.database);
        debug.field("user", &self.user).finish_non_exhaustive()
    }
}

impl<P> fmt::Debug for RecordAccess<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RecordAccess");
        debug.field("namespace", &self.namespace).field("database", &self.database);
        debug.field("access", &self.access).finish_non_exhaustive()
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Bearer");
        debug.field("namespace", &self.namespace).field("database", &self.database);
        debug.field("access", &self.access).finish_non_exhaustive()
    }
}

impl Credentials for Root {}
impl Credentials for Namespace {}
impl Credentials for Database {}
impl<P: Serialize> Credentials for RecordAccess<P> {}
impl Credentials for Bearer {}

/// Refuses parameters that the clauses of the access method would not get.
fn check_params(params: &impl Serialize) -> Result<()> {
    let Ok(Value::Object(params)) = codec::decode(&codec::encode(params)?) else {
        return Err(Error::argument("the parameters of a record user must be a struct or a map"));
    };
    match RESERVED.iter().find(|name| params.contains_key(**name)) {
        Some(name) => Err(Error::argument(format!("`{name}` cannot name a parameter: the server reserves it"))),
        None => Ok(()),
    }
}

const RESERVED: [&str; 8] = ["NS", "DB", "AC", "access", "auth", "session", "this", "token"];

pub(super) mod private {
    use serde::Serialize;

    use super::super::request::ReauthBy;
    use super::{Bearer, Database, Namespace, RecordAccess, Root, check_params};
    use crate::error::Result;

    /// The description of credentials in messages, without a secret.
    pub trait Sealed {
        /// Refuses parameters that the server would misinterpret.
        fn check(&self) -> Result<()> {
            Ok(())
        }

        /// The identity in messages, such as "as root user `ada`".
        fn described(&self) -> String;

        /// The cause of a refusal for which the server gives none.
        fn problem(&self) -> &'static str {
            "unknown user or wrong password"
        }

        /// The means by which a session can prove the same identity again.
        fn reauth_by(&self) -> ReauthBy {
            ReauthBy::Token
        }
    }

    impl Sealed for Root {
        fn described(&self) -> String {
            format!("as root user `{}`", self.user)
        }
    }

    impl Sealed for Namespace {
        fn described(&self) -> String {
            format!("as user `{}` of namespace `{}`", self.user, self.namespace)
        }
    }

    impl Sealed for Database {
        fn described(&self) -> String {
            format!("as user `{}` of database `{}` in namespace `{}`", self.user, self.database, self.namespace)
        }
    }

    impl<P: Serialize> Sealed for RecordAccess<P> {
        fn check(&self) -> Result<()> {
            check_params(&self.params)
        }

        fn described(&self) -> String {
            let Self { access, database, namespace, .. } = self;
            format!("by access method `{access}` of database `{database}` in namespace `{namespace}`")
        }

        fn problem(&self) -> &'static str {
            "its AUTHENTICATE clause returned no record, or failed"
        }
    }

    impl Sealed for Bearer {
        fn described(&self) -> String {
            let place = match (&self.namespace, &self.database) {
                (Some(namespace), Some(database)) => format!("database `{database}` in namespace `{namespace}`"),
                (Some(namespace), None) => format!("namespace `{namespace}`"),
                (None, _) => "the whole server".to_owned(),
            };
            format!("with a key of access method `{}` of {place}", self.access)
        }

        fn problem(&self) -> &'static str {
            "the key was revoked or has expired, is of another access method, or its user no longer exists"
        }

        fn reauth_by(&self) -> ReauthBy {
            ReauthBy::Credentials
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!(
            "{:?} {:?} {:?} {:?}",
            Root::new("root", "secret"),
            Namespace::new("ns", "user", "secret"),
            Database::new("ns", "db", "user", "secret"),
            RecordAccess::new("ns", "db", "account", [("pass", "secret")]),
        ) + &format!("{:?}", Bearer::new("api", "secret").on_database("ns", "db"));
        assert!(shown.contains("api") && !shown.contains("secret"), "{shown}");
    }
}
