//! Reads the SurrealQL text of values and record ids.
//!
//! Text written by [`Display`](std::fmt::Display) reads back as the same value, with the exceptions of SurrealQL: an object
//! that looks like a geometry is one, and a range of keys cannot have ranges as bounds. Values that are nested too deep to be
//! sent may also be too deep to be read back.

mod number;
mod scanner;
mod value;

use std::ops::Bound;

use super::{InvalidValue, Range, RecordId, RecordKey, Value};
use scanner::{Result, Scanner};

/// Reads a record id from the whole text.
pub(super) fn record_id(text: &str) -> std::result::Result<RecordId, InvalidValue> {
    whole(text, "a record id", Scanner::record_id)
}

/// Reads a value from the whole text, which may have space around it.
pub(super) fn value(text: &str) -> std::result::Result<Value, InvalidValue> {
    whole(text, "a value", |scanner| {
        let value = scanner.value()?;
        scanner.eat_space();
        Ok(value)
    })
}

fn whole<'t, T>(
    text: &'t str,
    noun: &'static str,
    read: impl FnOnce(&mut Scanner<'t>) -> Result<T>,
) -> std::result::Result<T, InvalidValue> {
    let mut scanner = Scanner::new(text);
    let result = read(&mut scanner).and_then(|value| scanner.end().map(|()| value));
    result.map_err(|reason| InvalidValue::new(noun, reason).at(text.len() - scanner.rest.len()))
}

impl Scanner<'_> {
    fn record_id(&mut self) -> Result<RecordId> {
        let table = self.identifier()?.ok_or("expected a table, as in `user:ada`")?;
        if !self.eat(":") {
            return Err("expected a colon after the table, as in `user:ada`".into());
        }
        Ok(RecordId::new(table, self.key_or_range()?))
    }

    fn key_or_range(&mut self) -> Result<RecordKey> {
        let start = self.key()?;
        let excludes_start = start.is_some() && self.eat(">");
        if !self.eat("..") {
            return match start {
                Some(key) if !excludes_start => Ok(key),
                _ => Err("expected a key after the colon".into()),
            };
        }
        let includes_end = self.eat("=");
        let end = match (self.key()?, includes_end) {
            (Some(key), true) => Bound::Included(key),
            (Some(key), false) => Bound::Excluded(key),
            (None, true) => return Err("expected a key after `..=`".into()),
            (None, false) => Bound::Unbounded,
        };
        let start = match start {
            Some(key) if excludes_start => Bound::Excluded(key),
            Some(key) => Bound::Included(key),
            None => Bound::Unbounded,
        };
        Ok(RecordKey::Range(Box::new(Range::new(start, end))))
    }

    fn key(&mut self) -> Result<Option<RecordKey>> {
        match self.peek() {
            Some('[') => self.nested(Self::array).map(|elements| Some(RecordKey::Array(elements))),
            Some('{') => self.nested(Self::object).map(|entries| Some(RecordKey::Object(entries))),
            Some('-' | '+') => self.signed_key().map(Some),
            Some('u') if self.is_quoted_after("u") => self.uuid().map(|uuid| Some(RecordKey::Uuid(uuid))),
            _ => match self.word() {
                Some(word) => Ok(Some(word_key(word))),
                None => self.quoted_identifier().map(|text| text.map(RecordKey::String)),
            },
        }
    }

    fn signed_key(&mut self) -> Result<RecordKey> {
        let sign = if self.eat("-") { "-" } else { "" };
        self.eat("+");
        match self.word() {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(word_key(&format!("{sign}{digits}")))
            }
            _ => Err("expected an int after the sign".into()),
        }
    }
}

/// Digits are an int, or text if they are too many.
fn word_key(word: &str) -> RecordKey {
    let digits = word.strip_prefix('-').unwrap_or(word);
    match word.parse() {
        Ok(number) if digits.bytes().all(|byte| byte.is_ascii_digit()) => RecordKey::Int(number),
        _ => RecordKey::String(word.to_owned()),
    }
}

#[cfg(test)]
mod tests;
