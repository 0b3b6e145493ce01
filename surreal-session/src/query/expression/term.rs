//! What stands on either side of an operator.

use bytes::Bytes;
use serde::Serialize;

use crate::codec::writer;
use crate::codec::{self, EncodeError, NONE};
use crate::query::fragment::Fragment;
use crate::record::{Encoded, Path};
use crate::value::Value;

/// A value, a place in a record, or what is computed from them.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Term(Repr);

#[derive(Debug, Clone)]
enum Repr {
    Value(Result<Bytes, EncodeError>),
    Place(Fragment),
    /// What is computed, and the conditions without which computing it would fail.
    Computed(Fragment, Vec<Fragment>),
}

impl Term {
    pub(crate) fn value<T: Serialize + ?Sized>(value: &T) -> Self {
        Self(Repr::Value(stored(codec::encode(value))))
    }

    pub(crate) fn encoded(value: Encoded) -> Self {
        Self(Repr::Value(stored(value.into_bytes())))
    }

    pub(crate) fn place<P: Path>() -> Self {
        Self(Repr::Place(Fragment::path::<P>()))
    }

    /// What can be computed under these conditions; the fragment has to stand by itself.
    pub(crate) fn computed(fragment: Fragment, conditions: Vec<Fragment>) -> Self {
        Self(Repr::Computed(fragment, conditions))
    }

    /// The values of an array: bound as one if all are known, or else element by element.
    pub(crate) fn array(elements: Vec<Self>) -> Self {
        let known: Option<Vec<_>> = elements.iter().map(Self::as_value).collect();
        match known {
            Some(values) => Self(Repr::Value(values.into_iter().cloned().collect::<Result<Vec<_>, _>>().map(join))),
            None => {
                let conditions = elements.iter().flat_map(Self::conditions).collect();
                let elements = elements.into_iter().map(Self::into_fragment);
                Self::computed(Fragment::new("[").joined(elements, ", ").text("]"), conditions)
            }
        }
    }

    pub(crate) fn into_fragment(self) -> Fragment {
        match self.0 {
            Repr::Value(value) => Fragment::default().encoded(value),
            Repr::Place(fragment) | Repr::Computed(fragment, _) => fragment,
        }
    }

    /// The value of what is neither a place nor computed.
    pub(crate) fn into_value(self) -> Result<Value, EncodeError> {
        match self.0 {
            // What was encoded here can be read here.
            Repr::Value(value) => value.map(|bytes| codec::decode(&bytes).unwrap_or_default()),
            Repr::Place(_) | Repr::Computed(..) => Err(EncodeError::new("a value is needed here, and not a field")),
        }
    }

    /// Without which it cannot be computed; nothing for what is not computed.
    pub(crate) fn conditions(&self) -> Vec<Fragment> {
        match &self.0 {
            Repr::Computed(_, conditions) => conditions.clone(),
            Repr::Value(_) | Repr::Place(_) => Vec::new(),
        }
    }

    /// Without which it is missing: neither NONE nor NULL, which come before everything else in the server's order.
    pub(crate) fn presence(&self) -> Vec<Fragment> {
        match &self.0 {
            Repr::Computed(_, conditions) => conditions.clone(),
            Repr::Value(_) if !self.is_none() => Vec::new(),
            Repr::Value(_) | Repr::Place(_) => vec![self.clone().into_fragment().text(" > NULL")],
        }
    }

    /// Without which it is no text.
    pub(crate) fn textuality(&self) -> Vec<Fragment> {
        match &self.0 {
            Repr::Computed(_, conditions) => conditions.clone(),
            Repr::Value(_) => Vec::new(),
            Repr::Place(place) => vec![Fragment::new("type::is_string(").then(place.clone()).text(")")],
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self.as_value(), Some(Ok(value)) if value.as_ref() == NONE)
    }

    pub(crate) fn is_place(&self) -> bool {
        matches!(self.0, Repr::Place(_))
    }

    pub(crate) fn is_computed(&self) -> bool {
        matches!(self.0, Repr::Computed(..))
    }

    fn as_value(&self) -> Option<&Result<Bytes, EncodeError>> {
        if let Repr::Value(value) = &self.0 { Some(value) } else { None }
    }
}

/// A value as the server (3.3.5) stores it, which is how it compares: an object has no entries that are NONE, wherever it
/// is. It does not take an object with such an entry for the same as one without.
pub(crate) fn stored(value: Result<Bytes, EncodeError>) -> Result<Bytes, EncodeError> {
    let bytes = value?;
    let has_none = bytes.len() > NONE.len() && bytes.windows(NONE.len()).any(|window| window == NONE);
    match has_none.then(|| codec::decode::<Value>(&bytes)) {
        // What was encoded here can be read here.
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
