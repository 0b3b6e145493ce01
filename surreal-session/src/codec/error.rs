//! Errors of encoding and decoding, with the path of the value.

use std::borrow::Cow;
use std::fmt::{self, Write};

use serde::de::{Expected, Unexpected};

use crate::error::{Error, ErrorKind};
use crate::value::tag::Tag;

/// A value that cannot be encoded: the reason, and the path to it.
#[derive(Debug, Clone)]
pub struct EncodeError(Box<Fault>);

/// Bytes that cannot be decoded as the requested type: the reason, and the path to it.
#[derive(Debug)]
pub(crate) struct DecodeError(Box<Fault>);

#[derive(Debug, Clone)]
struct Fault {
    reason: Reason,
    /// Innermost first: each caller adds its own segment.
    path: Vec<Segment>,
}

#[derive(Debug, Clone)]
enum Reason {
    Message(String),
    Mismatch { expected: String, found: String },
}

#[derive(Debug, Clone)]
enum Segment {
    Key(String),
    Index(usize),
}

impl EncodeError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(Fault::boxed(Reason::Message(message.into())))
    }

    /// The reason, without the path.
    pub(crate) fn message(&self) -> String {
        self.0.reason.to_string()
    }

    /// The path, such as `address.zip` or `tags[3]`; empty for the value itself.
    pub(crate) fn path(&self) -> String {
        self.0.path()
    }

    #[cold]
    pub(crate) fn in_key(mut self, key: impl Into<String>) -> Self {
        self.0.path.push(Segment::Key(key.into()));
        self
    }

    #[cold]
    pub(crate) fn in_index(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }
}

impl DecodeError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(Fault::boxed(Reason::Message(message.into())))
    }

    pub(crate) fn mismatch(expected: &dyn Expected, found: &str) -> Self {
        Self(Fault::boxed(Reason::Mismatch { expected: expected.to_string(), found: found.to_owned() }))
    }

    /// The reason, without the path.
    pub(crate) fn message(&self) -> String {
        self.0.reason.to_string()
    }

    /// The path, such as `address.zip` or `tags[3]`; empty for the value itself.
    pub(crate) fn path(&self) -> String {
        self.0.path()
    }

    #[cold]
    pub(crate) fn in_key(mut self, key: impl Into<String>) -> Self {
        self.0.path.push(Segment::Key(key.into()));
        self
    }

    #[cold]
    pub(crate) fn in_index(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }

    /// Replaces the found type in a mismatch: serde sees only the map that represents a special type.
    #[cold]
    pub(crate) fn with_found(mut self, noun: &str) -> Self {
        if let Reason::Mismatch { found, .. } = &mut self.0.reason
            && self.0.path.is_empty()
        {
            noun.clone_into(found);
        }
        self
    }
}

impl Fault {
    #[cold]
    fn boxed(reason: Reason) -> Box<Self> {
        Box::new(Self { reason, path: Vec::new() })
    }

    /// The path, shortened in the middle if it is deep.
    fn path(&self) -> String {
        let mut path = String::new();
        let left_out = HEAD..self.path.len().saturating_sub(TAIL);
        for (at, segment) in self.path.iter().rev().enumerate() {
            match segment {
                _ if at == HEAD && !left_out.is_empty() => path.push('…'),
                _ if left_out.contains(&at) => {}
                Segment::Key(key) => {
                    path.push_str(if path.is_empty() { "" } else { "." });
                    path.push_str(&shortened(key));
                }
                // Writing to a `String` cannot fail.
                Segment::Index(index) => drop(write!(path, "[{index}]")),
            }
        }
        path
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.is_empty() {
            true => self.reason.fmt(f),
            false => write!(f, "{}: {}", self.path(), self.reason),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => f.write_str(message),
            Self::Mismatch { expected, found } => write!(f, "expected {expected}, found {found}"),
        }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for EncodeError {}

impl std::error::Error for DecodeError {}

impl serde::ser::Error for EncodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}

impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::mismatch(expected, &noun(found))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::mismatch(expected, &noun(found))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}, found {length} elements"))
    }
}

/// The beginning of a key, long enough to recognise it.
fn shortened(key: &str) -> Cow<'_, str> {
    match key.char_indices().nth(LONGEST_KEY) {
        Some((end, _)) => format!("{}…", &key[..end]).into(),
        None => key.into(),
    }
}

/// The number of segments shown at the beginning and the end of a path.
const HEAD: usize = 12;
const TAIL: usize = 4;

/// In characters.
const LONGEST_KEY: usize = 100;

/// Words for the found value. Text is not repeated: it may be long or secret.
fn noun(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(_) => "a bool".to_owned(),
        Unexpected::Unsigned(number) => format!("the int {number}"),
        Unexpected::Signed(number) => format!("the int {number}"),
        Unexpected::Float(number) => format!("the float {number}"),
        Unexpected::Char(_) | Unexpected::Str(_) => "a string".to_owned(),
        Unexpected::Bytes(bytes) => {
            // A reserved key represents a special type.
            Tag::from_key(bytes).map_or("bytes", Tag::noun).to_owned()
        }
        Unexpected::Unit => "NULL".to_owned(),
        Unexpected::Option => "NONE".to_owned(),
        Unexpected::Seq => "an array".to_owned(),
        Unexpected::Map => "an object".to_owned(),
        other => other.to_string(),
    }
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        let path = error.path();
        let place = if path.is_empty() { "the value" } else { &path };
        Self::new(ErrorKind::Encode, format!("cannot encode {place}: {}", error.message()))
    }
}
