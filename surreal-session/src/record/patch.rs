//! Patches: changes of some fields of a record or object.
//!
//! A generated patch has a [`Change`] per field. It becomes a list of [`PatchedField`]s, each with a path and a value, which
//! the writes turn into a SET clause. `diff` goes the other way: it compares two values and keeps what differs.

mod read;

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use serde::Serialize;

use super::part::{Part, is_part_of, join};
use super::stored::Optional;
use crate::codec::{self, EncodeError, NONE, Serializer};
use crate::value::with::foreign::FlatShape;
use crate::value::{Value, escape_identifier};

pub use read::{ReadChange, in_field, read_flat};

/// A partial change of an object, such as `UserPatch`. The derives generate it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a patch",
    label = "the struct that `#[derive(Record)]` or `#[derive(Object)]` generates is needed here, such as `UserPatch`"
)]
pub trait Patch: Default + fmt::Debug {
    /// Adds the changed fields to `into`, with paths relative to the object.
    #[doc(hidden)]
    fn assignments(&self, into: &mut Assignments);
}

/// The patch of an object of type `T`, or of an `Option` of one.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the patch of an object",
    label = "expected the patch that `#[derive(Object)]` generates, such as `AddressPatch`",
    note = "a whole value is given with `set(..)`"
)]
pub trait PatchOf<T>: Patch {
    /// `true` if the object may be missing.
    const IS_OPTIONAL: bool = false;
}

/// The change of one field in a patch: [`keep`], [`set`], [`unset`] or, for an object, [`merge`].
pub struct Change<T>(ChangeRepr<T>);

#[derive(Clone)]
enum ChangeRepr<T> {
    Keep,
    Set(T),
    Unset,
    /// Changes of the fields of an object, relative to it.
    Leaves(Assignments, Parent),
}

/// The presence of an object before its fields are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parent {
    Certain,
    Optional,
}

/// A patch, or a [`Change`] in one: the types that [`keep`] returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not part of a patch",
    label = "nothing can be kept here",
    note = "`keep()` and `..keep()` belong into a patch, such as `UserPatch {{ age: set(37), ..keep() }}`"
)]
pub trait Keep: Default {}

#[diagnostic::do_not_recommend]
impl<T> Keep for Change<T> {}

#[diagnostic::do_not_recommend]
impl<P: Patch> Keep for P {}

/// Leaves a field unchanged. `..keep()` leaves all fields unchanged that the literal does not name.
pub fn keep<K: Keep>() -> K {
    K::default()
}

/// Sets a field to a value.
pub fn set<T>(value: T) -> Change<T> {
    Change(ChangeRepr::Set(value))
}

/// Sets a field of type `Option` to NONE.
pub fn unset<T: Optional>() -> Change<T> {
    Change(ChangeRepr::Unset)
}

/// Changes some fields of an object and keeps the others.
///
/// An optional object that is missing stays missing, because a part of it could not be read. [`set`] creates it.
pub fn merge<T, P: PatchOf<T>>(patch: P) -> Change<T> {
    let mut leaves = Assignments::default();
    patch.assignments(&mut leaves);
    Change(ChangeRepr::Leaves(leaves, if P::IS_OPTIONAL { Parent::Optional } else { Parent::Certain }))
}

impl<T: Clone> Clone for Change<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Keeps the field.
impl<T> Default for Change<T> {
    fn default() -> Self {
        Self(ChangeRepr::Keep)
    }
}

/// Prints the kind of the change, not the value.
impl<T> fmt::Debug for Change<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            ChangeRepr::Keep => "Keep",
            ChangeRepr::Set(_) => "Set(..)",
            ChangeRepr::Unset => "Unset",
            ChangeRepr::Leaves(..) => "Merge(..)",
        })
    }
}

impl<T> Change<T> {
    /// For generated code: adds this change of the field `name`, whose value `encode` writes.
    #[doc(hidden)]
    pub fn assign(&self, name: &str, into: &mut Assignments, encode: impl FnOnce(&T) -> Encoded) {
        match &self.0 {
            ChangeRepr::Keep => {}
            ChangeRepr::Set(value) => into.push(name, encode(value).0),
            ChangeRepr::Unset => into.push(name, Ok(Bytes::from_static(NONE))),
            ChangeRepr::Leaves(leaves, parent) => into.nest(name, leaves, *parent),
        }
    }

    /// For generated code: adds this change of a flattened field, whose fields belong to the object of `into`.
    #[doc(hidden)]
    pub fn assign_flat(&self, flat: &Flattening<'_>, into: &mut Assignments, encode: impl FnOnce(&T) -> Encoded) {
        let set = match &self.0 {
            ChangeRepr::Keep => return,
            ChangeRepr::Set(value) => encode(value).0,
            ChangeRepr::Unset => Ok(Bytes::from_static(EMPTY)),
            ChangeRepr::Leaves(leaves, parent) => return into.merge_flat(flat, leaves, *parent),
        };
        into.spread(flat, set);
    }
}

/// An object without entries.
const EMPTY: &[u8] = b"\xa0";

/// For generated code: a flattened field and the object that its fields belong to.
#[doc(hidden)]
#[derive(Debug)]
pub struct Flattening<'a> {
    pub name: &'a str,
    pub shape: FlatShape,
    /// The names of the other fields of the object.
    pub taken: &'a [&'a str],
}

impl Flattening<'_> {
    fn error(&self, reason: &str) -> EncodeError {
        let name = self.name;
        EncodeError::new(format!(
            "the fields of `{name}` are flattened into its object: {reason}, or changed by the patch that `diff` returns"
        ))
    }

    fn check(&self, name: &str) -> Result<(), EncodeError> {
        clash(self.name, name, self.taken).map_or(Ok(()), Err)
    }
}

fn clash(field: &str, name: &str, taken: &[&str]) -> Option<EncodeError> {
    let is_taken = taken.contains(&name);
    is_taken.then(|| {
        EncodeError::new(format!(
            "the flattened field `{field}` has an entry `{name}`, which is the name of another field"
        ))
    })
}

/// For generated code: the error that an entry of a flattened field has the name of another field, or cannot be written.
#[doc(hidden)]
#[derive(Debug)]
pub struct Clash(EncodeError);

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// For generated code: checks the names in a flattened field. Returns the error if it cannot be written.
#[doc(hidden)]
pub fn flat_names<T: Serialize + ?Sized>(field: &str, value: &T, taken: &[&str]) -> Option<Clash> {
    match encoded_flat(value).into_value() {
        Ok(Value::Object(entries)) => entries.keys().find_map(|name| clash(field, name, taken)).map(Clash),
        Ok(_) => None,
        Err(error) => Some(Clash(error)),
    }
}

/// An encoded value, or the error of encoding it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Encoded(Result<Bytes, EncodeError>);

impl Encoded {
    pub(crate) fn into_bytes(self) -> Result<Bytes, EncodeError> {
        self.0
    }

    fn into_value(self) -> Result<Value, EncodeError> {
        // What was encoded here can be read here.
        self.0.map(|bytes| codec::decode(&bytes).unwrap_or_default())
    }
}

/// For generated code: encodes the value of a field.
#[doc(hidden)]
pub fn encoded<T: Serialize + ?Sized>(value: &T) -> Encoded {
    Encoded(codec::encode(value))
}

/// For generated code: encodes the value of a field with the function of its serde attribute.
#[doc(hidden)]
pub fn encoded_with<T: ?Sized>(
    value: &T,
    write: impl FnOnce(&T, &mut Serializer<'_>) -> Result<(), EncodeError>,
) -> Encoded {
    let mut buffer = Vec::new();
    Encoded(write(value, &mut Serializer::new(&mut buffer)).map(|()| buffer.into()))
}

/// For generated code: encodes the fields of a flattened value as an object.
#[doc(hidden)]
pub fn encoded_flat<T: Serialize + ?Sized>(value: &T) -> Encoded {
    #[derive(Serialize)]
    struct Around<'a, T: ?Sized> {
        #[serde(flatten)]
        value: &'a T,
    }

    let mut buffer = Vec::new();
    Encoded(Around { value }.serialize(&mut Serializer::buffered(&mut buffer)).map(|()| buffer.into()))
}

/// For generated code: returns the change that turns `before` into `after`, leaf by leaf.
#[doc(hidden)]
pub fn difference<T>(before: &T, after: &T, is_optional: bool, encode: impl Fn(&T) -> Encoded) -> Change<T> {
    let mut leaves = Assignments::default();
    match (encode(before).into_value(), encode(after).into_value()) {
        (Ok(before), Ok(after)) => compare("", None, &before, after, &mut leaves),
        (_, Err(error)) | (Err(error), _) => leaves.0.push(PatchedField::new(String::new(), Err(error))),
    }
    let parent = if is_optional { Parent::Optional } else { Parent::Certain };
    match leaves.0.as_slice() {
        [] => Change::default(),
        // The value as a whole.
        [leaf] if leaf.path.is_empty() => Change(ChangeRepr::Leaves(leaves, Parent::Certain)),
        _ => Change(ChangeRepr::Leaves(leaves, parent)),
    }
}

/// For generated code: does the same for a flattened field, which is always written as an object.
#[doc(hidden)]
pub fn difference_flat<T>(before: &T, after: &T, encode: impl Fn(&T) -> Encoded) -> Change<T> {
    let fields = |value| {
        encode(value)
            .into_value()
            .map(|value| if value.as_object().is_some() { value } else { Value::Object(BTreeMap::new()) })
    };
    let mut leaves = Assignments::default();
    match (fields(before), fields(after)) {
        (Ok(before), Ok(after)) => compare("", None, &before, after, &mut leaves),
        (_, Err(error)) | (Err(error), _) => leaves.0.push(PatchedField::new(String::new(), Err(error))),
    }
    if leaves.0.is_empty() { Change::default() } else { Change(ChangeRepr::Leaves(leaves, Parent::Certain)) }
}

/// The changed fields of a patch.
#[doc(hidden)]
#[derive(Debug, Clone, Default)]
pub struct Assignments(Vec<PatchedField>);

#[derive(Debug, Clone)]
pub(crate) struct PatchedField {
    /// SurrealQL, escaped.
    pub(crate) path: String,
    /// The optional object on the path, which has to exist.
    pub(crate) part: Option<Part>,
    pub(crate) value: Result<Bytes, EncodeError>,
    /// Set if the path may contain the key of a map.
    pub(crate) is_dynamic: bool,
}

impl PatchedField {
    fn new(path: String, value: Result<Bytes, EncodeError>) -> Self {
        Self { path, part: None, value, is_dynamic: false }
    }
}

impl Assignments {
    /// Returns the changed fields.
    ///
    /// # Errors
    ///
    /// If two have the same path, or one is inside of the other, so that one change would be lost.
    pub(crate) fn checked(&self) -> Result<&[PatchedField], EncodeError> {
        let overlap = |(index, one): (usize, &PatchedField)| {
            let others = || self.0[..index].iter().chain(&self.0[index + 1..]);
            others().any(|other| is_part_of(&one.path, &other.path)).then(|| one.path.clone())
        };
        match self.0.iter().enumerate().find_map(overlap) {
            Some(path) => Err(EncodeError::new(format!("the patch changes `{path}` twice"))),
            None => Ok(&self.0),
        }
    }

    fn push(&mut self, name: &str, value: Result<Bytes, EncodeError>) {
        self.0.push(PatchedField::new(escape_identifier(name).into_owned(), value));
    }

    /// Adds the entries of an object one by one, and removes the known entries that it does not have.
    fn spread(&mut self, flat: &Flattening<'_>, value: Result<Bytes, EncodeError>) {
        let value = Encoded(value).into_value();
        let fields = match (flat.shape, value) {
            (_, Err(error)) => Err(error),
            (FlatShape::Object(names), Ok(Value::Object(fields))) => Ok((names, fields)),
            (FlatShape::Map, Ok(Value::Object(fields))) if !fields.is_empty() => Ok((&[][..], fields)),
            (FlatShape::Map, Ok(_)) => Err(flat.error("an empty map removes nothing; its entries are set")),
            (..) => Err(flat.error("the fields that it had before are not known; it is written with `content`")),
        };
        let (names, fields) = match fields {
            Ok(known) => known,
            Err(error) => return self.push(flat.name, Err(error)),
        };
        let missing = names.iter().copied().filter(|name| !fields.contains_key(*name));
        for name in missing {
            self.push(name, Ok(Bytes::from_static(NONE)));
        }
        for (name, value) in &fields {
            let value = flat.check(name).and_then(|()| codec::encode(value));
            let is_dynamic = matches!(flat.shape, FlatShape::Map);
            self.0.push(PatchedField { is_dynamic, ..PatchedField::new(escape_identifier(name).into_owned(), value) });
        }
    }

    fn merge_flat(&mut self, flat: &Flattening<'_>, leaves: &Self, parent: Parent) {
        let itself = match (parent, flat.shape) {
            (Parent::Optional, FlatShape::Object(names)) => Some(Part::flat("", names)),
            _ => None,
        };
        self.0.extend(leaves.0.iter().cloned().map(|leaf| {
            let part = leaf.part.filter(|part| !part.is_parent()).or_else(|| itself.clone());
            let taken = flat.taken.iter().find(|name| is_part_of(&leaf.path, &escape_identifier(name)));
            let value = match taken.and_then(|name| clash(flat.name, name, flat.taken)) {
                Some(error) => Err(error),
                None => leaf.value,
            };
            PatchedField { part, value, ..leaf }
        }));
    }

    fn nest(&mut self, name: &str, leaves: &Self, parent: Parent) {
        let root = escape_identifier(name);
        self.0.extend(leaves.0.iter().map(|leaf| {
            let itself = (parent == Parent::Optional).then(|| Part::of(root.clone().into_owned()));
            let part = leaf.part.as_ref().map(|part| part.within(&root)).or(itself);
            PatchedField { path: join(&root, &leaf.path), part, ..leaf.clone() }
        }));
    }
}

/// Compares objects key by key and other values as a whole. The change of a key depends on its object.
fn compare(path: &str, part: Option<&str>, before: &Value, after: Value, into: &mut Assignments) {
    match (before, after) {
        (Value::Object(before), Value::Object(mut after)) => {
            // Changes of the value itself depend on what the caller knows of it.
            let part = (!path.is_empty()).then_some(path);
            for (key, before) in before {
                let path = join(path, &escape_identifier(key));
                compare(&path, part, before, after.remove(key).unwrap_or_default(), into);
            }
            for (key, after) in after {
                compare(&join(path, &escape_identifier(&key)), part, &Value::None, after, into);
            }
        }
        (before, after) if *before == after => {}
        (_, after) => {
            let value = codec::encode(&after);
            into.0.push(PatchedField {
                path: path.to_owned(),
                part: part.map(|part| Part::of(part.to_owned())),
                value,
                is_dynamic: !path.is_empty(),
            });
        }
    }
}
