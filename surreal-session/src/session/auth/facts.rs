//! The identity of a session as the server sees it.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use tokio::time::Instant;

use super::Token;
use crate::codec;
use crate::error::{Error, Result};
use crate::protocol::{Outcome, StatementResult, read_statements};
use crate::value::{Datetime, RecordId};

/// The identity of a session, as the server last confirmed it; see [`Session::identity`](crate::Session::identity).
///
/// It comes from the server's own variables (`$auth`, `$access`, `$token`), not from the claims of a token.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Identity {
    /// The level that the identity is defined on.
    pub level: Level,
    /// The record of a record user; `None` for all others.
    pub record: Option<RecordId>,
    /// The name of a system user, or the subject of a token that an access method of TYPE JWT has accepted.
    pub user: Option<String>,
    /// The access method, if the identity was proved by one.
    pub access: Option<String>,
    /// The namespace that the identity belongs to; `None` for users of the whole server.
    pub namespace: Option<String>,
    /// The database that the identity belongs to; `None` for users of a namespace and of the whole server.
    pub database: Option<String>,
    /// The time at which the session expires unless it is renewed before, in whole seconds of the server's clock; `None` if
    /// it never does.
    pub expires_at: Option<Datetime>,
}

/// The level of an [`Identity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Not signed in.
    Anonymous,
    /// A record of a database, signed in through an access method.
    Record,
    /// A system user of one database.
    Database,
    /// A system user of one namespace.
    Namespace,
    /// A system user of the whole server.
    Root,
    /// The server did not say: the question failed, or no readable reply came to a change of the identity.
    Unknown,
}

/// The reply to [`FACTS`].
#[derive(Debug, Clone)]
pub(in crate::session) struct Facts {
    pub(in crate::session) identity: Identity,
    pub(in crate::session) namespace: Option<String>,
    pub(in crate::session) database: Option<String>,
    /// When the session expires, by the clock of this process.
    pub(in crate::session) session_ends: Option<Instant>,
    /// When the token expires, by the clock of this process.
    pub(in crate::session) token_ends: Option<Instant>,
    /// The server's clock at an instant.
    clock: Option<(Datetime, Instant)>,
}

/// The statements that ask for the identity of a session, and for the namespace and database that it has selected.
///
/// They use fields that are always present: for a missing one, such as `$token.DB`, the server (3.3.5) needs a database. They
/// call one function, in a separate statement: the server may deny it to the user.
pub(in crate::session) const FACTS: &str = "RETURN { \
    record: $session.rd, access: $session.ac, token: $session.tk, expires: $session.exp, \
    selected: { namespace: $session.ns, database: $session.db } \
}; RETURN time::now()";

/// The first result of [`FACTS`]. Times are in seconds since 1970.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    record: Option<RecordId>,
    access: Option<String>,
    token: Option<Claims>,
    expires: Option<i64>,
    selected: Selected,
}

/// The claims of a token that the server has verified.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    #[serde(rename = "NS")]
    namespace: Option<String>,
    #[serde(rename = "DB")]
    database: Option<String>,
    #[serde(rename = "ID")]
    user: Option<String>,
    #[serde(rename = "sub")]
    subject: Option<String>,
    exp: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Selected {
    namespace: Option<String>,
    database: Option<String>,
}

impl Identity {
    pub(in crate::session) fn anonymous() -> Self {
        Self::of(Level::Anonymous)
    }

    pub(in crate::session) fn unknown() -> Self {
        Self::of(Level::Unknown)
    }

    fn of(level: Level) -> Self {
        let (record, user, access, namespace, database) = (None, None, None, None, None);
        Self { level, record, user, access, namespace, database, expires_at: None }
    }

    /// Returns `true` if both are the same user, whenever they expire.
    pub(in crate::session) fn is_same(&self, other: &Self) -> bool {
        let Self { level, record, user, access, namespace, database, expires_at: _ } = self;
        (level, record, user) == (&other.level, &other.record, &other.user)
            && (access, namespace, database) == (&other.access, &other.namespace, &other.database)
    }

    /// The identity in messages, such as "record user `user:ada`".
    pub(in crate::session) fn described(&self) -> String {
        let user = self.user.as_deref().unwrap_or_default();
        match (self.level, &self.record) {
            (Level::Record, Some(record)) => format!("record user `{record}`"),
            (Level::Root, _) => format!("root user `{user}`"),
            (Level::Namespace, _) => format!("user `{user}` of a namespace"),
            (Level::Database, _) => format!("user `{user}` of a database"),
            (Level::Anonymous, _) => "anonymous".to_owned(),
            _ => "an unknown user".to_owned(),
        }
    }
}

impl Facts {
    /// Reads the reply to [`FACTS`], which was asked for at an instant. So expiry is never later than the server has it.
    pub(in crate::session) fn read(reply: &Bytes, asked: Instant) -> Result<Self> {
        let mut statements = read_statements(reply)?.into_iter().map(|StatementResult { outcome, .. }| outcome);
        let answer: Answer = match statements.next() {
            Some(Outcome::Ok(result)) => codec::decode(&result).map_err(unreadable)?,
            Some(Outcome::Failed(error)) => return Err(Error::from_statement(0, error)),
            None => return Err(Error::protocol("the reply to `query` has no statement")),
        };
        // Without the server's clock, the expiry is not known in advance.
        let now = match statements.next() {
            Some(Outcome::Ok(result)) => codec::decode::<Datetime>(&result).ok(),
            _ => None,
        };
        Ok(answer.into_facts(now.map(|now| (now, asked))))
    }

    /// The end of a token by its claim, which is not verified, and the server's clock.
    pub(in crate::session) fn ends_of(&self, token: &Token) -> Option<Instant> {
        ends(token.expires_at().map(|at| at.timestamp()), self.clock)
    }
}

impl Answer {
    fn into_facts(self, clock: Option<(Datetime, Instant)>) -> Facts {
        let level = self.level();
        let Selected { namespace, database } = self.selected;
        let claims = self.token.unwrap_or_default();
        let (session_ends, token_ends) = (ends(self.expires, clock), ends(claims.exp, clock));
        let identity = Identity {
            level,
            user: if level == Level::Record { None } else { claims.user.or(claims.subject) },
            record: self.record,
            access: self.access,
            namespace: claims.namespace,
            database: claims.database,
            expires_at: self.expires.and_then(|seconds| Datetime::from_timestamp(seconds, 0)),
        };
        Facts { identity, namespace, database, session_ends, token_ends, clock }
    }

    fn level(&self) -> Level {
        match (&self.record, &self.token) {
            (Some(_), _) => Level::Record,
            (None, None) => Level::Anonymous,
            (None, Some(Claims { database: Some(_), .. })) => Level::Database,
            (None, Some(Claims { namespace: Some(_), .. })) => Level::Namespace,
            (None, Some(_)) => Level::Root,
        }
    }
}

/// The end of a session or token that expires, by the clock of this process.
fn ends(expires: Option<i64>, clock: Option<(Datetime, Instant)>) -> Option<Instant> {
    let (now, at) = clock?;
    at.checked_add(time_left(expires?, now))
}

/// The time until the server (3.3.5) refuses a session or token, which it does after the end of the second `expires`.
fn time_left(expires: i64, now: Datetime) -> Duration {
    let seconds = u64::try_from(expires.saturating_add(1).saturating_sub(now.timestamp())).unwrap_or(0);
    Duration::from_secs(seconds).saturating_sub(Duration::from_nanos(now.subsec_nanos().into()))
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::protocol("the reply to a question about the identity cannot be read").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_left_until_the_end_of_the_second() {
        for (expires, now, nanos, left) in [
            (10, 10, 0, 1_000),
            (10, 10, 999_000_000, 1),
            (12, 10, 250_000_000, 2_750),
            (10, 11, 0, 0),
            (10, 50, 0, 0),
            (i64::MIN, 0, 0, 0),
        ] {
            let now = Datetime::from_timestamp(now, nanos).unwrap();
            assert_eq!(time_left(expires, now), Duration::from_millis(left), "{expires} {now}");
        }
        time_left(i64::MAX, Datetime::from_timestamp(i64::MIN / 1_000_000_000, 0).unwrap());
    }

    #[test]
    fn levels_follow_from_the_variables_of_the_server() {
        let claims = |database: Option<&str>, namespace: Option<&str>| {
            let (database, namespace) = (database.map(str::to_owned), namespace.map(str::to_owned));
            Some(Claims { namespace, database, user: Some("ada".to_owned()), ..Claims::default() })
        };
        let answer = |record, token| Answer { record, token, ..Answer::default() };
        let ada = || Some("user:ada".parse::<RecordId>().unwrap());
        for (answer, level) in [
            (answer(None, None), Level::Anonymous),
            (answer(ada(), claims(Some("db"), Some("ns"))), Level::Record),
            (answer(ada(), None), Level::Record),
            (answer(None, claims(Some("db"), Some("ns"))), Level::Database),
            (answer(None, claims(None, Some("ns"))), Level::Namespace),
            (answer(None, claims(None, None)), Level::Root),
        ] {
            let facts = answer.into_facts(None);
            assert_eq!(facts.identity.level, level);
            assert!(facts.identity.is_same(&Identity { expires_at: Some(Datetime::now()), ..facts.identity.clone() }));
        }
    }
}
