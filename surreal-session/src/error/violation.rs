//! Constraints of a schema that refused a write, told apart by the server's text.
//!
//! Server 3.3.5 sends no structured kind for them. What it writes are fixed words around names and values in SurrealQL,
//! where a quote within a quoted part is escaped: the parts can be found again whatever they contain. A text that is
//! not word for word one of these is no violation.

mod scanner;

use scanner::Scanner;

/// The constraint that refused a write, with its parts as the server wrote them; see
/// [`Error::violation`](super::Error::violation).
///
/// Values, conditions, types and the paths of fields are SurrealQL, such as `'a@x.io'` or `` address.`zip code` ``. So
/// are records, which [`RecordId::from_str`](crate::RecordId) reads. Names of indexes and tables are bare.
///
/// Values are the user's data: they belong in no log that others read.
///
/// # Examples
///
/// ```no_run
/// use surreal_session::prelude::*;
/// use surreal_session::Error;
///
/// fn advice(error: &Error) -> String {
///     match error.violation() {
///         Some(Violation::Unique { index: "user_email", .. }) => "this address has an account already".to_owned(),
///         Some(Violation::Assert { field, .. }) => format!("`{field}` is not acceptable"),
///         _ => "please try again later".to_owned(),
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation<'a> {
    /// A UNIQUE index has an entry for the value already.
    #[non_exhaustive]
    Unique {
        /// The index.
        index: &'a str,
        /// The value that is taken; an array where the index has several fields.
        value: &'a str,
        /// The record that has it.
        record: &'a str,
    },
    /// A field's ASSERT is not true of the value.
    #[non_exhaustive]
    Assert {
        /// The field.
        field: &'a str,
        /// The record that was to be written.
        record: &'a str,
        /// The value that was refused.
        value: &'a str,
        /// The condition.
        condition: &'a str,
    },
    /// The value is not of a field's TYPE, and cannot be made to be.
    #[non_exhaustive]
    Type {
        /// The field.
        field: &'a str,
        /// The record that was to be written.
        record: &'a str,
        /// The type; that of the elements, where it is one of those that does not fit.
        expected: &'a str,
        /// The value that was refused, or `` a collection of length `n` `` where only its length does not fit.
        found: &'a str,
    },
    /// A READONLY field was to be changed.
    #[non_exhaustive]
    ReadOnly {
        /// The field.
        field: &'a str,
        /// The record that was to be written.
        record: &'a str,
    },
    /// A SCHEMAFULL table has no such field.
    #[non_exhaustive]
    UnknownField {
        /// The field.
        field: &'a str,
        /// The table.
        table: &'a str,
    },
    /// The record cannot be deleted: a REFERENCE to it says ON DELETE REJECT.
    #[non_exhaustive]
    Reference {
        /// The record that was to be deleted.
        record: &'a str,
        /// A record that refers to it.
        referrer: &'a str,
    },
    /// The table's TYPE has no place for the record: an edge for a table of normal records, or the other way round.
    #[non_exhaustive]
    TableType {
        /// The record that was to be written.
        record: &'a str,
        /// The table's type, such as `NORMAL` or `RELATION IN user OUT post`.
        expected: &'a str,
    },
}

impl<'a> Violation<'a> {
    /// Reads the message of an error; `None` for any other text.
    pub(super) fn read(message: &'a str) -> Option<Self> {
        let message = innermost(message);
        READERS.iter().find_map(|read| read(message))
    }
}

/// The failure itself, without the words for what it was a part of.
pub(super) fn innermost(mut message: &str) -> &str {
    while let Some(inner) = in_event(message).or_else(|| in_deletion(message)) {
        message = inner;
    }
    message
}

/// What an event failed with. Its name is not escaped, but can hardly contain what is behind it.
fn in_event(message: &str) -> Option<&str> {
    message.strip_prefix("Error while processing event ")?.split_once(": ").map(|(_, inner)| inner)
}

/// What a write failed with that followed from a deletion, by a REFERENCE with ON DELETE.
fn in_deletion(message: &str) -> Option<&str> {
    let mut text = Scanner::new(message);
    text.literal("An error occurred while updating references for `")?;
    text.surql("`: ")?;
    Some(text.rest())
}

const READERS: [fn(&str) -> Option<Violation<'_>>; 7] =
    [unique, assert, coercion, read_only, unknown_field, reference, table_type];

/// The index is not escaped, and comes first: where its name can be read in two ways, there is no answer.
fn unique(message: &str) -> Option<Violation<'_>> {
    const BEHIND_INDEX: &str = "` already contains ";
    let text = message.strip_prefix("Database index `")?;
    let mut ends = text.match_indices(BEHIND_INDEX).map(|(end, _)| end);
    let readings = ends.by_ref().take(MOST_READINGS).filter_map(|end| {
        let mut tail = Scanner::new(&text[end + BEHIND_INDEX.len()..]);
        let value = tail.surql(", with record `")?;
        Some(Violation::Unique { index: &text[..end], value, record: tail.surql_to_end("`")? })
    });
    let mut readings = readings.collect::<Vec<_>>().into_iter();
    let first = readings.next();
    first.filter(|_| readings.next().is_none() && ends.next().is_none())
}

fn assert(message: &str) -> Option<Violation<'_>> {
    let mut text = Scanner::new(message);
    text.literal("Found ")?;
    let value = text.surql(" for field `")?;
    let field = text.surql("`, with record `")?;
    let record = text.surql("`, but field must conform to: ")?;
    Some(Violation::Assert { field, record, value, condition: text.rest() })
}

fn coercion(message: &str) -> Option<Violation<'_>> {
    let mut text = Scanner::new(message);
    text.literal("Couldn't coerce value for field `")?;
    let field = text.surql("` of `")?;
    let record = text.surql("`: Expected `")?;
    let expected = text.surql("` but found ")?;
    let found = collection(text.rest()).or_else(|| {
        text.literal("`")?;
        let value = text.surql("`")?;
        is_place(text.rest()).then_some(value)
    })?;
    Some(Violation::Type { field, record, expected, found })
}

/// The words for a collection of another length than the type asks for.
fn collection(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("a collection of length `")?;
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix('`')?;
    is_place(rest).then(|| &text[..text.len() - rest.len()])
}

/// Whether nothing follows, or where in a collection the value is.
fn is_place(text: &str) -> bool {
    text.is_empty() || text.starts_with(" when coercing ")
}

fn read_only(message: &str) -> Option<Violation<'_>> {
    let mut text = Scanner::new(message);
    text.literal("Found changed value for field `")?;
    let field = text.surql("`, with record `")?;
    Some(Violation::ReadOnly { field, record: text.surql_to_end("`, but field is readonly")? })
}

fn unknown_field(message: &str) -> Option<Violation<'_>> {
    let mut text = Scanner::new(message);
    text.literal("Found field '")?;
    let field = text.surql("', but no such field exists for table '")?;
    Some(Violation::UnknownField { field, table: text.rest().strip_suffix('\'')? })
}

fn reference(message: &str) -> Option<Violation<'_>> {
    let mut text = Scanner::new(message);
    text.literal("Cannot delete `")?;
    let record = text.surql("` as it is referenced by `")?;
    Some(Violation::Reference { record, referrer: text.surql_to_end("` with an ON DELETE REJECT clause")? })
}

fn table_type(message: &str) -> Option<Violation<'_>> {
    let mut text = Scanner::new(message);
    text.literal("Found record: `")?;
    let record = text.surql("` which is ")?;
    let rest = text.rest().strip_prefix("not ").unwrap_or(text.rest());
    Some(Violation::TableType { record, expected: rest.strip_prefix("a relation, but expected a ")? })
}

/// How many ends of an index's name are tried: a value may be long, and full of what looks like one.
const MOST_READINGS: usize = 64;

#[cfg(test)]
mod tests;
