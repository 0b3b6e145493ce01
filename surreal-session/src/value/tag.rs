//! SurrealDB's own types in serde's data model: one reserved name for each CBOR tag.
//!
//! A special type serialises as a newtype struct with a reserved name, around a payload of plain data. The codec converts
//! the name to the tag and back; other formats see the payload only. For a type that accepts any value, the codec
//! presents a tagged item as a map of one entry: the name and the payload. This form survives serde's buffering in
//! flattened structs and in untagged and internally tagged enums.
//!
//! In that map the name is *bytes* that are not UTF-8, and only such bytes are read as a name. The keys of real objects
//! are text, in CBOR and in JSON, so no object of a user can be read as a special type, and no type with text keys can
//! read a name as a key.
//!
//! The codec is human-readable, like serde's buffers, so that a type of another crate with two forms is read in the form
//! in which it was written. Only directly inside a reserved name it is not human-readable: this is how the special types
//! distinguish it from a text format.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Unexpected, Visitor};

/// The common prefix of all reserved names.
pub(crate) const PREFIX: &str = "$surreal::";

/// The name of byte strings, which have no tag.
pub(crate) const BYTES: &str = "$surreal::bytes";

/// The byte before a reserved name that is a key. It does not occur in UTF-8.
const MARK: u8 = 0xff;
/// The name of NONE, which stays NONE in every position, unlike a `None`.
pub(crate) const NONE_NAME: &str = "$surreal::none";

/// The tag of NONE, which is not a [`Tag`] because serde's data model has `None`.
pub(crate) const NONE: u64 = 6;

macro_rules! tags {
    ($($tag:ident $number:literal $(| $alternate:literal)? $name:literal $noun:literal)+) => {
        /// A type of SurrealDB that CBOR lacks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Tag { $($tag),+ }

        impl Tag {
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$tag),+];

            /// The CBOR tag that is written.
            pub(crate) fn number(self) -> u64 {
                match self { $(Self::$tag => $number),+ }
            }

            /// The reserved name.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$tag => concat!("$surreal::", $name)),+ }
            }

            /// Passes the name as the key of a map.
            pub(crate) fn with_key<T>(self, show: impl FnOnce(&[u8]) -> T) -> T {
                let name = self.name().as_bytes();
                let mut key = [MARK; 32];
                let key = &mut key[..=name.len()];
                key[1..].copy_from_slice(name);
                show(key)
            }

            /// The type in words, with an article.
            pub(crate) fn noun(self) -> &'static str {
                match self { $(Self::$tag => $noun),+ }
            }

            /// The type of a CBOR tag, which may be the older of two that the server accepts.
            pub(crate) fn from_number(number: u64) -> Option<Self> {
                match number {
                    $($number $(| $alternate)? => Some(Self::$tag),)+
                    _ => None,
                }
            }

            /// The type of a reserved name that is a key.
            pub(crate) fn from_key(key: &[u8]) -> Option<Self> {
                let (&MARK, name) = key.split_first()? else { return None };
                Self::from_name(str::from_utf8(name).ok()?)
            }

            /// The type of a reserved name.
            pub(crate) fn from_name(name: &str) -> Option<Self> {
                match name.strip_prefix(PREFIX)? {
                    $($name => Some(Self::$tag),)+
                    _ => None,
                }
            }
        }
    };
}

tags! {
    Table 7 "table" "a table"
    RecordId 8 "record_id" "a record id"
    Decimal 10 "decimal" "a decimal"
    Datetime 12 | 0 "datetime" "a datetime"
    Duration 14 | 13 "duration" "a duration"
    Uuid 37 | 9 "uuid" "a uuid"
    Range 49 "range" "a range"
    Included 50 "included" "an included bound"
    Excluded 51 "excluded" "an excluded bound"
    File 55 "file" "a file"
    Set 56 "set" "a set"
    Point 88 "point" "a point"
    Line 89 "line" "a line"
    Polygon 90 "polygon" "a polygon"
    MultiPoint 91 "multi_point" "a multipoint"
    MultiLine 92 "multi_line" "a multiline"
    MultiPolygon 93 "multi_polygon" "a multipolygon"
    Collection 94 "collection" "a collection of geometries"
}

/// The key of a map that is being read: a reserved name, or a plain key.
#[derive(Debug)]
pub(crate) enum MapKey {
    Reserved(Tag),
    Plain(String),
}

/// Reads a [`MapKey`].
pub(crate) struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = MapKey;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<MapKey, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = MapKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string as the key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<MapKey, E> {
        Ok(MapKey::Plain(key.to_owned()))
    }

    fn visit_string<E: Error>(self, key: String) -> Result<MapKey, E> {
        Ok(MapKey::Plain(key))
    }

    fn visit_bytes<E: Error>(self, key: &[u8]) -> Result<MapKey, E> {
        Tag::from_key(key).map(MapKey::Reserved).ok_or_else(|| E::invalid_type(Unexpected::Bytes(key), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tag_is_found_by_its_name_and_its_number() {
        for &tag in Tag::ALL {
            assert_eq!(Tag::from_name(tag.name()), Some(tag));
            assert_eq!(Tag::from_number(tag.number()), Some(tag));
            assert_eq!(tag.with_key(Tag::from_key), Some(tag));
            assert!(tag.with_key(|key| str::from_utf8(key).is_err()));
        }
        assert_eq!((Tag::from_name("$surreal::tree"), Tag::from_name("uuid")), (None, None));
        assert_eq!((Tag::from_number(NONE), Tag::from_number(15)), (None, None));
    }
}
