//! Identifiers, keys and strings in SurrealQL.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// Writes an identifier for a statement: plain, or in backticks.
///
/// The result is always exactly one identifier, whatever the name.
pub(crate) fn escape_identifier(name: &str) -> Cow<'_, str> {
    let is_plain = is_plain(name) && !name.starts_with(|c: char| c.is_ascii_digit()) && !is_reserved(name);
    if is_plain { Cow::Borrowed(name) } else { Cow::Owned(quoted(name, '`')) }
}

/// Writes an identifier in the server's JSON form (3.3.5), where reserved words have no backticks.
pub(crate) fn escape_json_identifier(name: &str) -> Cow<'_, str> {
    let is_plain = is_plain(name) && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_plain { Cow::Borrowed(name) } else { Cow::Owned(quoted(name, '`')) }
}

/// Writes a text key of a record id: plain, or in backticks if it could be read as another type.
pub(crate) fn escape_record_key(key: &str) -> Cow<'_, str> {
    let is_number = || key.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let is_plain = is_plain(key) && !is_number() && !matches!(key, "NaN" | "Infinity");
    if is_plain { Cow::Borrowed(key) } else { Cow::Owned(quoted(key, '`')) }
}

/// Writes a key of an object: plain, or as a string.
pub(crate) fn escape_object_key(key: &str) -> Cow<'_, str> {
    let is_plain = is_plain(key) && !key.starts_with(|c: char| c.is_ascii_digit()) && !is_reserved(key);
    if is_plain { Cow::Borrowed(key) } else { Cow::Owned(quoted(key, '"')) }
}

/// Writes a string literal.
pub(crate) fn write_string(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str(&quoted(text, if text.contains('\'') { '"' } else { '\'' }))
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|word| word.eq_ignore_ascii_case(name))
}

fn quoted(text: &str, quote: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for c in text.chars() {
        match c {
            '\0' => quoted.push_str("\\0"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\\' => quoted.push_str("\\\\"),
            c if c == quote => quoted.extend(['\\', c]),
            c if c.is_control() => {
                // Writing to a `String` cannot fail.
                let _ = write!(quoted, "\\u{{{:x}}}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push(quote);
    quoted
}

/// The words that the server (3.3.5) does not accept as identifiers everywhere, and the names of two numbers.
const RESERVED: &[&str] = &[
    "AFTER", "ALL", "ALTER", "BEFORE", "BEGIN", "BREAK", "BY", "CANCEL", "COMMIT", "CONTINUE", "CREATE", "DEFINE",
    "DELETE", "DIFF", "EXPLAIN", "FALSE", "FOR", "FUNCTION", "IF", "INFINITY", "INFO", "INSERT", "KILL", "LET", "LIVE",
    "NAN", "NONE", "NULL", "OPTION", "RAND", "REBUILD", "RELATE", "REMOVE", "RETURN", "SELECT", "SEQUENCE", "SHOW",
    "SLEEP", "TABLE", "TB", "THROW", "TRUE", "UPDATE", "UPSERT", "USE", "VALUE", "WHERE",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_plain_or_in_backticks() {
        for (name, expected) in [
            ("user", "user"),
            ("_1", "_1"),
            ("User2", "User2"),
            ("", "``"),
            ("1st", "`1st`"),
            ("two words", "`two words`"),
            ("a`b", "`a\\`b`"),
            ("a\\", "`a\\\\`"),
            ("é", "`é`"),
            ("a\0b\n", "`a\\0b\\n`"),
            ("\u{8}\u{c}\u{7f}", "`\\u{8}\\u{c}\\u{7f}`"),
            ("select", "`select`"),
            ("explain", "`explain`"),
            ("None", "`None`"),
            ("user; DELETE user", "`user; DELETE user`"),
        ] {
            assert_eq!(escape_identifier(name), expected);
        }
    }

    #[test]
    fn record_keys_that_look_like_numbers_are_in_backticks() {
        for (key, expected) in [
            ("ada", "ada"),
            ("1a", "1a"),
            ("7f3k", "7f3k"),
            ("1", "`1`"),
            ("1_000", "`1_000`"),
            ("_", "`_`"),
            ("-1", "`-1`"),
            ("NaN", "`NaN`"),
            ("a:b", "`a:b`"),
            ("⟩", "`⟩`"),
            ("", "``"),
        ] {
            assert_eq!(escape_record_key(key), expected);
        }
    }

    #[test]
    fn strings_choose_the_quote_that_needs_less_escaping() {
        struct Literal(&'static str);
        impl fmt::Display for Literal {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_string(f, self.0)
            }
        }
        for (text, expected) in [
            ("it", "'it'"),
            ("it's", "\"it's\""),
            ("'\"", "\"'\\\"\""),
            ("a\"b", "'a\"b'"),
            ("\\\t", "'\\\\\\t'"),
            ("", "''"),
        ] {
            assert_eq!(Literal(text).to_string(), expected);
        }
    }
}
