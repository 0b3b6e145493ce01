//! JSON Patch, as the server understands it.

mod apply;
mod text;

use serde::{Deserialize, Deserializer, Serialize};

pub use apply::Apply;

use crate::codec;
use crate::value::Value;

/// One change of a record: what a patch is made of, and what a write with `return_diff` gives back.
///
/// The paths are those of the server (3.3.5), not quite those of JSON Pointer: names follow one another after slashes,
/// and nothing is escaped. A dot separates names as well, so that a field with a slash or a dot in its name cannot be
/// reached; in what the server gives back, the slash in such a name looks like any other. An element of an array is
/// named by its index, and `-` is the place after the last one. The empty path is the record itself.
///
/// # Examples
///
/// ```
/// use surreal_session::{PatchAction, PatchOp, Value};
///
/// let op = PatchOp::replace("/address/city", "Paris");
/// assert_eq!((op.action(), op.path()), (PatchAction::Replace, "/address/city"));
/// assert_eq!(op.value(), Some(&Value::from("Paris")));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PatchOp {
    #[serde(rename = "op")]
    action: PatchAction,
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(default, skip_serializing_if = "Payload::is_absent", deserialize_with = "present")]
    value: Payload,
}

/// What a [`PatchOp`] does at its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PatchAction {
    /// Sets a field or inserts an element.
    Add,
    /// Removes a field or an element.
    Remove,
    /// Puts a value in the place of another.
    Replace,
    /// Changes a text; the value is the difference, in the form of diff-match-patch. Only the server makes these.
    Change,
    /// Sets a field to the value of another.
    Copy,
    /// Moves a value to another place.
    Move,
    /// Fails the write unless the value is there.
    Test,
}

impl PatchOp {
    /// Sets a field, or inserts an element before the one at an index.
    ///
    /// A field that holds an array is not replaced: the value is appended to it, and if it is an array itself, its
    /// elements are (server 3.3.5).
    pub fn add(path: impl Into<String>, value: impl Serialize) -> Self {
        Self { value: Payload::of(&value), ..Self::new(PatchAction::Add, path) }
    }

    /// Removes a field or an element. There being none is no error.
    pub fn remove(path: impl Into<String>) -> Self {
        Self::new(PatchAction::Remove, path)
    }

    /// Puts a value in the place of another, or where there was none.
    pub fn replace(path: impl Into<String>, value: impl Serialize) -> Self {
        Self { value: Payload::of(&value), ..Self::new(PatchAction::Replace, path) }
    }

    /// Sets a field to the value of another.
    pub fn copy(from: impl Into<String>, path: impl Into<String>) -> Self {
        Self { from: Some(from.into()), ..Self::new(PatchAction::Copy, path) }
    }

    /// Moves a value to another place.
    pub fn move_to(from: impl Into<String>, path: impl Into<String>) -> Self {
        Self { from: Some(from.into()), ..Self::new(PatchAction::Move, path) }
    }

    /// Fails the whole write unless this value is there.
    pub fn test(path: impl Into<String>, value: impl Serialize) -> Self {
        Self { value: Payload::of(&value), ..Self::new(PatchAction::Test, path) }
    }

    /// What is done.
    pub fn action(&self) -> PatchAction {
        self.action
    }

    /// Where it is done.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where the value comes from, if it is moved or copied.
    pub fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }

    /// The value that comes with it.
    pub fn value(&self) -> Option<&Value> {
        if let Payload::Value(value) = &self.value { Some(value) } else { None }
    }

    fn new(action: PatchAction, path: impl Into<String>) -> Self {
        Self { action, path: path.into(), from: None, value: Payload::Absent }
    }
}

/// A value that may be missing, which is not the same as NONE, or that could not be encoded.
#[derive(Debug, Clone, Default, PartialEq)]
enum Payload {
    #[default]
    Absent,
    Value(Value),
    Invalid(String),
}

impl Payload {
    fn of(value: &impl Serialize) -> Self {
        // What was encoded here can be read here.
        match codec::encode(value) {
            Ok(bytes) => Self::Value(codec::decode(&bytes).unwrap_or_default()),
            Err(error) => Self::Invalid(error.to_string()),
        }
    }

    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl Serialize for Payload {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_none(),
            Self::Value(value) => value.serialize(serializer),
            Self::Invalid(reason) => Err(serde::ser::Error::custom(reason)),
        }
    }
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Payload, D::Error> {
    Value::deserialize(deserializer).map(Payload::Value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the server reads it, and as it comes back.
    fn sent(op: &PatchOp) -> (Value, PatchOp) {
        let bytes = codec::encode(op).unwrap();
        (codec::decode(&bytes).unwrap(), codec::decode(&bytes).unwrap())
    }

    #[test]
    fn patches_have_the_form_of_the_server_both_ways() {
        for (op, expected) in [
            (PatchOp::add("/tags/-", "new"), "{ op: 'add', path: '/tags/-', \"value\": 'new' }"),
            (PatchOp::remove("/nickname"), "{ op: 'remove', path: '/nickname' }"),
            (PatchOp::replace("", Value::None), "{ op: 'replace', path: '', \"value\": NONE }"),
            (PatchOp::copy("/a", "/b"), "{ \"from\": '/a', op: 'copy', path: '/b' }"),
            (PatchOp::move_to("/a", "/b"), "{ \"from\": '/a', op: 'move', path: '/b' }"),
            (PatchOp::test("/age", 36), "{ op: 'test', path: '/age', \"value\": 36 }"),
        ] {
            let (wire, back) = sent(&op);
            assert_eq!((wire.to_string().as_str(), &back), (expected, &op));
        }
    }

    #[test]
    fn value_that_cannot_be_sent_is_an_error_when_the_patch_is() {
        let op = PatchOp::replace("/age", u64::MAX);
        let error = codec::encode(&[op]).unwrap_err();
        assert_eq!(error.path(), "[0].value");
        assert!(error.message().contains("18446744073709551615"), "{}", error.message());
    }
}
