//! The definitions of a schema as SurrealQL: the fields of a record's table with their full paths, and its indexes.

use std::fmt::{self, Write};

use super::definition::{Access, Item, ItemKind, TableModel};
use crate::record::{IndexModel, Kind, Member, Members, Rules};
use crate::value::{Value, escape_identifier};

/// Definitions in the order in which the server takes them.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    pub(super) analyzers: Vec<Named>,
    pub(super) tables: Vec<TableDefinition>,
    pub(super) accesses: Vec<Named>,
}

/// A definition that is a name and a text.
#[derive(Debug, Clone)]
pub(super) struct Named {
    /// Not escaped.
    pub(super) name: String,
    pub(super) text: String,
}

#[derive(Debug, Clone)]
pub(super) struct TableDefinition {
    /// Not escaped.
    pub(super) name: String,
    pub(super) schemafull: Option<bool>,
    /// `NORMAL`, or `RELATION` with its ends.
    pub(super) kind: String,
    /// The tables of `in` and `out` of an edge, not escaped; none for any table.
    pub(super) ends: Vec<(&'static str, &'static [&'static str])>,
    pub(super) permissions: Option<&'static str>,
    pub(super) changefeed: Option<&'static str>,
    pub(super) comment: Option<&'static str>,
    pub(super) fields: Vec<FieldDefinition>,
    pub(super) indexes: Vec<IndexDefinition>,
    /// Set if the record has fields of any name, from a flattened map or enum.
    pub(super) is_open: bool,
}

#[derive(Debug, Clone)]
pub(super) struct FieldDefinition {
    pub(super) path: Vec<Step>,
    pub(super) kind: String,
    /// Set if the object may have other fields than those that are defined.
    pub(super) is_flexible: bool,
    pub(super) rules: Rules,
}

/// A step of the path of a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Not escaped.
    Name(String),
    /// The elements of an array or a set.
    Elements,
}

#[derive(Debug, Clone)]
pub(super) struct IndexDefinition {
    /// Not escaped.
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) kind: String,
    pub(super) comment: Option<&'static str>,
}

impl Parts {
    pub(super) fn of(items: &[Item]) -> Self {
        let mut parts = Self::default();
        for item in items {
            match &item.0 {
                ItemKind::Analyzer { name, text } => add(&mut parts.analyzers, name, (*text).to_owned()),
                ItemKind::Access(access) => add(&mut parts.accesses, access.name, access.text()),
                ItemKind::Table(model) => parts.add_table(TableDefinition::of(model)),
            }
        }
        parts
    }

    pub(super) fn table_names(&self) -> Vec<&str> {
        self.tables.iter().map(|table| table.name.as_str()).collect()
    }

    /// Several records of one table are one definition, with the fields and indexes of all. The first one decides the rest.
    fn add_table(&mut self, table: TableDefinition) {
        let Some(known) = self.tables.iter_mut().find(|known| known.name == table.name) else {
            return self.tables.push(table);
        };
        for field in table.fields {
            if known.fields.iter().all(|known| known.path != field.path) {
                known.fields.push(field);
            }
        }
        for index in table.indexes {
            if known.indexes.iter().all(|known| known.name != index.name) {
                known.indexes.push(index);
            }
        }
        known.is_open |= table.is_open;
    }
}

/// A definition that is given twice is one.
fn add(named: &mut Vec<Named>, name: &str, text: String) {
    if named.iter().all(|named| named.name != name) {
        named.push(Named { name: name.to_owned(), text });
    }
}

impl Access {
    fn text(&self) -> String {
        let clauses = [
            ("SIGNUP", self.signup),
            ("SIGNIN", self.signin),
            ("AUTHENTICATE", self.authenticate),
            ("DURATION", self.durations),
        ];
        let clauses = clauses.into_iter().filter_map(|(word, text)| text.map(|text| format!(" {word} {text}")));
        format!("ON DATABASE TYPE RECORD{}", clauses.collect::<String>())
    }
}

impl TableDefinition {
    fn of(model: &TableModel) -> Self {
        let kind = match model.relation {
            Some((from, to)) => {
                let enforced = if model.enforced { " ENFORCED" } else { "" };
                format!("RELATION{}{}{enforced}", end(" IN ", from), end(" OUT ", to))
            }
            None => "NORMAL".to_owned(),
        };
        let mut table = Self {
            name: model.name.to_owned(),
            schemafull: model.schemafull,
            kind,
            ends: model
                .relation
                .map(|(from, to)| vec![("in", tables_of(from)), ("out", tables_of(to))])
                .unwrap_or_default(),
            permissions: model.permissions,
            changefeed: model.changefeed,
            comment: model.comment,
            fields: Vec::new(),
            indexes: Vec::new(),
            is_open: false,
        };
        Walk { table: &mut table, above: vec![Members(model.members)] }.members((model.members)(), &[], false);
        for index in model.indexes {
            let columns = (index.columns)();
            let columns = if columns.len() > 1 { table.with_elements(columns) } else { columns };
            table.add_index(index, columns, None);
        }
        table
    }

    /// The columns of an index of several fields: of an array, its elements. In an index of the array itself, which has the same
    /// entries, a record counts once for each element when server 3.3.5 writes.
    fn with_elements(&self, columns: Vec<String>) -> Vec<String> {
        let is_list = |column: &str| self.fields.iter().any(|field| field.is_list() && field.escaped() == column);
        columns.into_iter().map(|column| if is_list(&column) { column + ".*" } else { column }).collect()
    }

    fn add_index(&mut self, index: &IndexModel, columns: Vec<String>, dimension: Option<usize>) {
        let plain: Vec<String> = columns.iter().map(|column| plain_name(column)).collect();
        let name = match index.name {
            Some(name) => name.to_owned(),
            None if plain.is_empty() => format!("{}_{}", plain_name(&self.name), index.suffix),
            None => format!("{}_{}", plain.join("_"), index.suffix),
        };
        let kind = match index.kind.split_once(' ') {
            Some((first, rest)) if index.needs_dimension => with_dimension(first, rest, dimension),
            None if index.needs_dimension => with_dimension(index.kind, "", dimension),
            _ => index.kind.to_owned(),
        };
        self.indexes.push(IndexDefinition { name, columns, kind, comment: index.comment });
    }
}

fn with_dimension(first: &str, rest: &str, dimension: Option<usize>) -> String {
    let dimension = dimension.map(|dimension| format!(" DIMENSION {dimension}")).unwrap_or_default();
    let rest = if rest.is_empty() { String::new() } else { format!(" {rest}") };
    format!("{first}{dimension}{rest}")
}

/// The letters, digits and underscores of a path, for the name of an index.
fn plain_name(path: &str) -> String {
    let words = path.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

/// The tables of a kind of record links; none for all tables.
fn tables_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Record(tables) => tables,
        _ => &[],
    }
}

/// The clause for an end of an edge. Without one, it may be any record.
fn end(word: &str, kind: Kind) -> String {
    let tables: Vec<_> = tables_of(kind).iter().map(|table| escape_identifier(table)).collect();
    if tables.is_empty() { String::new() } else { format!("{word}{}", tables.join(" | ")) }
}

/// The walk through the fields of a record and of the objects in it.
struct Walk<'a> {
    table: &'a mut TableDefinition,
    /// The objects around the present one. A recursive object has any fields at its second visit.
    above: Vec<Members>,
}

impl Walk<'_> {
    fn members(&mut self, members: &[Member], prefix: &[Step], may_be_absent: bool) {
        for member in members {
            match member.name {
                Some(name) => {
                    let path: Vec<Step> = prefix.iter().cloned().chain([Step::Name(name.to_owned())]).collect();
                    self.field(member, path, may_be_absent || member.is_optional);
                }
                None => self.flattened(member, prefix, may_be_absent),
            }
        }
    }

    fn flattened(&mut self, member: &Member, prefix: &[Step], may_be_absent: bool) {
        let (kind, is_optional) = match member.kind {
            Kind::Option(kind) => (*kind, true),
            kind => (kind, false),
        };
        match kind {
            Kind::Fields(members) if !self.above.contains(&members) => {
                self.inside(members, prefix, may_be_absent || is_optional);
            }
            _ if prefix.is_empty() => self.table.is_open = true,
            _ => self.open(prefix),
        }
    }

    /// The object at this path has fields of any name.
    fn open(&mut self, path: &[Step]) {
        self.table.fields.iter_mut().filter(|field| field.path == path).for_each(|field| field.is_flexible = true);
    }

    fn inside(&mut self, members: Members, prefix: &[Step], may_be_absent: bool) {
        self.above.push(members);
        self.members((members.0)(), prefix, may_be_absent);
        self.above.pop();
    }

    fn field(&mut self, member: &Member, path: Vec<Step>, may_be_absent: bool) {
        let rules = member.rules;
        let kind = match (rules.kind, member.kind) {
            (Some(kind), _) => kind.to_owned(),
            (None, kind @ (Kind::Any | Kind::Option(_))) => kind.to_string(),
            (None, kind) if may_be_absent => format!("option<{kind}>"),
            (None, kind) => kind.to_string(),
        };
        let path_text = text_of(&path);
        for index in rules.indexes {
            self.table.add_index(index, vec![path_text.clone()], length_of(member.kind));
        }
        let is_flexible = rules.flexible || (rules.kind.is_none() && self.is_any_object(member.kind));
        self.table.fields.push(FieldDefinition { path: path.clone(), kind, is_flexible, rules });
        if rules.kind.is_none() && rules.computed.is_none() {
            self.nested(member.kind, path);
        }
    }

    /// Returns true for a map, an object in itself, and for lists of them.
    fn is_any_object(&self, kind: Kind) -> bool {
        match kind {
            Kind::Object => true,
            Kind::Fields(members) => self.above.contains(&members),
            Kind::Option(kind) | Kind::Array(kind, _) | Kind::Set(kind) => self.is_any_object(*kind),
            _ => false,
        }
    }

    /// The fields of an object, or of the objects in an array.
    fn nested(&mut self, kind: Kind, mut path: Vec<Step>) {
        match kind {
            Kind::Option(kind) => self.nested(*kind, path),
            Kind::Fields(members) if !self.above.contains(&members) => self.inside(members, &path, false),
            Kind::Array(kind, _) | Kind::Set(kind) => {
                path.push(Step::Elements);
                self.nested(*kind, path);
            }
            _ => {}
        }
    }
}

/// The number of elements of an array, as far as it is fixed.
fn length_of(kind: Kind) -> Option<usize> {
    match kind {
        Kind::Array(_, length) => length,
        Kind::Option(kind) => length_of(*kind),
        _ => None,
    }
}

/// The path as SurrealQL.
pub(super) fn text_of(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        let dot = if text.is_empty() { "" } else { "." };
        let _ = match step {
            Step::Name(name) => write!(text, "{dot}{}", escape_identifier(name)),
            Step::Elements => write!(text, "{dot}*"),
        };
    }
    text
}

impl TableDefinition {
    /// The table's name as SurrealQL.
    pub(super) fn escaped(&self) -> String {
        escape_identifier(&self.name).into_owned()
    }

    /// The definition of an index of several fields, one of them the elements of an array.
    pub(super) fn index_with_elements(&self) -> Option<String> {
        self.indexes.iter().find(|index| index.has_elements()).map(|index| index.define("", &self.escaped()))
    }

    /// The statement that defines the table, with a word such as `OVERWRITE`, under a name as SurrealQL.
    pub(super) fn define(&self, word: &str, name: &str, is_schemafull: bool) -> String {
        let mode = if is_schemafull { "SCHEMAFULL" } else { "SCHEMALESS" };
        let clauses = [("CHANGEFEED", self.changefeed), ("PERMISSIONS", self.permissions)];
        let clauses = clauses.into_iter().filter_map(|(word, clause)| Some(format!(" {word} {}", clause?)));
        let (clauses, comment) = (clauses.collect::<String>(), comment(self.comment));
        format!("DEFINE TABLE {word}{name} TYPE {} {mode}{clauses}{comment}", self.kind)
    }
}

impl FieldDefinition {
    pub(super) fn escaped(&self) -> String {
        text_of(&self.path)
    }

    /// Returns true if the values are arrays or sets.
    fn is_list(&self) -> bool {
        let kind = self.kind.strip_prefix("option<").unwrap_or(&self.kind);
        kind.starts_with("array") || kind.starts_with("set")
    }

    /// The statement that defines the field in a table. `FLEXIBLE` is for tables that are `SCHEMAFULL`.
    pub(super) fn define(&self, word: &str, table: &str, is_schemafull: bool) -> String {
        let rules = &self.rules;
        let flexible = if self.is_flexible && is_schemafull { " FLEXIBLE" } else { "" };
        let kind = format!("{}{flexible}", self.kind);
        let clauses = [
            ("TYPE ", (rules.computed.is_none() || self.kind != "any").then_some(kind.as_str())),
            ("", rules.reference),
            ("DEFAULT ", rules.default),
            ("DEFAULT ALWAYS ", rules.default_always),
            ("", rules.readonly.then_some("READONLY")),
            ("VALUE ", rules.value),
            ("ASSERT ", rules.assert),
            ("COMPUTED ", rules.computed),
            ("PERMISSIONS ", rules.permissions),
        ];
        let clauses = clauses.into_iter().filter_map(|(word, clause)| Some(format!(" {word}{}", clause?)));
        let (clauses, comment) = (clauses.collect::<String>(), comment(rules.comment));
        format!("DEFINE FIELD {word}{} ON {table}{clauses}{comment}", self.escaped())
    }
}

impl FieldDefinition {
    /// The clause or statement behind the definition by which rows without the field get its default. A field in an object has
    /// none: the object may be missing.
    pub(super) fn fill(&self, table: &str, migrates: bool) -> Option<String> {
        let default = self.rules.default.or(self.rules.default_always).filter(|_| self.path.len() == 1)?;
        let path = self.escaped();
        Some(if migrates {
            let name = escape_identifier(&format!("{}_default", plain_name(&path))).into_owned();
            format!(" MIGRATE EXISTING ROWS AS {name} USING $value ?? {default} FALLBACK {default}")
        } else {
            format!("; UPDATE {table} SET {path} = {default} WHERE {path} = NONE")
        })
    }
}

impl IndexDefinition {
    pub(super) fn escaped(&self) -> String {
        escape_identifier(&self.name).into_owned()
    }

    pub(super) fn define(&self, word: &str, table: &str) -> String {
        let columns =
            if self.columns.is_empty() { String::new() } else { format!(" FIELDS {}", self.columns.join(", ")) };
        let kind = if self.kind.is_empty() { String::new() } else { format!(" {}", self.kind) };
        format!("DEFINE INDEX {word}{} ON {table}{columns}{kind}{}", self.escaped(), comment(self.comment))
    }

    /// Returns true if it is a full-text index with this analyzer. The derive quotes more names than the server.
    pub(super) fn uses_analyzer(&self, name: &str) -> bool {
        let quoted = format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"));
        let forms = [escape_identifier(name).into_owned(), quoted];
        forms.iter().any(|form| self.kind.starts_with(&format!("FULLTEXT ANALYZER {form} ")))
    }

    pub(super) fn is_fulltext(&self) -> bool {
        self.kind.starts_with("FULLTEXT ")
    }

    pub(super) fn is_unique(&self) -> bool {
        self.kind == "UNIQUE"
    }

    /// Returns true if it has several fields, one of them the elements of an array.
    fn has_elements(&self) -> bool {
        self.columns.len() > 1 && self.columns.iter().any(|column| column.ends_with(".*"))
    }
}

fn comment(text: Option<&str>) -> String {
    text.map(|text| format!(" COMMENT {}", Value::from(text))).unwrap_or_default()
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for analyzer in &self.analyzers {
            writeln!(f, "DEFINE ANALYZER {} {};", escape_identifier(&analyzer.name), analyzer.text)?;
        }
        for table in &self.tables {
            let name = table.escaped();
            let is_schemafull = table.schemafull == Some(true);
            writeln!(f, "{};", table.define("", &name, is_schemafull))?;
            for field in &table.fields {
                writeln!(f, "{};", field.define("", &name, is_schemafull))?;
            }
            for index in &table.indexes {
                writeln!(f, "{};", index.define("", &name))?;
            }
        }
        for access in &self.accesses {
            writeln!(f, "DEFINE ACCESS {} {};", escape_identifier(&access.name), access.text)?;
        }
        Ok(())
    }
}
