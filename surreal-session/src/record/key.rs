//! The keys that a record's id can have.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{HasTable, NeedsId, OptionalId, tuples};
use crate::value::{Datetime, Id, RecordId, RecordKey, Uuid, Value};

/// A type of key: text, `i64`, [`Uuid`], a tuple, a struct with `#[derive(Object)]`, or [`RecordKey`] for any.
///
/// The server makes keys that are text. A record with a key of another type is created with an id:
/// `.create::<T>().id(key)`, or `.insert([(key, NewT { .. })])`; without it, the program does not compile. If the schema
/// makes the keys, as `DEFINE FIELD id ON doc TYPE uuid` or `TYPE int DEFAULT rand::int()` do (server 3.3.5), put
/// `#[record(default)]` on the field `id`.
///
/// A key keeps its type: the text `"1"` and the integer `1` are different records. Tuples and structs are made of text,
/// ints, bools, [`Uuid`], [`Datetime`] and ids, and of tuples and structs of these.
///
/// The server (3.3.5) orders structs by their fields in the order of the alphabet, and has datetimes within one second out of
/// order. This concerns the order of a select and [`range`](crate::query::Select::range).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a record",
    label = "not a key",
    note = "keys are `String`, `i64`, `surreal_session::value::Uuid`, tuples, structs with `#[derive(Object)]`, and \
            `RecordKey` for any"
)]
pub trait Key: KeyData {
    /// The maker of such keys: [`OptionalId`](super::OptionalId) if the server can make them, else
    /// [`NeedsId`](super::NeedsId).
    #[doc(hidden)]
    type Ids: 'static;

    /// This key as an untyped one.
    fn to_record_key(&self) -> RecordKey;

    /// The key of this type that `key` is.
    ///
    /// # Errors
    ///
    /// Gives `key` back if it is of another type.
    fn from_record_key(key: RecordKey) -> Result<Self, RecordKey>;
}

#[diagnostic::do_not_recommend]
impl Key for RecordKey {
    type Ids = OptionalId;

    fn to_record_key(&self) -> RecordKey {
        self.clone()
    }

    fn from_record_key(key: RecordKey) -> Result<Self, RecordKey> {
        Ok(key)
    }
}

#[diagnostic::do_not_recommend]
impl Key for String {
    type Ids = OptionalId;

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

#[diagnostic::do_not_recommend]
impl Key for i64 {
    type Ids = NeedsId;

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

#[diagnostic::do_not_recommend]
impl Key for Uuid {
    type Ids = NeedsId;

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

/// The requirements of a key.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a record",
    label = "a key is `Clone`, `Debug`, `PartialEq`, `Serialize` and `Deserialize`"
)]
pub trait KeyData: Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static> KeyData for T {}

/// A part of a key that is made of several, as it is in the array or object that the key is on the server.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a part of the key of a record",
    label = "not a part of a key",
    note = "keys are made of `String`, ints of up to 64 bits, `bool`, `Uuid`, `Datetime`, `Id<T>`, and of tuples and \
            structs of these"
)]
pub trait KeyPart: KeyData {
    fn to_value(&self) -> Value;
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! parts {
    ($($type:ty: $variant:ident;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl KeyPart for $type {
            fn to_value(&self) -> Value {
                Value::from(self.clone())
            }

            fn from_value(value: &Value) -> Option<Self> {
                if let Value::$variant(part) = value { part.clone().try_into().ok() } else { None }
            }
        }
    )+};
}

parts! {
    String: String;
    bool: Bool;
    i8: Int;
    i16: Int;
    i32: Int;
    i64: Int;
    u8: Int;
    u16: Int;
    u32: Int;
    Uuid: Uuid;
    Datetime: Datetime;
    RecordId: RecordId;
}

#[diagnostic::do_not_recommend]
impl<T: HasTable + 'static, K: Key> KeyPart for Id<T, K> {
    fn to_value(&self) -> Value {
        Value::RecordId(self.to_record_id())
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::RecordId(id) = value { Self::try_from(id.clone()).ok() } else { None }
    }
}

/// For generated code: the key that a struct is.
#[doc(hidden)]
pub fn object_key<const N: usize>(fields: [(&str, Value); N]) -> RecordKey {
    RecordKey::Object(fields.into_iter().map(|(name, part)| (name.to_owned(), part)).collect())
}

/// For generated code: a field of a struct that is a key.
#[doc(hidden)]
pub fn key_field<T: KeyPart>(key: &RecordKey, name: &str) -> Option<T> {
    match key {
        RecordKey::Object(fields) => T::from_value(fields.get(name)?),
        _ => None,
    }
}

/// For generated code: whether a key has this many fields. With more it is the key of another record.
#[doc(hidden)]
pub fn has_key_fields(key: &RecordKey, count: usize) -> bool {
    matches!(key, RecordKey::Object(fields) if fields.len() == count)
}

/// For generated code: the struct that is a part of a key.
#[doc(hidden)]
pub fn object_part<K: Key>(value: &Value) -> Option<K> {
    if let Value::Object(fields) = value { K::from_record_key(fields.clone().into()).ok() } else { None }
}

macro_rules! tuple_keys {
    ($([$name:ident $name2:ident $part:ident $index:tt])+) => {
        impl<$($name: KeyPart),+> Key for ($($name,)+) {
            type Ids = NeedsId;

            fn to_record_key(&self) -> RecordKey {
                RecordKey::Array(vec![$(self.$index.to_value()),+])
            }

            fn from_record_key(key: RecordKey) -> Result<Self, RecordKey> {
                let parts = match &key {
                    RecordKey::Array(parts) if parts.len() == [$($index),+].len() => parts,
                    _ => return Err(key),
                };
                match ($($name::from_value(&parts[$index]),)+) {
                    ($(Some($part),)+) => Ok(($($part,)+)),
                    _ => Err(key),
                }
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($name: KeyPart),+> KeyPart for ($($name,)+) {
            fn to_value(&self) -> Value {
                self.to_record_key().into()
            }

            fn from_value(value: &Value) -> Option<Self> {
                if let Value::Array(parts) = value { Self::from_record_key(parts.clone().into()).ok() } else { None }
            }
        }
    };
}

tuples! { tuple_keys }
