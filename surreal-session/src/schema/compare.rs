//! The differences between models and a database, each with the statement that would remove it.

use std::collections::BTreeSet;

use super::kind;
use super::report::{Difference, Part};
use super::rows::{Check, undeclared, violation};
use super::structure::{Entry, Structure, TableStructure};
use super::table::{FieldDefinition, IndexDefinition, Parts, Step, TableDefinition, text_of};
use crate::value::{Value, escape_identifier};

/// A difference, and how it could be removed.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) difference: Difference,
    pub(super) fix: Fix,
}

#[derive(Debug, Clone)]
pub(super) struct Fix {
    pub(super) statement: String,
    pub(super) check: Check,
    /// A clause at its end, or a statement with `; ` before it, that mends the rows in its way.
    pub(super) mend: Option<String>,
    /// Set if the statement runs by itself, after the others: it may take long, or be refused.
    pub(super) is_index: bool,
}

/// The definitions of models, in the server's words or in the program's.
pub(super) struct Expected<'a> {
    pub(super) parts: &'a Parts,
    pub(super) structure: Structure,
    /// Set if the structure is in the server's words, so that expressions can be compared.
    pub(super) is_rendered: bool,
    /// The tables that cannot become schemafull now, or only after their fields: server 4.0 does not look at the rows of a
    /// schemafull table when a field is defined. What is only allowed in schemafull tables waits.
    pub(super) schemaless: BTreeSet<String>,
}

impl Expected<'_> {
    pub(super) fn is_schemaless(&self, difference: &Difference) -> bool {
        difference.table.as_ref().is_some_and(|table| self.schemaless.contains(table))
    }

    /// Compares with what the database has now.
    pub(super) fn compare(&self, now: &Structure) -> Vec<Found> {
        let mut found = Vec::new();
        self.analyzers(now, &mut found);
        for table in &self.parts.tables {
            Comparison { expected: self, table, name: table.escaped(), now }.run(&mut found);
        }
        self.accesses(now, &mut found);
        found
    }

    fn analyzers(&self, now: &Structure, found: &mut Vec<Found>) {
        for analyzer in &self.parts.analyzers {
            let name = escape_identifier(&analyzer.name);
            let part = Part::Analyzer(analyzer.name.clone());
            let define = |word: &str| format!("DEFINE ANALYZER {word} {name} {}", analyzer.text);
            let rendered = self.structure.analyzers.get(&analyzer.name).filter(|_| self.is_rendered);
            let model = rendered.map_or_else(|| analyzer.text.clone(), analyzer_text);
            match now.analyzers.get(&analyzer.name).map(analyzer_text) {
                None => found.push(Found::missing(None, part, analyzer.text.clone(), define("IF NOT EXISTS"), false)),
                Some(database) if database == model => {}
                Some(database) => {
                    let difference = self.difference(None, part, "definition", Some(model), Some(database));
                    let statement = define("OVERWRITE") + &rebuilds(now, &analyzer.name);
                    let fix = Fix { statement, check: Check::Nothing, mend: None, is_index: true };
                    found.push(Found { difference, fix });
                }
            }
        }
    }

    fn accesses(&self, now: &Structure, found: &mut Vec<Found>) {
        for access in &self.parts.accesses {
            let name = escape_identifier(&access.name);
            let part = Part::Access(access.name.clone());
            let define = |word: &str| format!("DEFINE ACCESS {word} {name} {}", access.text);
            let rendered = self.structure.accesses.get(&access.name).filter(|_| self.is_rendered);
            let model = rendered.map_or_else(|| access.text.clone(), access_text);
            match now.accesses.get(&access.name).map(access_text) {
                None => found.push(Found::missing(None, part, access.text.clone(), define("IF NOT EXISTS"), false)),
                Some(database) if database == model => {}
                Some(database) => {
                    let difference = self.difference(None, part, "definition", Some(model), Some(database));
                    let check =
                        Check::Always("the access method gets a new key, so that all of its tokens become invalid");
                    found.push(Found::fixed_by(difference, define("OVERWRITE"), check));
                }
            }
        }
    }

    /// A difference in an expression. It is certain only in the server's words.
    fn difference(
        &self,
        table: Option<&str>,
        part: Part,
        aspect: &'static str,
        model: Option<String>,
        database: Option<String>,
    ) -> Difference {
        let table = table.map(str::to_owned);
        Difference { table, part, aspect, model, database, is_certain: self.is_rendered }
    }
}

/// The comparison of one table.
struct Comparison<'a> {
    expected: &'a Expected<'a>,
    table: &'a TableDefinition,
    /// As SurrealQL.
    name: String,
    now: &'a Structure,
}

impl Comparison<'_> {
    fn run(&self, found: &mut Vec<Found>) {
        let Some(model) = self.expected.structure.tables.get(&self.table.name) else { return };
        let empty = TableStructure::default();
        let may_be_schemafull = !self.expected.schemaless.contains(&self.table.name);
        let is_schemafull = self.table.is_schemafull(self.now) && may_be_schemafull;
        let in_database = self.now.tables.get(&self.table.name);
        let database = in_database.unwrap_or(&empty);
        match in_database {
            Some(_) => self.table(model, database, found),
            None => {
                let statement = self.table.define("IF NOT EXISTS ", &self.name, is_schemafull);
                found.push(self.missing(Part::Table, self.table.kind.clone(), statement, Check::Nothing, false));
            }
        }
        for field in &self.table.fields {
            let expected = model.fields.get(&field.path);
            self.field(field, expected, database.fields.get(&field.path), in_database.is_some(), is_schemafull, found);
        }
        for index in &self.table.indexes {
            self.index(index, model.indexes.get(&index.name), database.indexes.get(&index.name), found);
        }
        self.extra(database, found);
    }

    fn missing(&self, part: Part, model: String, statement: String, check: Check, is_index: bool) -> Found {
        let mut found = Found::missing(Some(&self.table.name), part, model, statement, is_index);
        found.fix.check = check;
        found
    }

    fn table(&self, model: &TableStructure, database: &TableStructure, found: &mut Vec<Found>) {
        let table = self.table;
        let [expected, actual] = [&model.table, &database.table];
        let mut differs = |aspect, model: Option<String>, database: Option<String>, clause: String, check| {
            if model != database {
                let name = Some(table.name.as_str());
                let mut difference = self.expected.difference(name, Part::Table, aspect, model, database);
                difference.is_certain |= aspect != "permissions";
                found.push(Found::fixed_by(difference, format!("ALTER TABLE {} {clause}", self.name), check));
            }
        };
        let kind_check = match table.kind.starts_with("RELATION") {
            true => Check::Rows("`in` = NONE OR out = NONE".to_owned(), "records that are not edges"),
            false => Check::Nothing,
        };
        let kinds = [expected, actual].map(|entry| Some(table_kind(entry)));
        let [model_kind, database_kind] = kinds;
        differs("type", model_kind, database_kind, format!("TYPE {}", table.kind), kind_check);
        if let Some(is_schemafull) = table.schemafull {
            let mode = |is: bool| if is { "SCHEMAFULL" } else { "SCHEMALESS" }.to_owned();
            let is_now = actual.get("schemafull").and_then(Value::as_bool).unwrap_or(false);
            let check = match is_schemafull {
                true => Check::Rows(undeclared(table, database), "records with fields that the model does not have"),
                false => Check::Nothing,
            };
            differs("mode", Some(mode(is_schemafull)), Some(mode(is_now)), mode(is_schemafull), check);
        }
        let told = [
            ("permissions", "PERMISSIONS", table.permissions.map(str::to_owned)),
            ("changefeed", "CHANGEFEED", table.changefeed.map(str::to_owned)),
            ("comment", "COMMENT", table.comment.map(|text| Value::from(text).to_string())),
        ];
        for (key, word, clause) in told {
            if let Some(clause) = clause {
                let [model, database] = [expected, actual].map(|entry| text(entry, key));
                // All operations, as ALTER leaves those that it does not name.
                let clause = if key == "permissions" { model.clone().unwrap_or(clause) } else { clause };
                differs(key, model, database, format!("{word} {clause}"), Check::Nothing);
            }
        }
    }

    fn field(
        &self,
        field: &FieldDefinition,
        expected: Option<&Entry>,
        actual: Option<&Entry>,
        has_table: bool,
        is_schemafull: bool,
        found: &mut Vec<Found>,
    ) {
        let path = field.escaped();
        let part = Part::Field(path.clone());
        let Some(actual) = actual else {
            let statement = field.define("OVERWRITE ", &self.name, is_schemafull);
            let check = if has_table { self.new_field_check(field) } else { Check::Nothing };
            let mut missing = self.missing(part, field.kind.clone(), statement, check, false);
            missing.fix.mend = field.fill(&self.name, self.now.migrates);
            found.push(missing);
            return;
        };
        let Some(expected) = expected else { return };
        let is_computed = |entry: &Entry| entry.contains_key("computed");
        for aspect in aspects(field) {
            let [model, database] = [expected, actual].map(|entry| text(entry, aspect.key));
            let is_same = match aspect.key {
                "kind" => kind::is_same(model.as_deref().unwrap_or("any"), database.as_deref().unwrap_or("any")),
                "flexible" if !is_schemafull => true,
                // Another default is reported by itself.
                "default_always" if text(expected, "default") != text(actual, "default") => true,
                _ => model == database,
            };
            if is_same {
                continue;
            }
            let clause = match &model {
                Some(model) => aspect.set(field, model),
                None if aspect.key == "default_always" => format!("DEFAULT {}", field.rules.default.unwrap_or("NONE")),
                None => format!("DROP {}", aspect.word),
            };
            // Server 4.0 refuses a type that the default does not have, and the reverse: they change in one statement.
            let changes_default = ["kind", "default", "default_always"].contains(&aspect.key)
                && text(actual, "default").is_some()
                && text(expected, "kind") != text(actual, "kind");
            let statement = match is_computed(expected) || is_computed(actual) || changes_default {
                true => self.redefine(field, actual, is_schemafull),
                false => format!("ALTER FIELD {path} ON {} {clause}", self.name),
            };
            let check = match (is_computed(expected), is_computed(actual), aspect.key) {
                (true, false, _) => Check::stored(&field.path),
                (false, true, _) => self.new_field_check(field),
                (_, _, "assert") if model.is_some() => Check::assertion(field),
                (_, _, "kind") => self.kind_check(field),
                _ => Check::Nothing,
            };
            let mut difference =
                self.expected.difference(Some(&self.table.name), part.clone(), aspect.key, model, database);
            difference.is_certain |= ["kind", "flexible", "readonly", "reference", "comment"].contains(&aspect.key);
            found.push(Found::fixed_by(difference, statement, check));
        }
    }

    /// The statement that defines a field again. What the model says nothing of stays.
    fn redefine(&self, field: &FieldDefinition, actual: &Entry, is_schemafull: bool) -> String {
        let statement = field.define("OVERWRITE ", &self.name, is_schemafull);
        let permissions = match actual.get("permissions") {
            Some(Value::Object(permissions)) if field.rules.permissions.is_none() => {
                format!(" PERMISSIONS {}", permissions_clause(permissions))
            }
            _ => String::new(),
        };
        let comment = text(actual, "comment").filter(|_| field.rules.comment.is_none());
        let comment = comment.map(|text| format!(" COMMENT {}", Value::from(text))).unwrap_or_default();
        format!("{statement}{permissions}{comment}")
    }

    /// The check before a field is defined that the database does not declare.
    fn new_field_check(&self, field: &FieldDefinition) -> Check {
        if field.rules.computed.is_some() {
            return Check::stored(&field.path);
        }
        match (self.kind_check(field), Check::assertion(field)) {
            // The assertion is asked only about values of the type.
            (Check::Rows(kind, reason), Check::Rows(assert, _)) => Check::Rows(format!("{kind} OR {assert}"), reason),
            (Check::Nothing, check) | (check, _) => check,
        }
    }

    fn kind_check(&self, field: &FieldDefinition) -> Check {
        let rendered =
            self.expected.structure.tables.get(&self.table.name).and_then(|table| table.fields.get(&field.path));
        let kind = rendered.and_then(|entry| text(entry, "kind")).unwrap_or_else(|| "any".to_owned());
        if kind == "any" || field.rules.computed.is_some() {
            return Check::Nothing;
        }
        match violation(&field.path, &|value| kind::condition(&kind, value)) {
            Some(violation) => Check::Rows(violation, "records whose value is of another type, or missing"),
            None => Check::AnyRow("the values cannot be compared with the type"),
        }
    }

    fn index(&self, index: &IndexDefinition, expected: Option<&Entry>, actual: Option<&Entry>, found: &mut Vec<Found>) {
        let name = Some(self.table.name.as_str());
        let part = Part::Index(index.name.clone());
        let text = |entry: &Entry| index_text(entry, index.comment.is_some());
        let model = expected.map_or_else(|| index.define("", &self.name), text);
        let check = if index.is_unique() { Check::Unique(index.columns.clone()) } else { Check::Nothing };
        match actual.map(text) {
            None => {
                let statement = index.define("IF NOT EXISTS ", &self.name);
                found.push(self.missing(part, model, statement, check, true));
            }
            Some(database) if database == model => {}
            Some(database) => {
                let difference = self.expected.difference(name, part, "definition", Some(model), Some(database));
                let mut differs = Found::fixed_by(difference, index.define("OVERWRITE ", &self.name), check);
                differs.fix.is_index = true;
                found.push(differs);
            }
        }
    }

    /// Fields and indexes that the model does not have. The server itself makes the ends of an edge, and the elements of an
    /// array.
    fn extra(&self, database: &TableStructure, found: &mut Vec<Found>) {
        for (path, entry) in &database.fields {
            let is_ours = self.table.fields.iter().any(|field| field.path == *path);
            let is_made = path.last() == Some(&Step::Elements)
                || [["id"], ["in"], ["out"]].iter().any(|[name]| *path == [Step::Name((*name).to_owned())]);
            if is_ours || is_made || self.table.is_open && path.len() == 1 {
                continue;
            }
            let path_text = text_of(path);
            let kind = text(entry, "kind").unwrap_or_else(|| "any".to_owned());
            let statement = format!("REMOVE FIELD IF EXISTS {path_text} ON {}", self.name);
            let stored = match Check::stored(path) {
                Check::Rows(rows, _) => Some(rows),
                _ => None,
            };
            let check = Check::Refused(stored, "the model does not have the field");
            found.push(self.surplus(Part::Field(path_text), kind, statement, check));
        }
        for (name, entry) in &database.indexes {
            if self.table.indexes.iter().all(|index| index.name != *name) {
                let statement = format!("REMOVE INDEX {} ON {}", escape_identifier(name), self.name);
                let check = Check::Refused(None, "the model does not have the index");
                found.push(self.surplus(Part::Index(name.clone()), index_text(entry, false), statement, check));
            }
        }
    }

    fn surplus(&self, part: Part, database: String, statement: String, check: Check) -> Found {
        let table = Some(self.table.name.clone());
        let aspect = "definition";
        let difference = Difference { table, part, aspect, model: None, database: Some(database), is_certain: true };
        Found::fixed_by(difference, statement, check)
    }
}

impl Found {
    fn missing(table: Option<&str>, part: Part, model: String, statement: String, is_index: bool) -> Self {
        let table = table.map(str::to_owned);
        let aspect = "definition";
        let difference = Difference { table, part, aspect, model: Some(model), database: None, is_certain: true };
        Self { difference, fix: Fix { statement, check: Check::Nothing, mend: None, is_index } }
    }

    fn fixed_by(difference: Difference, statement: String, check: Check) -> Self {
        Self { difference, fix: Fix { statement, check, mend: None, is_index: false } }
    }
}

/// A part of the definition of a field.
struct Aspect {
    /// The key in the structure.
    key: &'static str,
    /// The word in ALTER FIELD.
    word: &'static str,
}

impl Aspect {
    /// The clause that sets it.
    fn set(&self, field: &FieldDefinition, model: &str) -> String {
        match self.key {
            "flexible" | "readonly" => self.word.to_owned(),
            "reference" => field.rules.reference.unwrap_or("REFERENCE").to_owned(),
            "comment" => format!("COMMENT {}", Value::from(model)),
            "default" if field.rules.default_always.is_some() => format!("DEFAULT ALWAYS {model}"),
            "default_always" => format!("DEFAULT ALWAYS {}", field.rules.default_always.unwrap_or("NONE")),
            _ => format!("{} {model}", self.word),
        }
    }
}

/// The parts to compare. A model that says nothing of permissions, a comment, or the expression of a default leaves them as
/// they are.
fn aspects(field: &FieldDefinition) -> impl Iterator<Item = Aspect> {
    let all = [
        ("kind", "TYPE"),
        ("flexible", "FLEXIBLE"),
        ("reference", "REFERENCE"),
        ("default", "DEFAULT"),
        ("default_always", "DEFAULT"),
        ("readonly", "READONLY"),
        ("value", "VALUE"),
        ("assert", "ASSERT"),
        ("computed", "COMPUTED"),
        ("permissions", "PERMISSIONS"),
        ("comment", "COMMENT"),
    ];
    let has_other_default = field.rules.other_default;
    let (has_permissions, has_comment) = (field.rules.permissions.is_some(), field.rules.comment.is_some());
    let is_told = move |key: &str| match key {
        "permissions" => has_permissions,
        "comment" => has_comment,
        "default" | "default_always" => !has_other_default,
        _ => true,
    };
    all.into_iter().filter(move |(key, _)| is_told(key)).map(|(key, word)| Aspect { key, word })
}

/// A part of a definition as text. What is false is absent.
fn text(entry: &Entry, key: &str) -> Option<String> {
    match entry.get(key)? {
        Value::None | Value::Null | Value::Bool(false) => None,
        Value::String(text) => Some(text.clone()),
        Value::Object(permissions) if key == "permissions" => Some(permissions_clause(permissions)),
        Value::Object(parts) if key == "changefeed" => {
            let original = parts.get("original").and_then(Value::as_bool).unwrap_or(false);
            let original = if original { " INCLUDE ORIGINAL" } else { "" };
            Some(format!("{}{original}", parts.get("expiry")?))
        }
        Value::Object(parts) if key == "reference" => Some(format!("ON DELETE {}", parts.get("on_delete")?.as_str()?)),
        value => Some(value.to_string()),
    }
}

/// Permissions as after the word PERMISSIONS.
fn permissions_clause(permissions: &Entry) -> String {
    let clauses = permissions.iter().map(|(operation, allowed)| match allowed {
        Value::Bool(true) => format!("FOR {operation} FULL"),
        Value::Bool(false) => format!("FOR {operation} NONE"),
        allowed => format!("FOR {operation} WHERE {}", allowed.as_str().unwrap_or("false")),
    });
    clauses.collect::<Vec<_>>().join(", ")
}

/// The kind of a table, as after `TYPE`.
fn table_kind(entry: &Entry) -> String {
    let Some(kind) = entry.get("kind").and_then(Value::as_object) else { return "ANY".to_owned() };
    let word = kind.get("kind").and_then(Value::as_str).unwrap_or("ANY");
    let tables = |end: &str| {
        let tables = kind.get(end).and_then(Value::as_array).unwrap_or_default();
        let mut tables: Vec<String> = tables.iter().map(table_name).collect();
        tables.sort();
        if tables.is_empty() { "ANY".to_owned() } else { tables.join(" | ") }
    };
    if word != "RELATION" {
        return word.to_owned();
    }
    let is_enforced = kind.get("enforced").and_then(Value::as_bool).unwrap_or(false);
    let enforced = if is_enforced { " ENFORCED" } else { "" };
    format!("RELATION IN {} OUT {}{enforced}", tables("in"), tables("out"))
}

fn table_name(value: &Value) -> String {
    match value {
        Value::Table(table) => table.as_str().to_owned(),
        value => value.as_str().unwrap_or_default().to_owned(),
    }
}

fn index_text(entry: &Entry, with_comment: bool) -> String {
    let columns = entry.get("cols").and_then(Value::as_array).unwrap_or_default();
    let columns: Vec<_> = columns.iter().filter_map(Value::as_str).collect();
    let comment = text(entry, "comment").filter(|_| with_comment).map(|comment| format!("COMMENT '{comment}'"));
    let parts = [Some(columns.join(", ")), text(entry, "index"), comment];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The statements that build the indexes again that use an analyzer.
fn rebuilds(now: &Structure, analyzer: &str) -> String {
    let clause = format!("FULLTEXT ANALYZER {} ", escape_identifier(analyzer));
    let indexes = now.tables.iter().flat_map(|(table, structure)| {
        let uses = structure
            .indexes
            .iter()
            .filter(|(_, entry)| text(entry, "index").is_some_and(|index| index.starts_with(&clause)));
        let table = escape_identifier(table);
        uses.map(move |(name, _)| format!("; REBUILD INDEX IF EXISTS {} ON {table}", escape_identifier(name)))
    });
    indexes.collect()
}

fn analyzer_text(entry: &Entry) -> String {
    let parts = ["function", "tokenizers", "filters"].into_iter().filter_map(|key| {
        let value = entry.get(key)?;
        let words: Vec<_> = value.as_array().unwrap_or_default().iter().filter_map(Value::as_str).collect();
        let text = if words.is_empty() { text(entry, key)? } else { words.join(", ") };
        Some(format!("{} {text}", key.to_uppercase()))
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// An access method without its keys, which the server does not show.
fn access_text(entry: &Entry) -> String {
    let kind = entry.get("kind").and_then(Value::as_object);
    let of_kind = ["kind", "signup", "signin"].into_iter().filter_map(|key| {
        let value = text(kind?, key)?;
        Some(format!("{} {value}", key.to_uppercase()))
    });
    let others = ["authenticate", "duration"].into_iter().filter_map(|key| {
        let value = text(entry, key)?;
        Some(format!("{} {value}", key.to_uppercase()))
    });
    of_kind.chain(others).collect::<Vec<_>>().join(" ")
}
