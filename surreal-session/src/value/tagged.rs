//! Serialisation and deserialisation that the special types share.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::tag::{KeySeed, MapKey, Tag};

/// A type that is a tag with a payload in the codec, and usually text in human-readable formats.
pub(crate) trait Tagged<'de>: Sized {
    const TAG: Tag;

    /// Reads the type from a human-readable format, or from serde's buffer.
    fn from_shown<D: Deserializer<'de>>(shown: D) -> Result<Self, D::Error> {
        shown.deserialize_any(AnyForm(PhantomData))
    }

    /// Reads the text of a human-readable format, or a payload that is text.
    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        let _ = text;
        Err(Self::unexpected(Unexpected::Str("")))
    }

    /// Reads a payload that is an array.
    fn from_elements<A: SeqAccess<'de>>(elements: A) -> Result<Self, A::Error> {
        let _ = elements;
        Err(Self::unexpected(Unexpected::Seq))
    }

    /// Reads a payload that is a byte string.
    fn from_bytes<E: Error>(bytes: &[u8]) -> Result<Self, E> {
        Err(Self::unexpected(Unexpected::Bytes(bytes)))
    }

    /// Reads an int where the type itself is expected.
    fn from_int<E: Error>(number: i128) -> Result<Self, E> {
        Err(Self::unexpected(i64::try_from(number).map_or(Unexpected::Other("an int"), Unexpected::Signed)))
    }

    /// Reads a float where the type itself is expected.
    fn from_float<E: Error>(number: f64) -> Result<Self, E> {
        Err(Self::unexpected(Unexpected::Float(number)))
    }

    /// Reads a plain array where the type itself is expected.
    fn from_plain_elements<A: SeqAccess<'de>>(elements: A) -> Result<Self, A::Error> {
        let _ = elements;
        Err(Self::unexpected(Unexpected::Seq))
    }

    /// Reads a plain object where the type itself is expected; its first key has been read.
    fn from_plain_object<A: MapAccess<'de>>(first: String, rest: A) -> Result<Self, A::Error> {
        let _ = (first, rest);
        Err(Self::unexpected(Unexpected::Map))
    }

    fn unexpected<E: Error>(found: Unexpected<'_>) -> E {
        E::invalid_type(found, &Self::TAG.noun())
    }
}

/// Writes the payload under the reserved name, or the text in a human-readable format.
pub(crate) fn serialize<S: Serializer, P: Serialize + ?Sized>(
    serializer: S,
    tag: Tag,
    text: &impl fmt::Display,
    payload: &P,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_newtype_struct(tag.name(), &Forms { text, payload })
}

/// The two forms of a special type.
struct Forms<'a, T, P: ?Sized> {
    text: &'a T,
    payload: &'a P,
}

impl<T: fmt::Display, P: Serialize + ?Sized> Serialize for Forms<'_, T, P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serializer.is_human_readable() {
            true => serializer.collect_str(self.text),
            false => self.payload.serialize(serializer),
        }
    }
}

/// Writes a value of a plain type directly inside a special type.
pub(crate) struct Plain<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: Serialize + ?Sized> Serialize for Plain<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct("Plain", self.0)
    }
}

/// Reads a special type.
///
/// serde's buffers for flattened structs, and for untagged and internally tagged enums, are human-readable and may
/// contain tagged items.
pub(crate) fn deserialize<'de, T: Tagged<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_newtype_struct(T::TAG.name(), AnyForm(PhantomData))
}

/// Reads the payload of a type whose tag is known.
pub(crate) struct Payload<T>(PhantomData<T>);

impl<T> Payload<T> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Tagged<'de>> DeserializeSeed<'de> for Payload<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Tagged<'de>> Visitor<'de> for Payload<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the payload of {}", T::TAG.noun())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::from_text(text)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<T, E> {
        T::from_bytes(bytes)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<T, A::Error> {
        T::from_elements(elements)
    }
}

/// Reads the type itself, in any of its forms.
struct AnyForm<T>(PhantomData<T>);

impl<'de, T: Tagged<'de>> Visitor<'de> for AnyForm<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::TAG.noun())
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        match deserializer.is_human_readable() {
            true => T::from_shown(deserializer),
            false => deserializer.deserialize_any(Payload::new()),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entry: A) -> Result<T, A::Error> {
        match entry.next_key_seed(KeySeed)? {
            Some(MapKey::Reserved(tag)) if tag == T::TAG => entry.next_value_seed(Payload::new()),
            Some(MapKey::Reserved(tag)) => Err(A::Error::invalid_type(Unexpected::Other(tag.noun()), &T::TAG.noun())),
            Some(MapKey::Plain(first)) => T::from_plain_object(first, entry),
            None => Err(T::unexpected(Unexpected::Map)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::from_text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<T, A::Error> {
        T::from_plain_elements(elements)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        T::from_int(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        T::from_int(number.into())
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<T, E> {
        T::from_int(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        T::from_float(number)
    }
}

/// Reads the next element of a payload, whose length is described by `expected`.
pub(crate) fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(
    elements: &mut A,
    index: usize,
    expected: &'static str,
) -> Result<T, A::Error> {
    elements.next_element()?.ok_or_else(|| Error::invalid_length(index, &expected))
}
