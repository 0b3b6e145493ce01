//! The impls of [`Id`] that need the table of its record.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{self, DeserializeOwned, DeserializeSeed, Error as _, SeqAccess, Unexpected, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{HasTable, Key};
use crate::codec;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::Subject;
use crate::value::tag::Tag;
use crate::value::tagged::{self, Tagged};
use crate::value::{Id, RecordId, RecordKey, Value};

impl<T: HasTable, K: Key> Id<T, K> {
    /// This id as an untyped one.
    pub fn to_record_id(&self) -> RecordId {
        RecordId::new(T::NAME, self.key().to_record_key())
    }

    fn from_record_id(id: RecordId) -> Result<Self, String> {
        check_table(T::NAME, &id)?;
        K::from_record_key(id.into_key()).map(Self::new).map_err(|key| misfit::<K>(T::NAME, &key))
    }
}

impl<T: HasTable, K: Key> TryFrom<RecordId> for Id<T, K> {
    type Error = Error;

    /// Fails with [`ErrorKind::Decode`] for an id of another table, or with a key of another type.
    fn try_from(id: RecordId) -> Result<Self> {
        Self::from_record_id(id).map_err(|message| Error::new(ErrorKind::Decode, message))
    }
}

impl<T: HasTable, K: Key> From<Id<T, K>> for RecordId {
    fn from(id: Id<T, K>) -> Self {
        id.to_record_id()
    }
}

impl<T: HasTable, K: Key> From<Id<T, K>> for Value {
    fn from(id: Id<T, K>) -> Self {
        Self::RecordId(id.to_record_id())
    }
}

impl<T: HasTable, K: Key> FromStr for Id<T, K> {
    type Err = Error;

    /// Reads the text form of a record id, such as `user:ada`.
    fn from_str(text: &str) -> Result<Self> {
        let id = RecordId::from_str(text).map_err(|error| {
            let message = format!("`{}` is not a record id", text.escape_debug());
            Error::new(ErrorKind::Decode, message).with_source(error)
        })?;
        Self::try_from(id)
    }
}

// The key must only be serialisable here. The derive reports a type that cannot be a key at the record's id, and not
// again at each use of serde.

impl<T: HasTable, K: Serialize> Serialize for Id<T, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(Tag::RecordId.name(), &Form(self))
    }
}

/// Text in a human-readable format, and a table and a key elsewhere.
struct Form<'a, T, K>(&'a Id<T, K>);

impl<T: HasTable, K: Serialize> Serialize for Form<'_, T, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return self.0.to_untyped().map_err(S::Error::custom)?.serialize(serializer);
        }
        (T::NAME, self.0.key()).serialize(serializer)
    }
}

impl<'de, T: HasTable, K: DeserializeOwned> Deserialize<'de> for Id<T, K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

/// Reads without an untyped id in between: compares the table in place, and reads the key as its type.
impl<'de, T: HasTable, K: DeserializeOwned> Tagged<'de> for Id<T, K> {
    const TAG: Tag = Tag::RecordId;

    fn from_shown<D: Deserializer<'de>>(shown: D) -> Result<Self, D::Error> {
        Self::from_untyped(&RecordId::from_shown(shown)?).map_err(D::Error::custom)
    }

    fn from_text<E: de::Error>(text: &str) -> Result<Self, E> {
        Self::from_untyped(&text.parse().map_err(E::custom)?).map_err(E::custom)
    }

    fn from_elements<A: SeqAccess<'de>>(mut elements: A) -> Result<Self, A::Error> {
        let incomplete = || A::Error::custom("a record id has a table and a key");
        elements.next_element_seed(TableName(T::NAME))?.ok_or_else(incomplete)?;
        let key: Option<K> = elements
            .next_element()
            .map_err(|error| A::Error::custom(format_args!("the key of an id of table `{}`: {error}", T::NAME)))?;
        key.map(Self::new).ok_or_else(incomplete)
    }
}

impl<T: HasTable, K: Serialize> Id<T, K> {
    fn to_untyped(&self) -> Result<RecordId, String> {
        let bytes = codec::encode(self).map_err(|error| error.to_string())?;
        codec::decode(&bytes).map_err(|error| error.to_string())
    }
}

impl<T: HasTable, K: DeserializeOwned> Id<T, K> {
    fn from_untyped(id: &RecordId) -> Result<Self, String> {
        check_table(T::NAME, id)?;
        let bytes = codec::encode(id).map_err(|error| error.to_string())?;
        codec::decode(&bytes).map_err(|_| misfit::<K>(T::NAME, id.key()))
    }
}

fn check_table(table: &str, id: &RecordId) -> Result<(), String> {
    if id.table() == table { Ok(()) } else { Err(format!("expected an id of table `{table}`, found `{id}`")) }
}

fn misfit<K>(table: &str, key: &RecordKey) -> String {
    format!("expected an id of table `{table}` with a key of type {}, found the key {key}", type_name::<K>())
}

/// Reads the name of a table and lets only this one pass.
struct TableName(&'static str);

impl<'de> DeserializeSeed<'de> for TableName {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for TableName {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an id of table `{}`", self.0)
    }

    fn visit_str<E: de::Error>(self, table: &str) -> Result<(), E> {
        if table == self.0 { Ok(()) } else { Err(E::invalid_value(Unexpected::Str(table), &self)) }
    }
}

impl<T: HasTable, K: Key> Subject for Id<T, K> {
    fn name(&self) -> Cow<'_, str> {
        T::NAME.into()
    }
}

impl<T: HasTable, K: Key> fmt::Display for Id<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_record_id().fmt(f)
    }
}

impl<T: HasTable, K: fmt::Debug> fmt::Debug for Id<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({}:{:?})", T::NAME, self.key())
    }
}
