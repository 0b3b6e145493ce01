//! Recognises violated constraints by the server's text.
//!
//! No server sends a structured kind for them (3.0.5 to 4.0.0-beta.1). The messages are fixed words around names and values in
//! SurrealQL, and the same on all of them, whatever their kind.
//! Quotes inside a quoted part are escaped, so the parts can be found whatever they contain. Text that does not match
//! one of these messages exactly is not a violation.

mod scanner;

use scanner::MessageScanner;

/// The constraint that refused a write, with its parts; see [`Error::violation`](super::Error::violation).
///
/// Values, conditions, types and paths of fields are SurrealQL, such as `'a@x.io'` or `` address.`zip code` ``. Records
/// are SurrealQL too, and [`RecordId::from_str`](crate::RecordId) reads them. Names of indexes and tables are plain text.
///
/// Values are the user's data: keep them out of logs that others read.
///
/// # Examples
///
/// ```
/// use surreal_session::prelude::*;
///
/// # surreal_session_embedded::example(async |session| {
/// session.execute("DEFINE INDEX user_email ON user FIELDS email UNIQUE").await?;
/// session.execute("CREATE user:ada SET email = 'ada@x.io'").await?;
///
/// let error = session.execute("CREATE user:bob SET email = 'ada@x.io'").await.unwrap_err();
/// let advice = match error.violation() {
///     Some(Violation::Unique { index: "user_email", .. }) => "this address has an account",
///     Some(Violation::Assert { .. }) => "this address is not valid",
///     _ => "please try again later",
/// };
/// assert_eq!(advice, "this address has an account");
/// # Ok(()) });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation<'a> {
    /// A UNIQUE index already contains the value.
    #[non_exhaustive]
    Unique {
        /// The index.
        index: &'a str,
        /// The value; an array if the index has several fields. `None` if the server hides it, with the record: server 4.0
        /// does so from identities that may not see that record.
        value: Option<&'a str>,
        /// The record that has the value.
        record: Option<&'a str>,
    },
    /// The value does not meet a field's ASSERT.
    #[non_exhaustive]
    Assert {
        /// The field.
        field: &'a str,
        /// The record to write.
        record: &'a str,
        /// The refused value.
        value: &'a str,
        /// The condition.
        condition: &'a str,
    },
    /// The value is not of the field's TYPE, and cannot be converted to it.
    #[non_exhaustive]
    Type {
        /// The field.
        field: &'a str,
        /// The record to write.
        record: &'a str,
        /// The type of the field, or of its elements if an element does not fit.
        expected: &'a str,
        /// The refused value, or `` a collection of length `n` `` if only the length does not fit.
        found: &'a str,
    },
    /// The write changes a READONLY field.
    #[non_exhaustive]
    ReadOnly {
        /// The field.
        field: &'a str,
        /// The record to write.
        record: &'a str,
    },
    /// The SCHEMAFULL table does not define the field.
    #[non_exhaustive]
    UnknownField {
        /// The field.
        field: &'a str,
        /// The table.
        table: &'a str,
    },
    /// The record cannot be deleted: a REFERENCE with ON DELETE REJECT points to it.
    #[non_exhaustive]
    Reference {
        /// The record to delete.
        record: &'a str,
        /// A record that refers to the record. `None` if the server hides it: server 4.0 does so from identities that may not
        /// see it.
        referrer: Option<&'a str>,
    },
    /// The table's TYPE does not allow the record: an edge in a table of normal records, or the reverse.
    #[non_exhaustive]
    TableType {
        /// The record to write.
        record: &'a str,
        /// The table's type, such as `NORMAL` or `RELATION IN user OUT post`.
        expected: &'a str,
    },
    /// The write changes the `in` or `out` of an edge that exists.
    #[non_exhaustive]
    EdgeEnd {
        /// The field, `in` or `out`. `None` if the server does not name it: server 4.0 does so to some identities.
        field: Option<&'a str>,
    },
}

impl<'a> Violation<'a> {
    /// Parses the message of an error; `None` if it is not about a constraint.
    pub(super) fn read(message: &'a str) -> Option<Self> {
        let message = innermost(message);
        READERS.iter().find_map(|read| read(message))
    }
}

/// The innermost message, without the event or deletion that it is wrapped in.
pub(super) fn innermost(mut message: &str) -> &str {
    while let Some(inner) = in_event(message).or_else(|| in_deletion(message)) {
        message = inner;
    }
    message
}

/// The error inside an event. The event's name is not escaped, but is unlikely to contain `: `.
fn in_event(message: &str) -> Option<&str> {
    message.strip_prefix("Error while processing event ")?.split_once(": ").map(|(_, inner)| inner)
}

/// The error of a write that followed from a deletion, by a REFERENCE with ON DELETE.
fn in_deletion(message: &str) -> Option<&str> {
    // Server 3.0 writes it with one `r`.
    let mut text = MessageScanner::new(
        message.strip_prefix("An error occurred").or_else(|| message.strip_prefix("An error occured"))?,
    );
    text.literal(" while updating references for `")?;
    text.surql("`: ")?;
    Some(text.rest())
}

const READERS: [fn(&str) -> Option<Violation<'_>>; 8] =
    [unique, assert, coercion, read_only, unknown_field, reference, table_type, endpoint];

/// The index is not escaped, and comes first: where its name can be read in two ways, there is no answer.
fn unique(message: &str) -> Option<Violation<'_>> {
    const BEHIND_INDEX: &str = "` already contains ";
    const HIDDEN: &str = "` already contains a conflicting value in another record";
    let text = message.strip_prefix("Database index `")?;
    if let Some(index) = text.strip_suffix(HIDDEN) {
        return Some(Violation::Unique { index, value: None, record: None });
    }
    let mut ends = text.match_indices(BEHIND_INDEX).map(|(end, _)| end);
    let readings = ends.by_ref().take(MOST_READINGS).filter_map(|end| {
        let mut tail = MessageScanner::new(&text[end + BEHIND_INDEX.len()..]);
        let value = tail.surql(", with record `")?;
        let record = tail.surql_to_end("`")?;
        Some(Violation::Unique { index: &text[..end], value: Some(value), record: Some(record) })
    });
    let mut readings = readings.collect::<Vec<_>>().into_iter();
    let first = readings.next();
    first.filter(|_| readings.next().is_none() && ends.next().is_none())
}

fn assert(message: &str) -> Option<Violation<'_>> {
    let mut text = MessageScanner::new(message);
    text.literal("Found ")?;
    let value = text.surql(" for field `")?;
    let field = text.surql("`, with record `")?;
    let record = text.surql("`, but field must conform to: ")?;
    Some(Violation::Assert { field, record, value, condition: text.rest() })
}

fn coercion(message: &str) -> Option<Violation<'_>> {
    let mut text = MessageScanner::new(message);
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

/// Returns `true` if the text is empty, or names the position of the value in a collection.
fn is_place(text: &str) -> bool {
    text.is_empty() || text.starts_with(" when coercing ")
}

fn read_only(message: &str) -> Option<Violation<'_>> {
    let mut text = MessageScanner::new(message);
    text.literal("Found changed value for field `")?;
    let field = text.surql("`, with record `")?;
    Some(Violation::ReadOnly { field, record: text.surql_to_end("`, but field is readonly")? })
}

fn unknown_field(message: &str) -> Option<Violation<'_>> {
    let mut text = MessageScanner::new(message);
    text.literal("Found field '")?;
    let field = text.surql("', but no such field exists for table '")?;
    Some(Violation::UnknownField { field, table: text.rest().strip_suffix('\'')? })
}

fn reference(message: &str) -> Option<Violation<'_>> {
    let mut text = MessageScanner::new(message);
    text.literal("Cannot delete `")?;
    let record = text.surql("` as it is referenced by ")?;
    if text.rest() == "another record with an ON DELETE REJECT clause" {
        return Some(Violation::Reference { record, referrer: None });
    }
    text.literal("`")?;
    Some(Violation::Reference { record, referrer: Some(text.surql_to_end("` with an ON DELETE REJECT clause")?) })
}

fn table_type(message: &str) -> Option<Violation<'_>> {
    let mut text = MessageScanner::new(message);
    text.literal("Found record: `")?;
    let record = text.surql("` which is ")?;
    let rest = text.rest().strip_prefix("not ").unwrap_or(text.rest());
    Some(Violation::TableType { record, expected: rest.strip_prefix("a relation, but expected a ")? })
}

/// Server 3 names the refused endpoint, server 4.0 only the field, or both fields.
fn endpoint(message: &str) -> Option<Violation<'_>> {
    let field = |fields: &str| match fields {
        "`in`" => Some(Some("in")),
        "`out`" => Some(Some("out")),
        "`in` or `out`" => Some(None),
        _ => None,
    };
    if let Some(fields) = message.strip_prefix("Cannot change the ") {
        let field = field(fields.strip_suffix(" endpoint of an existing edge")?)?;
        return Some(Violation::EdgeEnd { field });
    }
    let mut text = MessageScanner::new(message);
    text.literal("Found ")?;
    text.surql(" for the ")?;
    let field = field(text.rest().strip_suffix(" field, which does not match the existing field value")?)?;
    Some(Violation::EdgeEnd { field })
}

/// The number of possible ends of an index's name that are tried: a long value may contain many.
const MOST_READINGS: usize = 64;

#[cfg(test)]
mod tests;
