//! The rows that are in the way of a change, as conditions in SurrealQL.

use super::structure::TableStructure;
use super::table::{FieldDefinition, Step, TableDefinition, text_of};
use crate::value::{Value, escape_identifier};

/// The check before a change.
#[derive(Debug, Clone)]
pub(super) enum Check {
    /// It loses and refuses nothing.
    Nothing,
    /// No row may fulfil this condition. The text says what those rows are.
    Rows(String, &'static str),
    /// The table must be empty.
    AnyRow(&'static str),
    /// No two rows may have equal values in these columns. The server itself refuses the index otherwise.
    Unique(Vec<String>),
    /// It is left to the program. The condition counts the rows that lose something.
    Refused(Option<String>, &'static str),
    /// It is left to the program, whatever the rows are.
    Always(&'static str),
}

impl Check {
    /// The check before a field has an assertion.
    pub(super) fn assertion(field: &FieldDefinition) -> Self {
        let Some(assert) = field.rules.assert else { return Self::Nothing };
        let holds = |value: &str| Some(format!("({value} = NONE OR (|$value: any| ({assert}))({value}))"));
        match violation(&field.path, &holds) {
            Some(violation) => Self::Rows(violation, "records whose value the assertion refuses"),
            None => Self::AnyRow("the values cannot be compared with the assertion"),
        }
    }

    /// The check before the stored values of a field are lost.
    pub(super) fn stored(path: &[Step]) -> Self {
        let is_absent = |value: &str| Some(format!("{value} = NONE"));
        match violation(path, &is_absent) {
            Some(violation) => Self::Rows(violation, "records with a stored value, which would be lost"),
            None => Self::AnyRow("stored values would be lost"),
        }
    }
}

/// The condition on a row that `holds` is false for a value at the path, or for one of them. A field in an object is not
/// looked for where there is no object. `None` if `holds` has no text.
pub(super) fn violation(path: &[Step], holds: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    Some(format!("!({})", holds_at("", path, holds, 0)?))
}

fn holds_at(base: &str, path: &[Step], holds: &dyn Fn(&str) -> Option<String>, depth: usize) -> Option<String> {
    let names = path.iter().take_while(|step| matches!(step, Step::Name(_))).count();
    let (names, rest) = path.split_at(names);
    let value = join(base, names);
    if let Some((_, rest)) = rest.split_first() {
        let variable = format!("$e{depth}");
        let each = holds_at(&variable, rest, holds, depth + 1)?;
        return Some(format!(
            "(!(type::is_array({value}) OR type::is_set({value})) OR \
             array::all(<array> {value}, |{variable}: any| {each}))"
        ));
    }
    let condition = holds(&value)?;
    match names.split_last() {
        Some((_, above)) if !(base.is_empty() && above.is_empty()) => {
            Some(format!("(!type::is_object({}) OR {condition})", join(base, above)))
        }
        _ => Some(condition),
    }
}

fn join(base: &str, names: &[Step]) -> String {
    let path = text_of(names);
    match (base.is_empty(), path.is_empty()) {
        (true, _) => path,
        (false, true) => base.to_owned(),
        (false, false) => format!("{base}.{path}"),
    }
}

/// The condition on a row that it has a field which neither the model nor the database declares.
pub(super) fn undeclared(table: &TableDefinition, database: &TableStructure) -> String {
    let all = || table.fields.iter().map(|field| &field.path).chain(database.fields.keys());
    let children = |above: &[Step]| {
        let children = all().filter_map(|path| match path.split_last() {
            Some((Step::Name(name), before)) if before == above => Some(name.as_str()),
            _ => None,
        });
        children.map(|name| Value::from(name).to_string()).collect::<Vec<_>>()
    };
    let declared = |value: &str, mut names: Vec<String>| {
        names.sort();
        names.dedup();
        format!("array::len(array::complement(object::keys({value}), [{}])) = 0", names.join(", "))
    };
    let mut own = children(&[]);
    own.extend(["'id'", "'in'", "'out'"].map(str::to_owned));
    let mut violations = vec![format!("!({})", declared("$this", own))];
    for field in table.fields.iter().filter(|field| !field.is_flexible) {
        let elements: Vec<Step> = field.path.iter().cloned().chain([Step::Elements]).collect();
        for path in [&field.path, &elements] {
            let names = children(path);
            if !names.is_empty() {
                let holds =
                    |value: &str| Some(format!("(!type::is_object({value}) OR {})", declared(value, names.clone())));
                violations.extend(violation(path, &holds));
            }
        }
    }
    violations.join(" OR ")
}

/// The number of rows of a table that fulfil a condition, as a statement with a list of one number or none.
pub(super) fn count(table: &str, condition: Option<&str>) -> String {
    let condition = condition.map(|condition| format!(" WHERE {condition}")).unwrap_or_default();
    format!("SELECT VALUE count() FROM {}{condition} GROUP ALL", escape_identifier(table))
}

/// The sizes of the groups of rows with equal values in some columns, as a statement.
pub(super) fn duplicates(table: &str, columns: &[String]) -> String {
    let selected: Vec<_> = columns.iter().enumerate().map(|(at, column)| format!("{column} AS c{at}")).collect();
    let names: Vec<_> = (0..columns.len()).map(|at| format!("c{at}")).collect();
    let some: Vec<_> = names.iter().map(|name| format!("{name} != NONE")).collect();
    format!(
        "SELECT VALUE n FROM (SELECT count() AS n, {} FROM {} GROUP BY {}) WHERE n > 1 AND ({})",
        selected.join(", "),
        escape_identifier(table),
        names.join(", "),
        some.join(" OR ")
    )
}
