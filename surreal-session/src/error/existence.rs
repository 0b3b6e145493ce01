//! Recognises missing and existing definitions by the server's text.
//!
//! Server 3.3.5 sends the kinds `NotFound` and `AlreadyExists` only for namespaces, databases, tables and records. For all
//! other definitions the kind is `Internal`, and only the text shows the cause.

use super::ErrorKind;
use super::violation::innermost;

/// Returns `NotFound` or `AlreadyExists` for the message of such an error.
pub(super) fn read(message: &str) -> Option<ErrorKind> {
    let message = unwrapped(innermost(message)).strip_prefix("The ")?;
    let is_known = NOUNS.iter().any(|noun| message.strip_prefix(noun).is_some_and(|name| name.starts_with(' ')));
    if !is_known {
        return None;
    }
    let end = |words: &str| match message.ends_with(words) {
        true => Some(message.len()),
        // Names of other definitions may follow. The last match counts, as names are not escaped.
        false if message.ends_with('\'') => PLACES.iter().filter_map(|at| message.rfind(&[words, at].concat())).max(),
        false => None,
    };
    let ends = [(end(" does not exist"), ErrorKind::NotFound), (end(" already exists"), ErrorKind::AlreadyExists)];
    let last = ends.into_iter().filter_map(|(end, kind)| Some((end?, kind))).max_by_key(|(end, _)| *end);
    last.map(|(_, kind)| kind)
}

/// The message without the function or analyzer that it is wrapped in.
fn unwrapped(message: &str) -> &str {
    let is_wrapped = message.starts_with("Function '") || message.starts_with("Analyzer '");
    let inner = message.split_once("' not found: ").filter(|_| is_wrapped);
    inner.map_or(message, |(_, inner)| inner)
}

/// The words that may follow the name.
const PLACES: [&str; 3] = [" in the namespace '", " in the database '", " for '"];

const NOUNS: [&str; 21] = [
    "access grant",
    "access method",
    "analyzer",
    "api",
    "bucket",
    "config for",
    "database",
    "event",
    "field",
    "function",
    "index",
    "model",
    "module",
    "namespace",
    "node",
    "param",
    "root access grant",
    "root access method",
    "root user",
    "sequence",
    "user",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_and_existing_definitions_are_recognised_by_text() {
        use ErrorKind::{AlreadyExists, NotFound};
        for (message, expected) in [
            ("The event 'e' does not exist", Some(NotFound)),
            ("The param '$p' does not exist", Some(NotFound)),
            ("The config for graphql does not exist", Some(NotFound)),
            ("The model 'ml::m<1.0.0>' does not exist", Some(NotFound)),
            ("The root user 'u' does not exist", Some(NotFound)),
            ("The user 'u' does not exist in the namespace 'n'", Some(NotFound)),
            ("The access grant 'g' does not exist for 'a' in the database 'd'", Some(NotFound)),
            ("The root access grant 'g' does not exist for 'a'", Some(NotFound)),
            ("The access method does not exist", Some(NotFound)),
            ("Error while processing event e: The sequence 's' does not exist", Some(NotFound)),
            ("Function 'fn::f' not found: The function 'fn::f' does not exist", Some(NotFound)),
            ("Function 'fn::f' not found: other", None),
            ("The index 'i' already exists", Some(AlreadyExists)),
            ("The access method 'a' already exists in the database 'd'", Some(AlreadyExists)),
            ("The user 'a' does not exist' already exists in the namespace 'n'", Some(AlreadyExists)),
            ("The field 'a' already exists' does not exist", Some(NotFound)),
            ("The key being inserted already exists", None),
            ("The fieldset 'a' does not exist", None),
            ("The index 'i' does not exist, or so", None),
            ("An error occurred: The index 'i' does not exist", None),
            ("Cannot define field `a` as `COMPUTED` since a nested field `a.b` already exists.", None),
        ] {
            assert_eq!(read(message), expected, "{message}");
        }
    }
}
