//! Patches applied to records in the program.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{PatchAction, PatchOp, text};
use crate::codec;
use crate::error::{Error, ErrorKind, Result};
use crate::record::Record;
use crate::value::Value;

/// Applies the changes that the server sends, such as those of a live query with [`diff`](crate::live::Live::diff).
#[diagnostic::on_unimplemented(
    message = "a patch cannot be applied to `{Self}`",
    label = "a type with `#[derive(Record)]` that serde can also write is needed here"
)]
pub trait Apply: Sized {
    /// Makes a record from the operations of the [change](crate::live::Notification) that created it.
    ///
    /// # Errors
    ///
    /// [`Decode`](ErrorKind::Decode) if the operations change an existing record, or make a value that does not fit this
    /// type.
    fn from_ops(ops: &[PatchOp]) -> Result<Self>;

    /// Applies the operations to this record, in order.
    ///
    /// Operations on fields that this type does not have are ignored, as when a record is read.
    ///
    /// An operation on one element of a `HashSet`, a `BTreeSet` or a [`Set`](crate::value::Set) fails: it names the element
    /// by its index on the server, and the elements have another order here. An operation on the whole set works. For a
    /// field that changes element by element, read the record again or use a `Vec`.
    ///
    /// # Errors
    ///
    /// [`Decode`](ErrorKind::Decode) if an operation does not fit: it is for another state of the record, its path leads to
    /// a missing value, or its result does not fit this type, as with the operation that deletes the record. The record is
    /// then unchanged.
    ///
    /// # Examples
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// use surreal_session::prelude::*;
    /// use surreal_session::query::{Apply, PatchOp};
    ///
    /// #[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
    /// struct User {
    ///     id: Id<User>,
    ///     name: String,
    ///     tags: Vec<String>,
    /// }
    ///
    /// let mut user = User { id: Id::new("ada"), name: "Ada".into(), tags: vec![] };
    /// user.apply(&[PatchOp::replace("/name", "Ada L."), PatchOp::add("/tags/0", "maths")])?;
    /// assert_eq!((user.name.as_str(), user.tags), ("Ada L.", vec!["maths".to_owned()]));
    /// # Ok::<(), surreal_session::Error>(())
    /// ```
    fn apply(&mut self, ops: &[PatchOp]) -> Result<()>;
}

impl<T: Record + Serialize> Apply for T {
    fn from_ops(ops: &[PatchOp]) -> Result<Self> {
        make(Value::None, ops)
    }

    fn apply(&mut self, ops: &[PatchOp]) -> Result<()> {
        *self = make(read(&codec::encode_with_sets(self)?)?, ops)?;
        Ok(())
    }
}

fn make<T: Record>(mut value: Value, ops: &[PatchOp]) -> Result<T> {
    for op in ops {
        let done = if is_missing(&value, op.path()) { add::<T>(&mut value, op) } else { apply(&mut value, op) };
        done.map_err(|reason| misfit(op, &reason))?;
    }
    read(&codec::encode(&value)?)
}

/// Returns whether a path leads to a field that this record does not have.
fn is_missing(record: &Value, path: &str) -> bool {
    match (record, names(path).next()) {
        (Value::Object(fields), Some(name)) => !fields.contains_key(name),
        _ => false,
    }
}

/// Applies an operation to a missing field: the type does not have it, or does not write it while it is `None` or empty.
fn add<T: Record>(record: &mut Value, op: &PatchOp) -> Result<(), String> {
    let mut names = names(op.path());
    let field = names.next().unwrap_or_default();
    let is_known = T::FIELDS.contains(&field);
    let empty = match (op.action(), names.next()) {
        (PatchAction::Remove, _) => return Ok(()),
        (PatchAction::Replace | PatchAction::Change, _) if !is_known => return Ok(()),
        (PatchAction::Replace, None) => Value::None,
        (PatchAction::Change, None) => Value::from(""),
        (PatchAction::Add, Some("0" | "-")) => Value::Array(Vec::new()),
        (PatchAction::Add, Some(_)) => Value::Object(BTreeMap::new()),
        _ => return apply(record, op),
    };
    if let Value::Object(fields) = record {
        fields.insert(field.to_owned(), empty);
    }
    apply(record, op)
}

fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    codec::decode(bytes)
        .map_err(|error| Error::new(ErrorKind::Decode, format!("the patched record does not fit its type: {error}")))
}

fn misfit(op: &PatchOp, reason: &str) -> Error {
    let action = format!("{:?}", op.action()).to_lowercase();
    Error::new(ErrorKind::Decode, format!("cannot {action} `{}`: {reason}", op.path()))
}

fn apply(root: &mut Value, op: &PatchOp) -> Result<(), String> {
    let value = || op.value().cloned().ok_or_else(|| "the operation has no value".to_owned());
    let source = || op.from().ok_or_else(|| "the operation has no source".to_owned());
    match op.action() {
        PatchAction::Add => insert(root, op.path(), value()?),
        PatchAction::Replace => {
            *find(root, op.path())? = value()?;
            Ok(())
        }
        PatchAction::Remove => remove(root, op.path()).map(drop),
        PatchAction::Change => change(find(root, op.path())?, &value()?),
        PatchAction::Copy => {
            let copied = find(root, source()?)?.clone();
            insert(root, op.path(), copied)
        }
        PatchAction::Move => {
            let moved = remove(root, source()?)?;
            insert(root, op.path(), moved)
        }
        PatchAction::Test if *find(root, op.path())? == value()? => Ok(()),
        PatchAction::Test => Err("the value is another".to_owned()),
    }
}

fn change(text: &mut Value, difference: &Value) -> Result<(), String> {
    match (text, difference) {
        (Value::String(text), Value::String(difference)) => {
            *text = text::apply(text, difference)?;
            Ok(())
        }
        _ => Err("the value is not text".to_owned()),
    }
}

/// Returns the place that a path leads to, or an error if it is missing.
fn find<'v>(root: &'v mut Value, path: &str) -> Result<&'v mut Value, String> {
    let mut place = root;
    for name in names(path) {
        place = match place {
            Value::Object(object) => object.get_mut(name),
            Value::Array(elements) => name.parse().ok().and_then(|index: usize| elements.get_mut(index)),
            Value::Set(_) => return Err(NO_INDEX.to_owned()),
            _ => None,
        }
        .ok_or_else(|| format!("there is no `{name}`"))?;
    }
    Ok(place)
}

fn insert(root: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let Some((parent, name)) = path.rsplit_once('/') else {
        *root = value;
        return Ok(());
    };
    match find(root, parent)? {
        Value::Object(object) => drop(object.insert(name.to_owned(), value)),
        Value::Array(elements) if name == "-" => elements.push(value),
        Value::Array(elements) => match name.parse() {
            Ok(index) if index <= elements.len() => elements.insert(index, value),
            _ => return Err(format!("there is no index `{name}` in {} elements", elements.len())),
        },
        Value::Set(_) => return Err(NO_INDEX.to_owned()),
        _ => return Err(format!("`{parent}` is neither an object nor an array")),
    }
    Ok(())
}

fn remove(root: &mut Value, path: &str) -> Result<Value, String> {
    let Some((parent, name)) = path.rsplit_once('/') else { return Ok(std::mem::take(root)) };
    let removed = match find(root, parent)? {
        Value::Object(object) => object.remove(name),
        Value::Array(elements) => {
            let index = name.parse().ok().filter(|index: &usize| *index < elements.len());
            index.map(|index| elements.remove(index))
        }
        Value::Set(_) => return Err(NO_INDEX.to_owned()),
        _ => None,
    };
    removed.ok_or_else(|| format!("there is no `{name}`"))
}

/// Returns the names in a path. The empty path is the record itself.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').into_iter().flat_map(|path| path.split('/'))
}

const NO_INDEX: &str = "the elements of a set have no index here; read the record again, or use a `Vec`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_change_what_they_name() {
        let before: Value = codec::decode(
            &codec::encode(&serde_json::json!({
                "name": "Ada", "tags": ["a", "b"], "address": {"city": "Paris"}
            }))
            .unwrap(),
        )
        .unwrap();
        for (op, expected) in [
            (PatchOp::add("/age", 36), "{ address: { city: 'Paris' }, age: 36, name: 'Ada', tags: ['a', 'b'] }"),
            (PatchOp::add("/tags/1", "x"), "{ address: { city: 'Paris' }, name: 'Ada', tags: ['a', 'x', 'b'] }"),
            (PatchOp::add("/tags/-", "x"), "{ address: { city: 'Paris' }, name: 'Ada', tags: ['a', 'b', 'x'] }"),
            (PatchOp::remove("/tags/0"), "{ address: { city: 'Paris' }, name: 'Ada', tags: ['b'] }"),
            (PatchOp::remove("/address/city"), "{ address: {}, name: 'Ada', tags: ['a', 'b'] }"),
            (PatchOp::replace("/address/city", "Rome"), "{ address: { city: 'Rome' }, name: 'Ada', tags: ['a', 'b'] }"),
            (
                PatchOp::move_to("/name", "/address/name"),
                "{ address: { city: 'Paris', name: 'Ada' }, tags: ['a', 'b'] }",
            ),
            (PatchOp::copy("/name", "/tags/0"), "{ address: { city: 'Paris' }, name: 'Ada', tags: ['Ada', 'a', 'b'] }"),
            (PatchOp::replace("", 1), "1"),
            (PatchOp::test("/name", "Ada"), "{ address: { city: 'Paris' }, name: 'Ada', tags: ['a', 'b'] }"),
        ] {
            let mut value = before.clone();
            apply(&mut value, &op).unwrap();
            assert_eq!(value.to_string(), expected, "{op:?}");
        }
        for op in [
            PatchOp::replace("/nothing", 1),
            PatchOp::remove("/tags/2"),
            PatchOp::add("/tags/3", 1),
            PatchOp::add("/tags/x", 1),
            PatchOp::add("/name/first", 1),
            PatchOp::test("/name", "Bob"),
        ] {
            apply(&mut before.clone(), &op).unwrap_err();
        }
    }
}
