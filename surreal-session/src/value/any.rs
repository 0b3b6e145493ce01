//! [`Value`], a value of any type.

mod convert;
mod order;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::float::TotalFloat;
use super::tag::Tag;
use super::{
    Bytes, Datetime, Decimal, Duration, File, Geometry, InvalidValue, Range, RecordId, Set, Table, Uuid, literal,
    parse, text,
};

/// A value of any SurrealDB type.
///
/// Equality, order and hash depend on the type and the content: the int 1 is not equal to the float 1. They are total, so
/// that a value can be the key of a map: NaN equals itself. The order differs from the server's.
///
/// In a human-readable format a value is plain data: types without a counterpart are text, and NONE is null. Reading it
/// back gives text, unlike a typed field. The same holds for a value that is the key of a map.
///
/// # Examples
///
/// ```
/// use surreal_session::Value;
/// use surreal_session::value::Decimal;
///
/// // A value prints as the SurrealQL that produces it.
/// let value = Value::Array(vec![Value::from(1), Value::from("two"), Value::from(Decimal::ZERO), Value::None]);
/// assert_eq!(value.to_string(), "[1, 'two', 0dec, NONE]");
/// assert_eq!("[1, 'two', 0dec, NONE]".parse::<Value>()?, value);
/// let error = "[1, 1 + 1]".parse::<Value>().unwrap_err();
/// assert_eq!(error.to_string(), "not a value: expected a comma or `]` at byte 6");
/// # Ok::<(), surreal_session::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Value {
    /// NONE: no value.
    #[default]
    None,
    /// NULL: an empty value.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating point number.
    Float(f64),
    /// An exact decimal number.
    Decimal(Decimal),
    /// Text.
    String(String),
    /// Bytes.
    Bytes(Bytes),
    /// A point in time.
    Datetime(Datetime),
    /// A span of time.
    Duration(Duration),
    /// A universally unique identifier.
    Uuid(Uuid),
    /// A table, by its name.
    Table(Table),
    /// The id of a record, which is also a link to it.
    RecordId(RecordId),
    /// An ordered list of values.
    Array(Vec<Value>),
    /// A collection of values without duplicates.
    Set(Set<Value>),
    /// A map from text keys to values.
    Object(BTreeMap<String, Value>),
    /// A geometry, such as a point or a polygon.
    Geometry(Geometry),
    /// A reference to a file.
    File(File),
    /// The values between two bounds.
    Range(Box<Range<Value>>),
}

impl Value {
    /// Reads the human-readable text of a special type.
    pub(crate) fn from_text(tag: Tag, text: &str) -> Option<Self> {
        Some(match tag {
            Tag::RecordId => Self::RecordId(text.parse().ok()?),
            Tag::Datetime => Self::Datetime(text.parse().ok()?),
            Tag::Duration => Self::Duration(text.parse().ok()?),
            Tag::Uuid => Self::Uuid(text.parse().ok()?),
            Tag::File => Self::File(text.parse().ok()?),
            _ => return None,
        })
    }

    /// Returns `true` for NONE.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Returns `true` for NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the bool, or `None` for any other type.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// Returns the int, or `None` for any other type.
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    /// Returns the float, or `None` for any other type.
    pub fn as_f64(&self) -> Option<f64> {
        if let Self::Float(number) = self { Some(*number) } else { None }
    }

    /// Returns the string, or `None` for any other type.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// Returns the record id, or `None` for any other type.
    pub fn as_record_id(&self) -> Option<&RecordId> {
        if let Self::RecordId(id) = self { Some(id) } else { None }
    }

    /// Returns the elements of an array, or `None` for any other type.
    pub fn as_array(&self) -> Option<&[Value]> {
        if let Self::Array(elements) = self { Some(elements) } else { None }
    }

    /// Returns the entries of an object, or `None` for any other type.
    pub fn as_object(&self) -> Option<&BTreeMap<String, Value>> {
        if let Self::Object(entries) = self { Some(entries) } else { None }
    }

    /// Returns the value of this key in an object, or `None` without one.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get(key)
    }
}

impl FromStr for Value {
    type Err = InvalidValue;

    /// Reads a SurrealQL literal of any type, with space around it: the inverse of the [`Display`](fmt::Display) form.
    ///
    /// Nothing is computed: operators, parameters, functions and statements are errors, and so are comments and regexes. A
    /// name alone is a [`Table`]. As for the server, an object that looks like a geometry is one, and of several values of one
    /// key the last counts. `{a:b}` without a space is a set of a record id, as the server writes it, and `{ a: b }` an object.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] with the reason and the position for any other text, and for one that is nested deeper than 100
    /// levels.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        parse::value(text)
    }
}

/// Writes the SurrealQL literal.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("NONE"),
            Self::Null => f.write_str("NULL"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(number) => number.fmt(f),
            Self::Float(number) => TotalFloat(*number).fmt(f),
            Self::Decimal(number) => write!(f, "{number}dec"),
            Self::String(value) => text::write_string(f, value),
            Self::Bytes(bytes) => bytes.fmt(f),
            Self::Datetime(datetime) => write!(f, "d'{datetime}'"),
            Self::Duration(duration) => duration.fmt(f),
            Self::Uuid(uuid) => write!(f, "u'{uuid}'"),
            Self::Table(table) => table.fmt(f),
            Self::RecordId(id) => id.fmt(f),
            Self::Array(elements) => literal::write_array(f, elements),
            Self::Set(set) => literal::write_set(f, set.as_slice()),
            Self::Object(entries) => literal::write_object(f, entries),
            Self::Geometry(geometry) => geometry.fmt(f),
            Self::File(file) => file.fmt(f),
            Self::Range(range) => literal::write_range(f, range),
        }
    }
}
