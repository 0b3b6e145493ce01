//! Bearer keys.

use std::fmt;

use serde::Serialize;

use super::attempt::Keeps;
use super::credentials::Credentials;
use super::credentials::private::Sealed;

/// The holder of a bearer key: a secret that ACCESS … GRANT made for a user or a record, such as an API key.
///
/// The access method is one of the whole server unless [`on_namespace`](Self::on_namespace) or
/// [`on_database`](Self::on_database) says otherwise.
///
/// The token that it is signed in for cannot be given to [`Session::authenticate`](super::Session::authenticate): the
/// server (3.3.5) does not take it back. So a session keeps the key, for [`Session::fork`](super::Session::fork).
///
/// # Examples
///
/// ```no_run
/// # use surreal_session::prelude::*;
/// # async fn example(admin: Session, robot: Session) -> surreal_session::Result<()> {
/// let text = "DEFINE ACCESS api ON DATABASE TYPE BEARER FOR USER; ACCESS api GRANT FOR USER robot";
/// let grant: Value = admin.query(text).await?.check()?.take(1)?;
/// # let key = String::new();
/// // The key is `grant.key` of that object, and is shown only once.
/// robot.signin(Bearer::new("api", key).on_database("shop", "inventory")).await?;
/// # Ok(())
/// # }
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

impl Bearer {
    /// The holder of a key of the access method `access`, defined with TYPE BEARER.
    pub fn new(access: impl Into<String>, key: impl Into<String>) -> Self {
        Self { namespace: None, database: None, access: access.into(), key: key.into() }
    }

    /// Says that the access method is defined ON NAMESPACE in `namespace`.
    pub fn on_namespace(self, namespace: impl Into<String>) -> Self {
        Self { namespace: Some(namespace.into()), database: None, ..self }
    }

    /// Says that the access method is defined ON DATABASE in `database` of `namespace`.
    pub fn on_database(self, namespace: impl Into<String>, database: impl Into<String>) -> Self {
        Self { namespace: Some(namespace.into()), database: Some(database.into()), ..self }
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Bearer");
        debug.field("namespace", &self.namespace).field("database", &self.database);
        debug.field("access", &self.access).finish_non_exhaustive()
    }
}

impl Credentials for Bearer {}

impl Sealed for Bearer {
    fn whom(&self) -> String {
        let place = match (&self.namespace, &self.database) {
            (Some(namespace), Some(database)) => format!("database `{database}` in namespace `{namespace}`"),
            (Some(namespace), None) => format!("namespace `{namespace}`"),
            (None, _) => "the whole server".to_owned(),
        };
        format!("with a key of access method `{}` of {place}", self.access)
    }

    fn problem(&self) -> &'static str {
        "the key was revoked or has expired, or is of another access method, or whom it stands for is gone"
    }

    fn keeps(&self) -> Keeps {
        Keeps::Credentials
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_method_and_no_key() {
        let shown = format!("{:?}", Bearer::new("api", "secret").on_database("ns", "db"));
        assert!(shown.contains("api") && !shown.contains("secret"), "{shown}");
    }
}
