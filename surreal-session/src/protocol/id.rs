//! The ids of the protocol.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::value;

/// The number that a reply carries back to its request. Unique within one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RequestId(pub(crate) i64);

/// The id of a session on its connection.
///
/// Chosen by the client. The id of a connection's default session is that of the connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(Uuid);

/// The id of a transaction on its connection, chosen by the server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(Uuid);

impl SessionId {
    pub(crate) fn random() -> Self {
        Self(Uuid::new_v4())
    }

    pub(crate) fn new(id: value::Uuid) -> Self {
        Self(id.into())
    }

    pub(crate) fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl TransactionId {
    pub(crate) fn new(id: value::Uuid) -> Self {
        Self(id.into())
    }

    pub(crate) fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

/// The id of a live query, chosen by the server: the result of `LIVE SELECT` and the argument of KILL.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LiveId(Uuid);

impl LiveId {
    pub(crate) fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({})", self.0)
    }
}

impl From<SessionId> for value::Uuid {
    fn from(id: SessionId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for LiveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransactionId({})", self.0)
    }
}

impl From<TransactionId> for value::Uuid {
    fn from(id: TransactionId) -> Self {
        id.0.into()
    }
}

impl fmt::Debug for LiveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LiveId({})", self.0)
    }
}

impl From<LiveId> for value::Uuid {
    fn from(id: LiveId) -> Self {
        id.0.into()
    }
}

impl From<value::Uuid> for LiveId {
    fn from(id: value::Uuid) -> Self {
        Self(id.into())
    }
}

impl FromStr for LiveId {
    type Err = value::InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<value::Uuid>().map(Self::from)
    }
}

impl Serialize for LiveId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        value::Uuid::from(*self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LiveId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        value::Uuid::deserialize(deserializer).map(Self::from)
    }
}
