//! Versions of records: the count that each write adds one to, and writes that need a certain version.

use crate::error::STALE;
use crate::query::statement::Fragment;
use crate::record::Record;
use crate::value::escape_identifier;

/// The name of the variable that holds the stored version. No value of the program is bound to it.
const STORED: &str = "$_stored_version";

/// The version that a write has to find.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    /// The field, as SurrealQL.
    field: String,
    version: i64,
}

/// The version after this write, and its field, if records of type `T` have versions.
///
/// The server (3.3.5) computes it from the record as it was before the write, in every clause.
fn next<T: Record>() -> Option<(String, String)> {
    let field = escape_identifier(T::VERSION?).into_owned();
    let value = format!("({field} ?? 0) + 1");
    Some((field, value))
}

/// Adds the next version to the assignments of a SET or ON DUPLICATE KEY UPDATE clause, which may be none.
pub(super) fn assigned<T: Record>(changes: Fragment) -> Fragment {
    let next = next::<T>().map(|(field, value)| Fragment::new(format!("{field} = {value}")));
    Fragment::default().joined([Some(changes), next].into_iter().flatten().filter(|piece| !piece.is_empty()), ", ")
}

/// Adds the next version to the object that becomes the content of a record.
pub(super) fn added<T: Record>(content: Fragment) -> Fragment {
    match next::<T>() {
        Some((field, value)) => content.text(&format!(" + {{ {field}: {value} }}")),
        None => content,
    }
}

/// The operation that sets the next version, after the operations of a JSON Patch.
pub(super) fn operation<T: Record>() -> Option<String> {
    let (_, value) = next::<T>()?;
    // A name with a slash, a dot or a quote has no path in a patch. The derive refuses it.
    let name = T::VERSION?;
    Some(format!("{{ op: 'replace', path: '/{name}', value: {value} }}"))
}

impl Expected {
    pub(super) fn new<T: Record>(version: i64) -> Option<Self> {
        Some(Self { field: escape_identifier(T::VERSION?).into_owned(), version })
    }

    /// Runs the statement, which is about the record `id`, only if that has the expected version.
    ///
    /// The version is read and the record written in one transaction, so that another write to the record in between is a
    /// conflict. A missing record gives no rows, and another version an error that fails the whole transaction.
    pub(super) fn guard(&self, id: Fragment, statement: Fragment) -> Fragment {
        let Self { field, version } = self;
        let stored = format!("{{ LET {STORED} = (SELECT VALUE ({field} ?? 0) FROM ONLY ");
        let equal = Fragment::new(stored).then(id).text(&format!("); IF {STORED} = ")).value(version);
        let written = equal.text(" { ").then(statement).text(&format!(" }} ELSE IF {STORED} = NONE {{ [] }} ELSE {{ "));
        let thrown = written.text(&format!("THROW '{STALE}' + <string> {STORED} + ' and not ' + <string> "));
        thrown.value(version).text(" } }")
    }
}
