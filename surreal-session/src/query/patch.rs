//! JSON Patch, as the server understands it.

mod apply;
mod path;
mod text;

use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::value::Value;
pub use apply::Apply;
pub use path::{Holds, PatchPath, Removable};

/// One change of a record: what a patch is made of, and what a write with `return_diff` gives back.
///
/// A place is a field, as in `PatchOp::replace(u.address.city, "Paris")`, or a path of text as the server (3.3.5) has
/// it, which is not quite that of JSON Pointer: names follow one another after slashes, and nothing is escaped. A dot
/// separates names as well, so that a field with a slash or a dot in its name cannot be reached: given as a field it is
/// refused when the patch is sent, and in what the server gives back its slash looks like any other. An element of an
/// array is named by its index, and `-` is the place after the last one. The empty path is the record itself, whose id
/// no patch changes.
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
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Received")]
pub struct PatchOp {
    action: PatchAction,
    path: String,
    from: Option<String>,
    value: Option<Value>,
    /// Why it cannot be sent.
    refused: Option<String>,
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
    pub fn add<V>(path: impl Holds<V>, value: V) -> Self {
        Self::with_value(PatchAction::Add, path, value)
    }

    /// Removes a field or an element. There being none is no error.
    pub fn remove(path: impl Removable) -> Self {
        Self::new(PatchAction::Remove, path)
    }

    /// Puts a value in the place of another, or where there was none.
    pub fn replace<V>(path: impl Holds<V>, value: V) -> Self {
        Self::with_value(PatchAction::Replace, path, value)
    }

    /// Sets a field to the value of another.
    pub fn copy(from: impl PatchPath, path: impl PatchPath) -> Self {
        Self::between(PatchAction::Copy, from, path)
    }

    /// Moves a value to another place.
    pub fn move_to(from: impl Removable, path: impl PatchPath) -> Self {
        Self::between(PatchAction::Move, from, path)
    }

    /// Fails the whole write unless this value is there.
    pub fn test<V>(path: impl Holds<V>, value: V) -> Self {
        Self::with_value(PatchAction::Test, path, value)
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
        self.value.as_ref()
    }

    fn new(action: PatchAction, path: impl PatchPath) -> Self {
        let (path, refused) = split(path.pointer());
        Self { action, path, from: None, value: None, refused }
    }

    fn between(action: PatchAction, from: impl PatchPath, path: impl PatchPath) -> Self {
        let (from, wrong) = split(from.pointer());
        let op = Self::new(action, path);
        Self { from: Some(from), refused: wrong.or(op.refused), ..op }
    }

    fn with_value<V>(action: PatchAction, path: impl Holds<V>, value: V) -> Self {
        let value = path.value(value);
        let op = Self::new(action, path);
        match value {
            Ok(value) => Self { value: Some(value), ..op },
            Err(error) => Self { refused: Some(error.to_string()), ..op },
        }
    }
}

fn split(pointer: Result<String, String>) -> (String, Option<String>) {
    match pointer {
        Ok(path) => (path, None),
        Err(reason) => (String::new(), Some(reason)),
    }
}

impl Serialize for PatchOp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(reason) = &self.refused {
            return Err(S::Error::custom(reason));
        }
        let mut op = serializer.serialize_map(None)?;
        op.serialize_entry("op", &self.action)?;
        op.serialize_entry("path", &self.path)?;
        if let Some(from) = &self.from {
            op.serialize_entry("from", from)?;
        }
        if let Some(value) = &self.value {
            op.serialize_entry("value", value)?;
        }
        op.end()
    }
}

/// The form in which it comes from the server.
#[derive(Deserialize)]
struct Received {
    op: PatchAction,
    path: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(default, deserialize_with = "present")]
    value: Option<Value>,
}

/// What is there, even if it is NONE.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl From<Received> for PatchOp {
    fn from(Received { op, path, from, value }: Received) -> Self {
        Self { action: op, path, from, value, refused: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

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
            (PatchOp::copy("/a", "/b"), "{ from: '/a', op: 'copy', path: '/b' }"),
            (PatchOp::move_to("/a", "/b"), "{ from: '/a', op: 'move', path: '/b' }"),
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
        assert_eq!(error.path(), "[0]");
        assert!(error.message().contains("18446744073709551615"), "{}", error.message());
    }
}
