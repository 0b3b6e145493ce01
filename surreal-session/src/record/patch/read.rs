//! Reads patches that derive `Deserialize`, such as the JSON body of an HTTP PATCH.

use serde::de::DeserializeOwned;
use serde::de::value::UnitDeserializer;
use serde::{Deserialize, Deserializer};

use super::{Assignments, Change, ChangeRepr, PatchOf, PatchedField, merge, set};
use crate::record::Object;
use crate::value::with::foreign::Probe;

/// For generated code: the way to read the change of a field of type `Value` whose patch cannot be read, or that has none.
#[doc(hidden)]
pub trait ReadChange {
    /// The type of the field.
    type Value;

    /// Reads a value, which is set. Null unsets an optional field.
    fn read_change<'de, D: Deserializer<'de>>(
        deserializer: D,
        is_optional: bool,
    ) -> Result<Change<Self::Value>, D::Error>
    where
        Self::Value: Deserialize<'de>,
    {
        whole(deserializer, is_optional)
    }
}

impl<T> ReadChange for Probe<T> {
    type Value = T;
}

impl<T: Object<Patch: PatchOf<T> + DeserializeOwned> + DeserializeOwned> Probe<T> {
    /// Reads a patch of an object, which is merged. An optional object is set as a whole: a part of one may be all there is.
    ///
    /// # Errors
    ///
    /// If it is null and not optional, or does not fit.
    pub fn read_change<'de, D: Deserializer<'de>>(deserializer: D, is_optional: bool) -> Result<Change<T>, D::Error> {
        if is_optional {
            return whole(deserializer, is_optional);
        }
        let patch: Option<T::Patch> = Option::deserialize(deserializer)?;
        patch.map(merge).ok_or_else(not_optional)
    }
}

/// For generated code: reads the changes of a flattened object.
///
/// # Errors
///
/// If one of its fields does not fit.
#[doc(hidden)]
pub fn read_flat<'de, T, D>(deserializer: D) -> Result<Change<T>, D::Error>
where
    T: Object<Patch: PatchOf<T> + Deserialize<'de>>,
    D: Deserializer<'de>,
{
    let change = merge(T::Patch::deserialize(deserializer)?);
    // Its fields are absent, as those of the object around it may be.
    let is_empty = matches!(&change.0, ChangeRepr::Leaves(leaves, _) if leaves.0.is_empty());
    Ok(if is_empty { Change::default() } else { change })
}

/// For generated code: adds the name of a field to the error of reading it.
///
/// # Errors
///
/// The error that it is given.
#[doc(hidden)]
pub fn in_field<T, E: serde::de::Error>(name: &str, change: Result<T, E>) -> Result<T, E> {
    change.map_err(|error| {
        let text = error.to_string();
        match text.strip_prefix('`') {
            Some(inner) => E::custom(format_args!("`{name}.{inner}")),
            None => E::custom(format_args!("`{name}`: {text}")),
        }
    })
}

fn whole<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
    is_optional: bool,
) -> Result<Change<T>, D::Error> {
    match Option::<T>::deserialize(deserializer)? {
        Some(value) => Ok(set(value)),
        None if is_optional => Ok(Change(ChangeRepr::Unset)),
        // A few types have a null of their own.
        None => T::deserialize(UnitDeserializer::<D::Error>::new()).map(set).map_err(|_| not_optional()),
    }
}

fn not_optional<E: serde::de::Error>() -> E {
    E::custom("null, and the field is not optional")
}

/// Two changes are equal if they do the same with equal values.
impl<T: PartialEq> PartialEq for Change<T> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (ChangeRepr::Keep, ChangeRepr::Keep) | (ChangeRepr::Unset, ChangeRepr::Unset) => true,
            (ChangeRepr::Set(one), ChangeRepr::Set(other)) => one == other,
            (ChangeRepr::Leaves(one, parent), ChangeRepr::Leaves(other, other_parent)) => {
                parent == other_parent && one == other
            }
            _ => false,
        }
    }
}

impl<T: Eq> Eq for Change<T> {}

impl PartialEq for Assignments {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// A value that cannot be sent equals one that fails for the same reason.
impl PartialEq for PatchedField {
    fn eq(&self, other: &Self) -> bool {
        let value = |field: &Self| field.value.clone().map_err(|error| error.to_string());
        (&self.path, &self.part) == (&other.path, &other.part) && value(self) == value(other)
    }
}
