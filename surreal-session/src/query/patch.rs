//! JSON Patch in the server's form: the operations, and the clause of a write that applies them.

mod apply;
mod pointer;
mod text;

use std::collections::BTreeSet;

use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::expression::Operand;
use super::statement::Fragment;
use crate::protocol::Feature;
use crate::record::{Optional, Part};
use crate::value::{Value, escape_identifier};
pub use apply::Apply;
use pointer::Need;
pub use pointer::{AnyValue, Fits, PatchPath};

/// One change of a record: an operation of a patch, and of the changes that a write with `return_diff` returns.
///
/// A place is a field, as in `PatchOp::replace(u.address.city, "Paris")`, or a path of text in the server's form (3.3.5).
/// The form differs from JSON Pointer: names follow one another after slashes, nothing is escaped, and a dot separates
/// names too. A field with a slash or a dot in its name has no path: as a field it is refused when the patch is sent, and
/// in a path from the server its slash looks like any other. An element of an array is named by its index, and `-` is the
/// place after the last element. The empty path is the record itself. A patch cannot change the id.
///
/// # Examples
///
/// ```
/// use surreal_session::Value;
/// use surreal_session::query::{PatchAction, PatchOp};
///
/// let op = PatchOp::replace("/address/city", "Paris");
/// assert_eq!((op.action(), op.path()), (PatchAction::Replace, "/address/city"));
/// assert_eq!(op.value(), Some(&Value::from("Paris")));
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "ReceivedOp")]
pub struct PatchOp {
    action: PatchAction,
    path: String,
    from: Option<String>,
    value: Option<Value>,
    /// The reason why it cannot be sent.
    refused: Option<String>,
    /// The values that the record must have.
    needs: Vec<Need>,
}

/// The action of a [`PatchOp`] at its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PatchAction {
    /// Sets a field or inserts an element.
    Add,
    /// Removes a field or an element.
    Remove,
    /// Replaces a value.
    Replace,
    /// Changes a text. The value is the difference, in the form of diff-match-patch. Only the server makes these.
    Change,
    /// Sets a field to the value of another.
    Copy,
    /// Moves a value to another place.
    Move,
    /// Fails the write unless the path has the value.
    Test,
}

impl PatchOp {
    /// Sets a field, or inserts an element before the one at an index.
    ///
    /// The server (3.3.5) treats collections in its own way. To a field that holds an array it appends the value, or the
    /// elements of the value if that is an array. A field that holds a set is replaced, and a path such as `/marks/-` into a
    /// set adds nothing: add an element to a set with the assignment `u.marks.push(..)`.
    pub fn add<P: PatchPath>(path: P, value: impl Operand<AnyValue, P::Type>) -> Self {
        Self::with_value(PatchAction::Add, path, value)
    }

    /// Removes a field or an element. It is no error if there is none.
    pub fn remove(path: impl PatchPath<Type: Optional>) -> Self {
        Self::new(PatchAction::Remove, path)
    }

    /// Replaces a value, or sets a field that has none.
    ///
    /// A field in a missing object, or a missing element of an array, fails the whole write.
    pub fn replace<P: PatchPath>(path: P, value: impl Operand<AnyValue, P::Type>) -> Self {
        Self::with_value(PatchAction::Replace, path, value)
    }

    /// Sets a field to the value of another field of the same type.
    ///
    /// A missing value fails the whole write, unless both fields are an `Option`.
    pub fn copy<P: PatchPath>(from: impl Fits<P>, path: P) -> Self {
        Self::between(PatchAction::Copy, from, path)
    }

    /// Moves a value to another place; see [`copy`](Self::copy).
    pub fn move_to<P: PatchPath>(from: impl Fits<P, Type: Optional>, path: P) -> Self {
        Self::between(PatchAction::Move, from, path)
    }

    /// Fails the whole write unless the place has this value.
    ///
    /// [`Error::is_patch_test_failed`](crate::Error::is_patch_test_failed) recognizes the error.
    pub fn test<P: PatchPath>(path: P, value: impl Operand<AnyValue, P::Type>) -> Self {
        Self::with_value(PatchAction::Test, path, value)
    }

    /// Returns the action.
    pub fn action(&self) -> PatchAction {
        self.action
    }

    /// Returns the path of the changed place.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the path that the value is moved or copied from.
    pub fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }

    /// Returns the value of the operation, if it has one.
    pub fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    /// The PATCH clause of these operations, and of a `last` one in SurrealQL. It fails if the record lacks a value that they
    /// change a part of.
    pub(super) fn clause(ops: &[Self], last: Option<&str>) -> Fragment {
        let mut needs = BTreeSet::new();
        for (index, op) in ops.iter().enumerate() {
            for need in &op.needs {
                // The check runs on the record before the patch, so an earlier operation decides.
                match ops[..index].iter().rev().find_map(|earlier| earlier.leaves(&need.part)) {
                    Some(true) => {}
                    // Without the element nothing is written, and no half of an object is made.
                    Some(false) if need.may_be_null => {}
                    Some(false) => {
                        let reason = format!("the patch may remove {}, which it needs after that", need.part);
                        return Fragment::default().refused(&reason);
                    }
                    None => drop(needs.insert(need)),
                }
            }
        }
        let add = |clause: Fragment| {
            let clause = match last {
                Some(last) => clause.value(ops).text(&format!(" + [{last}]")),
                None => clause.value(ops),
            };
            if ops.iter().any(Self::changes_element) { clause.needing(Feature::PatchElements) } else { clause }
        };
        if needs.is_empty() {
            return add(Fragment::new("PATCH "));
        }
        let needs = Vec::from_iter(needs);
        let condition = needs.iter().map(|need| need.condition()).collect::<Vec<_>>().join(" AND ");
        let parts = needs.iter().map(|need| need.part.to_string()).collect::<Vec<_>>().join(" and ");
        let message = format!("the patch needs a value at {parts}");
        let patch = add(Fragment::new(format!("PATCH IF {condition} {{ ")));
        patch.text(" } ELSE { THROW ").value(&message).text(" }")
    }

    /// Returns true if a path leads to or through a place that may be the element of an array, unless it only inserts one there.
    fn changes_element(&self) -> bool {
        let is_element = |name: &str| name == "-" || name.parse::<u64>().is_ok();
        let leads_through = |path: &str| path.split(['/', '.']).any(is_element);
        let path = match self.action {
            PatchAction::Add => self.path.rsplit_once('/').map_or("", |(before, _)| before),
            _ => &self.path,
        };
        leads_through(path) || self.from.as_deref().is_some_and(leads_through)
    }

    /// Returns whether `part` has a value after this operation; `None` if the operation does not change that.
    fn leaves(&self, part: &Part) -> Option<bool> {
        let is_moved = self.action == PatchAction::Move;
        if is_moved && self.from.as_ref().is_some_and(|from| part.depends_on(&place(from))) {
            return Some(false);
        }
        let place = place(&self.path);
        match self.action {
            PatchAction::Test | PatchAction::Change => None,
            PatchAction::Add if matches!(self.value, Some(Value::Array(_))) => part.depends_on(&place).then_some(true),
            PatchAction::Add | PatchAction::Replace if *part == Part::of(place.clone()) => {
                Some(matches!(self.value, Some(Value::Object(_))))
            }
            _ => part.depends_on(&place).then_some(false),
        }
    }

    fn new(action: PatchAction, path: impl PatchPath) -> Self {
        let needs = match action {
            // To remove a missing value is no error, and a test of it fails by itself.
            PatchAction::Remove | PatchAction::Test => None,
            PatchAction::Replace => path.needs_value().filter(|need| need.may_be_null).or_else(|| path.needs()),
            _ => path.needs(),
        };
        let needs = needs.into_iter().collect();
        let (path, refused) = split(path.pointer());
        Self { action, path, from: None, value: None, refused, needs }
    }

    fn between<F: Fits<P>, P: PatchPath>(action: PatchAction, from: F, path: P) -> Self {
        let value = from.needs_value().filter(|need| F::NEEDS_VALUE || need.may_be_null);
        let needed = value.or_else(|| from.needs());
        let (from, wrong) = split(from.pointer());
        let mut op = Self::new(action, path);
        op.needs.extend(needed);
        Self { from: Some(from), refused: wrong.or(op.refused), ..op }
    }

    fn with_value<P: PatchPath>(action: PatchAction, path: P, value: impl Operand<AnyValue, P::Type>) -> Self {
        let op = Self::new(action, path);
        match value.term().into_value() {
            Ok(value) => Self { value: Some(value), ..op },
            Err(error) => Self { refused: Some(error.to_string()), ..op },
        }
    }
}

impl Need {
    fn condition(&self) -> String {
        let present = self.part.condition();
        if self.may_be_null { present.replace(" > NULL", " != NONE") } else { present }
    }
}

/// The SurrealQL of a path of text.
fn place(pointer: &str) -> String {
    let names = pointer.strip_prefix('/').into_iter().flat_map(|path| path.split('/'));
    names.fold(String::new(), |place, name| match name.parse::<usize>() {
        Ok(index) => format!("{place}[{index}]"),
        Err(_) if place.is_empty() => escape_identifier(name).into_owned(),
        Err(_) => format!("{place}.{}", escape_identifier(name)),
    })
}

/// Two operations are equal if they do the same at the same place.
impl PartialEq for PatchOp {
    fn eq(&self, other: &Self) -> bool {
        let parts = |op: &Self| (op.action, op.path.clone(), op.from.clone(), op.refused.clone());
        parts(self) == parts(other) && self.value == other.value
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

/// An operation as the server sends it.
#[derive(Deserialize)]
struct ReceivedOp {
    op: PatchAction,
    path: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(default, deserialize_with = "present")]
    value: Option<Value>,
}

/// Reads a value that is present, also if it is NONE.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl From<ReceivedOp> for PatchOp {
    fn from(ReceivedOp { op, path, from, value }: ReceivedOp) -> Self {
        Self { action: op, path, from, value, refused: None, needs: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    /// The value that the server reads, and the operation that comes back.
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
