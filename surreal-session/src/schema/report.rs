//! The reports of `verify` and `define`.

use std::error;
use std::fmt;
use std::slice;

use crate::error::{Error, ErrorKind, Result};

/// The part of a schema that a difference or a change is about. Names are not escaped, paths are SurrealQL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The table itself.
    Table,
    /// The field at this path.
    Field(String),
    /// The index with this name.
    Index(String),
    /// The analyzer with this name, which belongs to no table.
    Analyzer(String),
    /// The access method with this name, which belongs to no table.
    Access(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table => f.pad("table"),
            Self::Field(path) => f.pad(&format!("field {path}")),
            Self::Index(name) => f.pad(&format!("index {name}")),
            Self::Analyzer(name) => f.pad(&format!("analyzer {name}")),
            Self::Access(name) => f.pad(&format!("access {name}")),
        }
    }
}

/// One difference between the models and the database.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The table, not escaped; `None` for an analyzer and an access method.
    pub table: Option<String>,
    /// The part of the schema.
    pub part: Part,
    /// The part of its definition that differs: `kind`, `default`, `assert`, `mode` and so on, or `definition` for all of it.
    pub aspect: &'static str,
    /// SurrealQL, as the server writes it; `None` if the models do not have it.
    pub model: Option<String>,
    /// SurrealQL, as the server writes it; `None` if the database does not have it.
    pub database: Option<String>,
    /// False if it may be no difference: the session may not define anything, so that the server could not be asked to write
    /// the model's expression in its own form, and the texts differ.
    pub is_certain: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [table, part, aspect, model, database] = self.cells();
        let table = if table.is_empty() { table } else { format!("{table}: ") };
        write!(f, "{table}{part}, {aspect}: {model} in the models, {database} in the database")
    }
}

impl Difference {
    /// Names the place in an error.
    pub(super) fn place(&self) -> String {
        match &self.table {
            Some(table) => format!("{} of the table `{table}`", self.part),
            None => self.part.to_string(),
        }
    }

    fn cells(&self) -> [String; 5] {
        let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let aspect = if self.is_certain { self.aspect.to_owned() } else { format!("{} (cannot compare)", self.aspect) };
        let table = self.table.clone().unwrap_or_default();
        [table, self.part.to_string(), aspect, shown(&self.model), shown(&self.database)]
    }
}

/// The differences between models and the database, of [`Session::verify`](crate::Session::verify).
///
/// [`Display`](fmt::Display) writes them as a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaReport {
    pub(super) differences: Vec<Difference>,
}

impl SchemaReport {
    /// Returns true if there is no difference.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }

    /// Returns the differences: analyzers first, then the tables in the order of the models, then access methods.
    pub fn iter(&self) -> slice::Iter<'_, Difference> {
        self.differences.iter()
    }

    /// Turns differences into an error, which may become an [`Error`] of the kind
    /// [`SchemaMismatch`](ErrorKind::SchemaMismatch) by `?`.
    ///
    /// # Errors
    ///
    /// [`SchemaMismatch`] with this report, unless it is [clean](Self::is_clean).
    pub fn check(self) -> std::result::Result<(), SchemaMismatch> {
        if self.is_clean() { Ok(()) } else { Err(SchemaMismatch(self)) }
    }
}

impl<'a> IntoIterator for &'a SchemaReport {
    type Item = &'a Difference;
    type IntoIter = slice::Iter<'a, Difference>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for SchemaReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_clean() {
            return f.write_str("the database has the schema of the models");
        }
        let head = ["TABLE", "PART", "ASPECT", "IN THE MODELS", "IN THE DATABASE"];
        table(f, head, self.differences.iter().map(Difference::cells))
    }
}

/// The database does not have the schema of the models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaMismatch(pub SchemaReport);

impl fmt::Display for SchemaMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database does not have the schema of the models:\n{}", self.0)
    }
}

impl error::Error for SchemaMismatch {}

impl From<SchemaMismatch> for Error {
    fn from(mismatch: SchemaMismatch) -> Self {
        Self::new(ErrorKind::SchemaMismatch, mismatch.to_string()).with_source(mismatch).answered()
    }
}

/// A change that [`Session::define`](crate::Session::define) has made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaChange {
    /// The difference that is gone.
    pub difference: Difference,
    /// The statement that was run.
    pub statement: String,
}

/// A change that [`Session::define`](crate::Session::define) has not made, because it would lose or refuse data, or could.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingChange {
    /// The difference that is left.
    pub difference: Difference,
    /// The statement that would make the change. Server 4.0 may ask in [`reason`](Self::reason) for a clause at its end that says
    /// what becomes of existing rows.
    pub statement: String,
    /// The number of rows in the way; `None` if they cannot be counted, or do not matter.
    pub rows: Option<u64>,
    /// The reason for which it was not made.
    pub reason: String,
    /// Set if the statement was sent, and refused.
    pub(super) is_tried: bool,
}

/// The changes of [`Session::define`](crate::Session::define).
///
/// [`Display`](fmt::Display) writes them as text for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DefineReport {
    /// The changes that were made, in their order.
    pub changes: Vec<SchemaChange>,
    /// The changes that were not made.
    pub pending: Vec<PendingChange>,
}

impl DefineReport {
    /// Returns true if the database has the schema of the models now.
    pub fn is_complete(&self) -> bool {
        self.pending.is_empty()
    }

    /// Turns changes that were not made into an error.
    ///
    /// # Errors
    ///
    /// [`SchemaMismatch`](ErrorKind::SchemaMismatch) with the report as its text, unless it is
    /// [complete](Self::is_complete). What was changed stays changed.
    pub fn check(self) -> Result<Self> {
        if self.is_complete() {
            return Ok(self);
        }
        Err(Error::new(ErrorKind::SchemaMismatch, self.to_string()).answered())
    }
}

impl fmt::Display for DefineReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() && self.pending.is_empty() {
            return f.write_str("nothing to change");
        }
        for change in &self.changes {
            writeln!(f, "done: {}", change.statement)?;
        }
        for change in &self.pending {
            let rows = change.rows.map(|rows| format!("{rows} rows: ")).unwrap_or_default();
            writeln!(f, "not done ({rows}{}): {}", change.reason, change.statement)?;
        }
        Ok(())
    }
}

/// Writes rows below their heads, in columns.
fn table<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> fmt::Result {
    let rows: Vec<[String; N]> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
