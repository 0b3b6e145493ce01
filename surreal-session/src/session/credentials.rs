//! Who a session can be: system users on three levels, and record users.

use std::fmt;

use serde::Serialize;

use super::variables::encode;
use crate::codec;
use crate::error::{Error, Result};
use crate::value::Value;

/// Anything that [`Session::signin`](super::Session::signin) accepts.
///
/// Implemented by [`Root`], [`Namespace`], [`Database`], [`RecordAccess`] and [`Bearer`](super::Bearer). Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no credentials",
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

/// A record user: somebody whom an access method of the database knows by `params`.
///
/// `params` is a struct or map; its fields are the variables of the method's SIGNIN and SIGNUP clauses. Signing in or up
/// fails with [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if it is neither, or if a field is called `NS`, `DB`,
/// `AC`, `access`, `auth`, `session`, `this` or `token`: the server (3.3.5) uses these names itself.
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

impl Credentials for Root {}
impl Credentials for Namespace {}
impl Credentials for Database {}
impl<P: Serialize> Credentials for RecordAccess<P> {}

/// Refuses parameters that the clauses of the access method would not see.
fn check_params(params: &impl Serialize) -> Result<()> {
    let Ok(Value::Object(params)) = codec::decode(&encode(params)?) else {
        return Err(Error::argument("the parameters of a record user are a struct or a map"));
    };
    match RESERVED.iter().find(|name| params.contains_key(**name)) {
        Some(name) => Err(Error::argument(format!("`{name}` cannot name a parameter: the server uses it itself"))),
        None => Ok(()),
    }
}

const RESERVED: [&str; 8] = ["NS", "DB", "AC", "access", "auth", "session", "this", "token"];

pub(super) mod private {
    use serde::Serialize;

    use super::super::attempt::Keeps;
    use super::{Database, Namespace, RecordAccess, Root, check_params};
    use crate::error::Result;

    /// How a refusal is told, without a secret.
    pub trait Sealed {
        /// Refuses what the server would take for something else.
        fn check(&self) -> Result<()> {
            Ok(())
        }

        /// Who it is, as in "as root user `ada`".
        fn whom(&self) -> String;

        /// What is wrong when the server says no more than that there was a problem.
        fn problem(&self) -> &'static str {
            "there is no such user, or the password is another"
        }

        /// By what a session can become the same identity once more.
        fn keeps(&self) -> Keeps {
            Keeps::Token
        }
    }

    impl Sealed for Root {
        fn whom(&self) -> String {
            format!("as root user `{}`", self.user)
        }
    }

    impl Sealed for Namespace {
        fn whom(&self) -> String {
            format!("as user `{}` of namespace `{}`", self.user, self.namespace)
        }
    }

    impl Sealed for Database {
        fn whom(&self) -> String {
            format!("as user `{}` of database `{}` in namespace `{}`", self.user, self.database, self.namespace)
        }
    }

    impl<P: Serialize> Sealed for RecordAccess<P> {
        fn check(&self) -> Result<()> {
            check_params(&self.params)
        }

        fn whom(&self) -> String {
            let Self { access, database, namespace, .. } = self;
            format!("by access method `{access}` of database `{database}` in namespace `{namespace}`")
        }

        fn problem(&self) -> &'static str {
            "its AUTHENTICATE clause gave no record, or failed"
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
        );
        assert!(!shown.contains("secret"), "{shown}");
    }
}
