//! The keys that a record's id can have.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::value::{RecordKey, Uuid, Value};

/// A type of key: text, `i64`, [`Uuid`], a tuple of them, or [`RecordKey`] for any.
///
/// A key keeps its type: the text `"1"` and the integer `1` are different records.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a record",
    label = "not a key",
    note = "keys are `String`, `i64`, `surreal_session::value::Uuid`, tuples of these, and `RecordKey` for any"
)]
pub trait Key: Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// This key as an untyped one.
    fn to_record_key(&self) -> RecordKey;

    /// The key of this type that `key` is.
    ///
    /// # Errors
    ///
    /// Gives `key` back if it is of another type.
    fn from_record_key(key: RecordKey) -> Result<Self, RecordKey>;
}

impl Key for RecordKey {
    fn to_record_key(&self) -> RecordKey {
        self.clone()
    }

    fn from_record_key(key: RecordKey) -> Result<Self, RecordKey> {
        Ok(key)
    }
}

impl Key for String {
    fn to_record_key(&self) -> RecordKey {
        RecordKey::String(self.clone())
    }

    fn from_record_key(key: RecordKey) -> Result<Self, RecordKey> {
        match key {
            RecordKey::String(text) => Ok(text),
            other => Err(other),
        }
    }
}

impl Key for i64 {
    fn to_record_key(&self) -> RecordKey {
        RecordKey::Int(*self)
    }

    fn from_record_key(key: RecordKey) -> Result<Self, RecordKey> {
        match key {
            RecordKey::Int(number) => Ok(number),
            other => Err(other),
        }
    }
}

impl Key for Uuid {
    fn to_record_key(&self) -> RecordKey {
        RecordKey::Uuid(*self)
    }

    fn from_record_key(key: RecordKey) -> Result<Self, RecordKey> {
        match key {
            RecordKey::Uuid(uuid) => Ok(uuid),
            other => Err(other),
        }
    }
}

/// A part of a tuple key, as an element of the array that the key is on the server.
trait Part: Sized {
    fn to_value(&self) -> Value;
    fn from_value(value: &Value) -> Option<Self>;
}

impl Part for String {
    fn to_value(&self) -> Value {
        Value::String(self.clone())
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::String(text) = value { Some(text.clone()) } else { None }
    }
}

impl Part for i64 {
    fn to_value(&self) -> Value {
        Value::Int(*self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Int(number) = value { Some(*number) } else { None }
    }
}

impl Part for Uuid {
    fn to_value(&self) -> Value {
        Value::Uuid(*self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Uuid(uuid) = value { Some(*uuid) } else { None }
    }
}

macro_rules! tuple_keys {
    ($($count:literal: $($name:ident $part:ident $index:tt),+;)+) => {$(
        impl<$($name: Key + Part),+> Key for ($($name,)+) {
            fn to_record_key(&self) -> RecordKey {
                RecordKey::Array(vec![$(self.$index.to_value()),+])
            }

            fn from_record_key(key: RecordKey) -> Result<Self, RecordKey> {
                let parts = match &key {
                    RecordKey::Array(parts) if parts.len() == $count => parts,
                    _ => return Err(key),
                };
                match ($($name::from_value(&parts[$index]),)+) {
                    ($(Some($part),)+) => Ok(($($part,)+)),
                    _ => Err(key),
                }
            }
        }
    )+};
}

tuple_keys! {
    1: A a 0;
    2: A a 0, B b 1;
    3: A a 0, B b 1, C c 2;
    4: A a 0, B b 1, C c 2, D d 3;
}
