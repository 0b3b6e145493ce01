//! References to files.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::InvalidValue;
use super::tag::Tag;
use super::tagged::{self, Tagged};

/// A reference to a file in a bucket.
///
/// The text form is SurrealQL's, such as `f"avatars:/ada.png"`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct File {
    bucket: String,
    /// Invariant: begins with a slash.
    key: String,
}

impl File {
    /// Creates a reference to the file `key` in `bucket`. Adds a slash in front of the key if it has none.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        let mut key = key.into();
        if !key.starts_with('/') {
            key.insert(0, '/');
        }
        Self { bucket: bucket.into(), key }
    }

    /// Returns the name of the bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Returns the path in the bucket, which begins with a slash.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Reads the text between the quotes.
    pub(crate) fn parse_content(content: &str) -> Result<Self, InvalidValue> {
        let invalid = || InvalidValue::new(Tag::File.noun(), "expected the form f\"bucket:/key\"");
        let (mut bucket, mut key) = (String::new(), String::new());
        let mut in_key = false;
        let mut characters = content.chars();
        while let Some(c) = characters.next() {
            match c {
                ':' if !in_key => in_key = true,
                '\\' => (if in_key { &mut key } else { &mut bucket }).push(characters.next().ok_or_else(invalid)?),
                c => (if in_key { &mut key } else { &mut bucket }).push(c),
            }
        }
        if in_key && key.starts_with('/') { Ok(Self { bucket, key }) } else { Err(invalid()) }
    }
}

impl FromStr for File {
    type Err = InvalidValue;

    /// Reads `f"bucket:/key"`, or `bucket:/key` without the quotes.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let content =
            ['"', '\''].iter().find_map(|&quote| text.strip_prefix('f')?.strip_prefix(quote)?.strip_suffix(quote));
        Self::parse_content(content.unwrap_or(text))
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("f\"")?;
        write_escaped(f, &self.bucket, "-_.")?;
        f.write_str(":")?;
        write_escaped(f, &self.key, "-_./")?;
        f.write_str("\"")
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str, plain: &str) -> fmt::Result {
    text.chars().try_for_each(|c| match c.is_ascii_alphanumeric() || plain.contains(c) {
        true => write!(f, "{c}"),
        false => write!(f, "\\{c}"),
    })
}

impl Serialize for File {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tagged::serialize(serializer, Tag::File, self, &(&self.bucket, &self.key))
    }
}

impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl<'de> Tagged<'de> for File {
    const TAG: Tag = Tag::File;

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        text.parse().map_err(E::custom)
    }

    fn from_elements<A: SeqAccess<'de>>(mut elements: A) -> Result<Self, A::Error> {
        let bucket: String = tagged::next(&mut elements, 0, "a bucket and a key")?;
        let key: String = tagged::next(&mut elements, 1, "a bucket and a key")?;
        Ok(Self::new(bucket, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_with_every_character() {
        for (file, text) in [
            (File::new("avatars", "ada.png"), "f\"avatars:/ada.png\""),
            (File::new("a/b", "/c d"), "f\"a\\/b:/c\\ d\""),
            (File::new("", "/"), "f\":/\""),
            (File::new("é\"", "\\:"), "f\"\\é\\\":/\\\\\\:\""),
        ] {
            assert_eq!(file.to_string(), text);
            assert_eq!(text.parse(), Ok(file));
        }
        assert_eq!("avatars:/ada.png".parse(), Ok(File::new("avatars", "ada.png")));
        for text in ["", "avatars", "avatars:ada", "avatars:/a\\"] {
            assert!(text.parse::<File>().is_err(), "{text}");
        }
    }
}
