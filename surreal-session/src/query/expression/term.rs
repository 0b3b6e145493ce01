//! The operands of an operator, as text and bound values.

use bytes::Bytes;
use serde::Serialize;

use crate::codec::writer;
use crate::codec::{self, EncodeError, NONE};
use crate::query::statement::Fragment;
use crate::record::{Encoded, Path};
use crate::value::Value;
use crate::value::tag::Tag;

/// A value, a place in a record, or what is computed from them.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Term(TermRepr);

#[derive(Debug, Clone)]
enum TermRepr {
    Value(Result<Bytes, EncodeError>),
    Place(Fragment),
    /// A computed value, and the conditions that must hold to compute it.
    Computed(Fragment, Vec<Fragment>),
}

impl Term {
    pub(crate) fn value<T: Serialize + ?Sized>(value: &T) -> Self {
        Self(TermRepr::Value(stored(codec::encode(value))))
    }

    pub(crate) fn encoded(value: Encoded) -> Self {
        Self(TermRepr::Value(stored(value.into_bytes())))
    }

    pub(crate) fn place<P: Path>() -> Self {
        Self(TermRepr::Place(Fragment::path::<P>()))
    }

    /// A place that is not the path of a field.
    pub(crate) fn placed(place: Fragment) -> Self {
        Self(TermRepr::Place(place))
    }

    /// A value that can be computed under these conditions; the fragment must be complete.
    pub(crate) fn computed(fragment: Fragment, conditions: Vec<Fragment>) -> Self {
        Self(TermRepr::Computed(fragment, conditions))
    }

    /// The values of an array: bound as one if all are known, or else element by element.
    pub(crate) fn array(elements: Vec<Self>) -> Self {
        let known: Option<Vec<_>> = elements.iter().map(Self::as_value).collect();
        match known.filter(|_| !elements.iter().filter_map(Self::as_value).any(is_set)) {
            Some(values) => Self(TermRepr::Value(values.into_iter().cloned().collect::<Result<Vec<_>, _>>().map(join))),
            None => {
                let conditions = elements.iter().flat_map(Self::conditions).collect();
                let elements = elements.into_iter().map(Self::into_fragment);
                Self::computed(Fragment::new("[").joined(elements, ", ").text("]"), conditions)
            }
        }
    }

    pub(crate) fn into_fragment(self) -> Fragment {
        match self.0 {
            // In a condition, servers before 3.3 find no record by a bound set.
            TermRepr::Value(value) if is_set(&value) => Fragment::new("<set>").encoded(value),
            TermRepr::Value(value) => Fragment::default().encoded(value),
            TermRepr::Place(fragment) | TermRepr::Computed(fragment, _) => fragment,
        }
    }

    /// The value, or NONE where it cannot be computed.
    pub(crate) fn into_value_or_none(self) -> Fragment {
        let conditions = self.conditions();
        if conditions.is_empty() {
            return self.into_fragment();
        }
        let conditions = Fragment::new("(IF ").joined(conditions, " AND ");
        conditions.text(" { ").then(self.into_fragment()).text(" } ELSE { NONE })")
    }

    /// The value of what is neither a place nor computed.
    pub(crate) fn into_value(self) -> Result<Value, EncodeError> {
        match self.0 {
            // This crate encoded the value, so it can decode it.
            TermRepr::Value(value) => value.map(|bytes| codec::decode(&bytes).unwrap_or_default()),
            TermRepr::Place(_) | TermRepr::Computed(..) => {
                Err(EncodeError::new("a value is needed here, and not a field"))
            }
        }
    }

    /// Without which it cannot be computed; nothing for what is not computed.
    pub(crate) fn conditions(&self) -> Vec<Fragment> {
        match &self.0 {
            TermRepr::Computed(_, conditions) => conditions.clone(),
            TermRepr::Value(_) | TermRepr::Place(_) => Vec::new(),
        }
    }

    /// Without which it is missing: neither NONE nor NULL, which come before everything else in the server's order.
    pub(crate) fn presence(&self) -> Vec<Fragment> {
        match &self.0 {
            TermRepr::Computed(_, conditions) => conditions.clone(),
            TermRepr::Value(_) if !self.is_none() => Vec::new(),
            TermRepr::Value(_) | TermRepr::Place(_) => vec![self.clone().into_fragment().text(" > NULL")],
        }
    }

    /// Without which it is no text.
    pub(crate) fn textuality(&self) -> Vec<Fragment> {
        match &self.0 {
            TermRepr::Computed(_, conditions) => conditions.clone(),
            TermRepr::Value(_) => Vec::new(),
            TermRepr::Place(place) => vec![Fragment::new("type::is_string(").then(place.clone()).text(")")],
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self.as_value(), Some(Ok(value)) if value.as_ref() == NONE)
    }

    pub(crate) fn is_array(&self) -> bool {
        // The major type of an array is 4.
        matches!(self.as_value(), Some(Ok(value)) if value.first().is_some_and(|byte| byte >> 5 == 4))
    }

    pub(crate) fn is_nan(&self) -> bool {
        // The major type of a float is 7.
        let is_float = matches!(self.as_value(), Some(Ok(value)) if value.first().is_some_and(|byte| byte >> 5 == 7));
        is_float && matches!(self.known(), Some(Value::Float(number)) if number.is_nan())
    }

    /// The value, of what is neither a place nor computed.
    pub(crate) fn known(&self) -> Option<Value> {
        codec::decode(self.as_value()?.as_ref().ok()?).ok()
    }

    /// The same place in a form for which the server (3.3.5) uses no index.
    pub(crate) fn unindexed(self) -> Self {
        match self.0 {
            TermRepr::Place(place) => {
                let place = Fragment::new("(").then(place).text(" ?? NONE)");
                Self(TermRepr::Place(place))
            }
            other => Self(other),
        }
    }

    /// The set of the elements of an array, where they are known.
    pub(crate) fn into_set(self) -> Self {
        match self.0 {
            TermRepr::Value(Ok(bytes)) if bytes.first().is_some_and(|byte| byte >> 5 == 4) => {
                let mut set = Vec::with_capacity(bytes.len() + 2);
                writer::tag(&mut set, Tag::Set.number());
                writer::raw(&mut set, &bytes);
                Self(TermRepr::Value(Ok(set.into())))
            }
            other => Self(other),
        }
    }

    pub(crate) fn is_place(&self) -> bool {
        matches!(self.0, TermRepr::Place(_))
    }

    pub(crate) fn is_computed(&self) -> bool {
        matches!(self.0, TermRepr::Computed(..))
    }

    fn as_value(&self) -> Option<&Result<Bytes, EncodeError>> {
        if let TermRepr::Value(value) = &self.0 { Some(value) } else { None }
    }
}

fn is_set(value: &Result<Bytes, EncodeError>) -> bool {
    // A tag whose number is in the next byte.
    matches!(value.as_deref(), Ok([0xd8, tag, ..]) if u64::from(*tag) == Tag::Set.number())
}

/// A value as the server (3.3.5) stores it, which is how it compares: an object has no entries that are NONE, wherever it
/// is. It does not take an object with such an entry for the same as one without.
fn stored(value: Result<Bytes, EncodeError>) -> Result<Bytes, EncodeError> {
    let bytes = value?;
    let has_none = bytes.len() > NONE.len() && bytes.windows(NONE.len()).any(|window| window == NONE);
    match has_none.then(|| codec::decode::<Value>(&bytes)) {
        // This crate encoded the value, so it can decode it.
        Some(Ok(mut value)) => {
            remove_none(&mut value);
            codec::encode(&value)
        }
        _ => Ok(bytes),
    }
}

fn remove_none(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, value| *value != Value::None);
            object.values_mut().for_each(remove_none);
        }
        Value::Array(elements) => elements.iter_mut().for_each(remove_none),
        _ => {}
    }
}

fn join(elements: Vec<Bytes>) -> Bytes {
    let mut array = Vec::new();
    writer::begin_array(&mut array);
    for element in elements {
        writer::raw(&mut array, &element);
    }
    writer::end(&mut array);
    array.into()
}
