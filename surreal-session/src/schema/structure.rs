//! The schema of a database as the server tells it, in `INFO .. STRUCTURE`.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::sleep;

use super::table::{FieldDefinition, IndexDefinition, Named, Parts, Step, TableDefinition};
use crate::connection::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::query::queryable::Queryable;
use crate::query::surql::Surql;
use crate::query::{Query, Response};
use crate::session::Session;
use crate::transaction::Transaction;
use crate::value::{Uuid, Value, escape_identifier};

/// Definitions by their names.
#[derive(Debug, Clone, Default)]
pub(super) struct Structure {
    pub(super) tables: BTreeMap<String, TableStructure>,
    pub(super) analyzers: BTreeMap<String, Entry>,
    pub(super) accesses: BTreeMap<String, Entry>,
    /// Set if the server asks for the values of existing rows where a field is defined: from 4.0 on, in databases that were made
    /// there.
    pub(super) migrates: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct TableStructure {
    pub(super) table: Entry,
    pub(super) fields: BTreeMap<Vec<Step>, Entry>,
    pub(super) indexes: BTreeMap<String, Entry>,
}

/// The parts of a definition.
pub(super) type Entry = BTreeMap<String, Value>;

impl Structure {
    /// Reads the tables with these names, and all analyzers and access methods.
    pub(super) async fn read(on: &impl Queryable, tables: &[&str], deadline: Deadline) -> Result<Self> {
        let database = run(on, "INFO FOR DB STRUCTURE", deadline).await?.take::<Value>(0)?;
        let mut structure = Self {
            tables: BTreeMap::new(),
            analyzers: entries(&database, "analyzers"),
            accesses: entries(&database, "accesses"),
            migrates: database.get("compatibility").and_then(Value::as_i64).is_some_and(|level| level >= 4),
        };
        for (name, table) in entries(&database, "tables") {
            structure.tables.insert(name, TableStructure { table, ..TableStructure::default() });
        }
        let known: Vec<&str> = tables.iter().copied().filter(|name| structure.tables.contains_key(*name)).collect();
        if known.is_empty() {
            return Ok(structure);
        }
        let asked: Vec<_> = known.iter().map(|name| info(&escape_identifier(name))).collect();
        let response = run(on, &asked.join("; "), deadline).await?;
        for (index, name) in known.into_iter().enumerate() {
            if let Some(table) = structure.tables.get_mut(name) {
                table.note(&response.take::<Value>(index)?);
            }
        }
        Ok(structure)
    }

    /// Reads the definitions of models in the server's own words. They are made under other names in a transaction that is
    /// cancelled, so that nothing is written.
    pub(super) async fn rendered(session: &Session, parts: &Parts, now: &Self, deadline: Deadline) -> Result<Self> {
        loop {
            let rendered = Self::render_once(session, parts, now, deadline).await;
            if !is_lost(&rendered, deadline) {
                return rendered;
            }
            sleep(PAUSE).await;
        }
    }

    async fn render_once(session: &Session, parts: &Parts, now: &Self, deadline: Deadline) -> Result<Self> {
        let transaction = session.begin_transaction().deadline(deadline.left()).await?;
        let rendered = Self::render(&transaction, parts, now, deadline).await?;
        transaction.cancel().deadline(deadline.left()).await.map(|()| rendered)
    }

    /// Reads the same outside of a transaction, again if the connection is lost.
    pub(super) async fn read_again(session: &Session, tables: &[&str], deadline: Deadline) -> Result<Self> {
        loop {
            let read = Self::read(session, tables, deadline).await;
            if !is_lost(&read, deadline) {
                return read;
            }
            sleep(PAUSE).await;
        }
    }

    /// The definitions of models in the program's own words.
    pub(super) fn of_models(parts: &Parts, now: &Self) -> Self {
        let tables = parts.tables.iter().map(|table| (table.name.clone(), table.structure(table.is_schemafull(now))));
        Self { tables: tables.collect(), ..Self::default() }
    }

    async fn render(on: &Transaction, parts: &Parts, now: &Self, deadline: Deadline) -> Result<Self> {
        let analyzers = parts.analyzers.iter().map(|analyzer| {
            let text = format!("DEFINE ANALYZER OVERWRITE {} {}", escape_identifier(&analyzer.name), analyzer.text);
            (format!("the analyzer `{}`", analyzer.name), text)
        });
        let accesses = parts.accesses.iter().map(|access| {
            let text = format!("DEFINE ACCESS OVERWRITE {} {}", escape_identifier(&access.name), access.text);
            (format!("the access method `{}`", access.name), text)
        });
        execute_all(on, &analyzers.chain(accesses).collect::<Vec<_>>(), deadline).await?;
        let mut names = Vec::new();
        for table in &parts.tables {
            let name = format!("surreal_session_{}", Uuid::new_v4().to_string().replace('-', ""));
            execute_all(on, &table_texts(table, &name, table.is_schemafull(now)), deadline).await?;
            names.push(name);
        }
        let names_asked: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut all = Self::read(on, &names_asked, deadline).await?;
        let mut tables = BTreeMap::new();
        for (table, name) in parts.tables.iter().zip(&names) {
            tables.insert(table.name.clone(), all.tables.remove(name).unwrap_or_default());
        }
        let has = |named: &[Named], name: &str| named.iter().any(|named| named.name == name);
        all.analyzers.retain(|name, _| has(&parts.analyzers, name));
        all.accesses.retain(|name, _| has(&parts.accesses, name));
        Ok(Self { tables, ..all })
    }
}

/// The statements that define a table under a name, each with what it defines.
fn table_texts(table: &TableDefinition, name: &str, is_schemafull: bool) -> Vec<(String, String)> {
    let of_table = format!("the table `{}`", table.name);
    let mut texts = vec![(of_table.clone(), table.define("", name, is_schemafull))];
    let field = |field: &FieldDefinition| {
        let path = field.escaped();
        (format!("the field `{path}` of {of_table}"), field.define("OVERWRITE ", name, is_schemafull))
    };
    texts.extend(table.fields.iter().map(field));
    texts.extend(
        table.indexes.iter().map(|index| (format!("the index `{}` of {of_table}", index.name), index.define("", name))),
    );
    texts
}

/// Runs statements in one request, each with a text that names it in an error.
pub(super) async fn execute_all(on: &Transaction, statements: &[(String, String)], deadline: Deadline) -> Result<()> {
    let texts: Vec<_> = statements.iter().map(|(_, text)| text.as_str()).collect();
    if texts.is_empty() {
        return Ok(());
    }
    execute(on, &texts.join(";\n"), deadline).await.map_err(|error| {
        let failed = error.statement().and_then(|index| statements.get(index));
        match failed.or(statements.first()) {
            Some((what, _)) => error.in_context(format!("cannot define {what}")),
            None => error,
        }
    })
}

impl TableDefinition {
    fn structure(&self, is_schemafull: bool) -> TableStructure {
        let fields = self.fields.iter().map(|field| (field.path.clone(), field.structure(is_schemafull)));
        let index = |index: &IndexDefinition| {
            let columns = index.columns.iter().map(|column| text(column)).collect();
            let entry = [("cols", Value::Array(columns)), ("index", text(&index.kind))].into_iter();
            let entry = entry.chain(index.comment.map(|comment| ("comment", text(comment))));
            (index.name.clone(), entry.map(|(key, value)| (key.to_owned(), value)).collect())
        };
        TableStructure {
            table: self.table_entry(),
            fields: fields.collect(),
            indexes: self.indexes.iter().map(index).collect(),
        }
    }

    fn table_entry(&self) -> Entry {
        let mut kind = BTreeMap::from([("kind".to_owned(), text(self.kind.split(' ').next().unwrap_or("NORMAL")))]);
        for (end, tables) in &self.ends {
            kind.insert((*end).to_owned(), Value::Array(tables.iter().map(|table| text(table)).collect()));
        }
        kind.insert("enforced".to_owned(), Value::Bool(self.kind.ends_with(" ENFORCED")));
        let told = [("permissions", self.permissions), ("changefeed", self.changefeed), ("comment", self.comment)];
        let told = told.into_iter().filter_map(|(key, value)| Some((key.to_owned(), text(value?))));
        told.chain([("kind".to_owned(), Value::Object(kind))]).collect()
    }

    /// Whether the table is to be `SCHEMAFULL`. If the model does not say, it stays as it is in the database.
    pub(super) fn is_schemafull(&self, now: &Structure) -> bool {
        let in_database = || now.tables.get(&self.name).and_then(|table| table.table.get("schemafull")?.as_bool());
        self.schemafull.or_else(in_database).unwrap_or(false)
    }
}

impl FieldDefinition {
    fn structure(&self, is_schemafull: bool) -> Entry {
        let rules = &self.rules;
        let reference = rules.reference.map(|clause| clause.strip_prefix("REFERENCE ON DELETE ").unwrap_or("IGNORE"));
        let texts = [
            ("kind", Some(self.kind.as_str())),
            ("default", rules.default.or(rules.default_always)),
            ("value", rules.value),
            ("assert", rules.assert),
            ("computed", rules.computed),
            ("permissions", rules.permissions),
            ("comment", rules.comment),
        ];
        let flags = [
            ("readonly", rules.readonly),
            ("flexible", self.is_flexible && is_schemafull),
            ("default_always", rules.default_always.is_some()),
        ];
        let on_delete = |rule: &str| Value::Object(BTreeMap::from([("on_delete".to_owned(), text(rule))]));
        let texts = texts.into_iter().filter_map(|(key, value)| Some((key.to_owned(), text(value?))));
        let flags = flags.into_iter().map(|(key, is)| (key.to_owned(), Value::Bool(is)));
        texts.chain(flags).chain(reference.map(|rule| ("reference".to_owned(), on_delete(rule)))).collect()
    }
}

fn text(text: &str) -> Value {
    Value::from(text)
}

impl TableStructure {
    fn note(&mut self, info: &Value) {
        let fields = entries(info, "fields").into_iter();
        self.fields = fields.map(|(path, field)| (steps_of(&path), field)).collect();
        self.indexes = entries(info, "indexes");
    }
}

/// The statement that asks for a table, whose name is escaped.
fn info(table: &str) -> String {
    format!("INFO FOR TABLE {table} STRUCTURE")
}

/// Reads a path as the server writes it, such as ``items.*.`a b` ``.
fn steps_of(path: &str) -> Vec<Step> {
    let (mut steps, mut rest) = (Vec::new(), path);
    while !rest.is_empty() {
        let (step, after) = match rest.strip_prefix('`') {
            Some(quoted) => quoted_step(quoted),
            None => rest.split_at(rest.find('.').unwrap_or(rest.len())),
        };
        steps.push(match step {
            "*" | "[*]" if !rest.starts_with('`') => Step::Elements,
            name => Step::Name(name.replace("\\`", "`").replace("\\\\", "\\")),
        });
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    steps
}

/// The text up to the closing backtick, and what is behind it.
fn quoted_step(quoted: &str) -> (&str, &str) {
    let mut is_escaped = false;
    for (at, c) in quoted.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '`' => return (&quoted[..at], &quoted[at + 1..]),
            _ => {}
        }
    }
    (quoted, "")
}

fn entries(info: &Value, list: &str) -> BTreeMap<String, Entry> {
    let entries = info.get(list).and_then(Value::as_array).unwrap_or_default().iter();
    let named = entries.filter_map(|entry| {
        let entry = entry.as_object()?;
        Some((entry.get("name")?.as_str()?.to_owned(), entry.clone()))
    });
    named.collect()
}

/// Runs text that this module has made.
pub(super) async fn run(on: &impl Queryable, text: &str, deadline: Deadline) -> Result<Response> {
    Query::new(on.scope(), Surql::dynamic(text)).run_by(deadline).await?.check()
}

/// Runs a statement without a result.
pub(super) async fn execute(on: &impl Queryable, text: &str, deadline: Deadline) -> Result<()> {
    run(on, text, deadline).await.map(drop)
}

/// Returns true if a call that writes nothing is repeated, because the connection was lost under it.
pub(super) fn is_lost<T>(outcome: &Result<T>, deadline: Deadline) -> bool {
    let is_passing = |error: &Error| {
        matches!(error.kind(), ErrorKind::Disconnected | ErrorKind::TransactionLost) && !error.is_final()
    };
    outcome.as_ref().is_err_and(is_passing) && !deadline.left().is_zero()
}

/// The pause before the next attempt, which itself waits for a connection.
pub(super) const PAUSE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_server_are_read() {
        let name = |name: &str| Step::Name(name.to_owned());
        for (path, expected) in [
            ("a", vec![name("a")]),
            ("a.b.c", vec![name("a"), name("b"), name("c")]),
            ("items.*.n", vec![name("items"), Step::Elements, name("n")]),
            ("a.*.*", vec![name("a"), Step::Elements, Step::Elements]),
            ("`x.y`.`*`", vec![name("x.y"), name("*")]),
            ("`od\\`d`.select", vec![name("od`d"), name("select")]),
        ] {
            assert_eq!(steps_of(path), expected, "{path}");
        }
    }
}
