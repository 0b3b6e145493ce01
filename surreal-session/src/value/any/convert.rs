//! Conversions of Rust types to [`Value`].

use std::collections::BTreeMap;

use super::Value;
use crate::value::{Bytes, Datetime, Decimal, Duration, File, Geometry, Null, Range, RecordId, Set, Table, Uuid};

macro_rules! from {
    ($($type:ty => $variant:ident($value:ident) $convert:expr;)+) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::$variant($convert)
            }
        }
    )+};
}

from! {
    bool => Bool(value) value;
    i8 => Int(number) number.into();
    i16 => Int(number) number.into();
    i32 => Int(number) number.into();
    i64 => Int(number) number;
    u8 => Int(number) number.into();
    u16 => Int(number) number.into();
    u32 => Int(number) number.into();
    f32 => Float(number) number.into();
    f64 => Float(number) number;
    char => String(character) character.to_string();
    &str => String(text) text.to_owned();
    &String => String(text) text.clone();
    String => String(text) text;
    Decimal => Decimal(number) number;
    Bytes => Bytes(bytes) bytes;
    Datetime => Datetime(datetime) datetime;
    Duration => Duration(duration) duration;
    std::time::Duration => Duration(duration) duration.into();
    Uuid => Uuid(uuid) uuid;
    uuid::Uuid => Uuid(uuid) uuid.into();
    Table => Table(table) table;
    RecordId => RecordId(id) id;
    &RecordId => RecordId(id) id.clone();
    Geometry => Geometry(geometry) geometry;
    File => File(file) file;
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Self::Null
    }
}

impl From<Null> for Value {
    fn from(_: Null) -> Self {
        Self::Null
    }
}

/// `None` becomes NONE.
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(elements: Vec<T>) -> Self {
        Self::Array(elements.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(elements: [T; N]) -> Self {
        Self::Array(elements.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Set<T>> for Value {
    fn from(elements: Set<T>) -> Self {
        Self::Set(elements.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<BTreeMap<String, T>> for Value {
    fn from(entries: BTreeMap<String, T>) -> Self {
        Self::Object(entries.into_iter().map(|(key, value)| (key, value.into())).collect())
    }
}

impl<T: Into<Value>> From<Range<T>> for Value {
    fn from(range: Range<T>) -> Self {
        Self::Range(Box::new(range.map(Into::into)))
    }
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self::Array(elements.into_iter().map(Into::into).collect())
    }
}

impl<K: Into<String>, T: Into<Value>> FromIterator<(K, T)> for Value {
    fn from_iter<I: IntoIterator<Item = (K, T)>>(entries: I) -> Self {
        Self::Object(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}
