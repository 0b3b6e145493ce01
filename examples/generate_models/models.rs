//! Writes the models of a database, from its schema.

use std::collections::BTreeMap;

use surreal_session::Result;
use surreal_session::prelude::*;

type Entry = BTreeMap<String, Value>;

/// Returns Rust code with a record for each table of the session's database, and `All`, a tuple of them. It verifies clean.
///
/// # Errors
///
/// If the session may not see the schema.
pub async fn generate(session: &Session) -> Result<String> {
    let database: Value = session.query("INFO FOR DB STRUCTURE").await?.take(0)?;
    let tables = list(&database, "tables");
    let mut described = Vec::new();
    for table in &tables {
        let name = Table::new(text(table, "name"));
        let info: Value = session.query(Surql::dynamic(format!("INFO FOR TABLE {name} STRUCTURE"))).await?.take(0)?;
        described.push((table, list(&info, "fields"), list(&info, "indexes")));
    }
    let keys = described.iter().map(|(table, fields, _)| (text(table, "name"), key_of(fields)));
    let mut generator = Generator { keys: keys.collect(), ..Generator::default() };
    for analyzer in list(&database, "analyzers") {
        generator.analyzer(&analyzer);
    }
    for (table, fields, indexes) in &described {
        generator.table(table, fields, indexes);
    }
    for access in list(&database, "accesses") {
        generator.access(&access);
    }
    Ok(generator.finish())
}

#[derive(Default)]
struct Generator {
    /// The argument for the key type in the ids of each table.
    keys: BTreeMap<String, &'static str>,
    code: String,
    all: Vec<String>,
}

/// The fields and indexes of one table, while its model is written.
struct Model<'a> {
    table: String,
    fields: BTreeMap<Vec<String>, &'a Entry>,
    indexes: Vec<&'a Entry>,
    /// The types that its fields have beside it.
    others: String,
}

impl Generator {
    fn analyzer(&mut self, analyzer: &Entry) {
        let (name, mut words) = (text(analyzer, "name"), Vec::new());
        for key in ["tokenizers", "filters"] {
            let list = analyzer.get(key).and_then(Value::as_array).unwrap_or_default();
            let list: Vec<_> = list.iter().filter_map(Value::as_str).collect();
            if !list.is_empty() {
                words.push(format!("{} {}", key.to_uppercase(), list.join(", ")));
            }
        }
        self.item(&name, &format!("Item::analyzer({name:?}, {:?})", words.join(" ")));
    }

    fn access(&mut self, access: &Entry) {
        let name = text(access, "name");
        let mut item = format!("Item::record_access({name:?})");
        let kind = access.get("kind").and_then(Value::as_object).cloned().unwrap_or_default();
        if text(&kind, "kind") != "RECORD" {
            return;
        }
        for (entry, word) in [(&kind, "signup"), (&kind, "signin"), (access, "authenticate")] {
            if let Some(expression) = entry.get(word).and_then(Value::as_str) {
                add(&mut item, format!(".{word}({expression:?})"));
            }
        }
        if let Some(duration) = access.get("duration").and_then(Value::as_object) {
            let parts: Vec<_> = ["token", "session"]
                .into_iter()
                .filter_map(|word| Some(format!("FOR {} {}", word.to_uppercase(), shown(duration.get(word)?))))
                .collect();
            add(&mut item, format!(".durations({:?})", parts.join(", ")));
        }
        self.item(&name, &item);
    }

    fn item(&mut self, name: &str, item: &str) {
        let ty = upper(name);
        add(&mut self.code, format!("\n#[derive(Debug)]\npub struct {ty};\n\n"));
        add(&mut self.code, format!("impl Definition for {ty} {{\n    const ITEM: Item = {item};\n}}\n"));
        self.all.push(ty);
    }

    fn table(&mut self, table: &Entry, fields: &[Entry], indexes: &[Entry]) {
        let wire = text(table, "name");
        let name = upper(&wire);
        let fields = fields.iter().map(|field| (steps(&text(field, "name")), field)).collect();
        let mut model = Model { table: wire.clone(), fields, indexes: indexes.iter().collect(), others: String::new() };
        let kind = table.get("kind").and_then(Value::as_object).cloned().unwrap_or_default();
        let is_relation = text(&kind, "kind") == "RELATION";
        let mut lines = vec![format!("table = {wire:?}")];
        lines.push(if is(table, "schemafull") { "schemafull" } else { "schemaless" }.to_owned());
        if is_relation {
            lines.push("relation".to_owned());
        }
        if is(&kind, "enforced") {
            lines.push("enforced".to_owned());
        }
        lines.extend(permissions(table, false));
        if let Some(feed) = table.get("changefeed").and_then(Value::as_object) {
            let original = if is(feed, "original") { " INCLUDE ORIGINAL" } else { "" };
            lines.push(format!("changefeed = \"{}{original}\"", feed.get("expiry").map(shown).unwrap_or_default()));
        }
        lines.extend(comment(table));
        lines.extend(model.indexes.iter().filter_map(|index| table_index(index)));
        let mut body = self.id(&model);
        if is_relation {
            for end in ["in", "out"] {
                let tables = kind.get(end).and_then(Value::as_array).unwrap_or_default();
                let tables: Vec<String> = tables.iter().map(table_name).collect();
                let ty = self.link(&tables, &format!("{name}{}", upper(end)), &mut model.others);
                add(&mut body, format!("    pub {}: {ty},\n", ident(end)));
            }
        }
        body += &self.fields(&mut model, &[], &name, is_relation);
        add(
            &mut self.code,
            format!(
                "\n#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]\n#[record({})]\n",
                lines.join(", ")
            ),
        );
        add(&mut self.code, format!("pub struct {name} {{\n{body}}}\n{}", model.others));
        self.all.push(name);
    }

    /// The field `id`, whose type the schema may say.
    fn id(&self, model: &Model<'_>) -> String {
        let kind = model.fields.get(&vec!["id".to_owned()]).map(|field| text(field, "kind")).unwrap_or_default();
        let ty = if kind.is_empty() { String::new() } else { format!("    #[record(type = {kind:?})]\n") };
        format!("{ty}    pub id: {},\n", self.id_of(&model.table))
    }

    /// The type of the ids of a table.
    fn id_of(&self, table: &str) -> String {
        format!("Id<{}{}>", upper(table), self.keys.get(table).copied().unwrap_or_default())
    }

    /// The fields below a path.
    fn fields(&self, model: &mut Model<'_>, above: &[String], owner: &str, is_relation: bool) -> String {
        let mut code = String::new();
        let paths: Vec<Vec<String>> = model.fields.keys().cloned().collect();
        for path in paths {
            let Some((wire, before)) = path.split_last() else { continue };
            let is_made = above.is_empty() && (wire == "id" || is_relation && ["in", "out"].contains(&wire.as_str()));
            if before != above || wire == "*" || is_made {
                continue;
            }
            let field = model.fields[&path];
            let kind = field.get("kind").map_or_else(|| "any".to_owned(), shown);
            let (ty, is_exact) = self.ty(&kind, model, &path, &format!("{owner}{}", upper(wire)));
            let mut words = Vec::new();
            if !is_exact {
                words.push(format!("type = {kind:?}"));
            }
            words.extend(rules(field, ty.contains("BTreeMap")));
            words.extend(model.indexes.iter().filter_map(|index| field_index(index, &path)));
            let name = ident(wire);
            if !words.is_empty() {
                add(&mut code, format!("    #[record({})]\n", words.join(", ")));
            }
            if name.trim_start_matches("r#") != wire {
                add(&mut code, format!("    #[serde(rename = {wire:?})]\n"));
            }
            add(&mut code, format!("    pub {name}: {ty},\n"));
        }
        code
    }

    /// The Rust type of a kind, and whether the kind follows from it.
    fn ty(&self, kind: &str, model: &mut Model<'_>, path: &[String], name: &str) -> (String, bool) {
        let parts = split(kind, '|');
        let others: Vec<&str> = parts.iter().copied().filter(|part| *part != "none").collect();
        if others.len() < parts.len() && !others.is_empty() {
            let (ty, is_exact) = self.ty(&others.join(" | "), model, path, name);
            return (format!("Option<{ty}>"), is_exact);
        }
        if others.iter().all(|part| part.starts_with('\'') && !part.contains('\\')) {
            return (literals(&others, name, &mut model.others), true);
        }
        let [only] = others[..] else { return ("Value".to_owned(), false) };
        let (word, inner) = only.split_once('<').map_or((only, None), |(word, rest)| (word, rest.strip_suffix('>')));
        let simple = match (word, inner) {
            ("bool", None) => "bool",
            ("int", None) => "i64",
            ("float", None) => "f64",
            ("string", None) => "String",
            ("decimal", None) => "surreal_session::value::Decimal",
            ("datetime", None) => "Datetime",
            ("duration", None) => "surreal_session::value::Duration",
            ("uuid", None) => "surreal_session::value::Uuid",
            ("bytes", None) => "surreal_session::value::Bytes",
            ("geometry", None) => "surreal_session::value::Geometry",
            ("record", None) => "RecordId",
            ("any", None) => "Value",
            ("object", None) => return (self.object(model, path, name), true),
            ("record", Some(tables)) => {
                let tables: Vec<_> =
                    split(tables, '|').into_iter().map(|table| table.trim_matches('`').to_owned()).collect();
                let ty = self.link(&tables, name, &mut model.others);
                let is_exact = ty != "RecordId";
                return (ty, is_exact);
            }
            ("array" | "set", Some(inner)) => {
                let elements: Vec<String> = path.iter().cloned().chain(["*".to_owned()]).collect();
                let parts = split(inner, ',');
                let (element, is_exact) = self.ty(parts[0], model, &elements, name);
                let list = if word == "set" { "surreal_session::value::Set" } else { "Vec" };
                return (format!("{list}<{element}>"), is_exact && parts.len() == 1);
            }
            ("geometry", Some(_)) => return ("surreal_session::value::Geometry".to_owned(), false),
            ("array", None) => return ("Vec<Value>".to_owned(), true),
            _ => return ("Value".to_owned(), false),
        };
        (simple.to_owned(), true)
    }

    /// An object with the fields that are declared below the path, or a map.
    fn object(&self, model: &mut Model<'_>, path: &[String], name: &str) -> String {
        let body = self.fields(model, path, name, false);
        if body.is_empty() {
            return "std::collections::BTreeMap<String, Value>".to_owned();
        }
        let derives = "#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]";
        add(&mut model.others, format!("\n{derives}\npub struct {name} {{\n{body}}}\n"));
        name.to_owned()
    }

    /// A link to records of these tables.
    fn link(&self, tables: &[String], name: &str, others: &mut String) -> String {
        match tables {
            [] => "RecordId".to_owned(),
            _ if tables.iter().any(|table| !self.keys.contains_key(table)) => "RecordId".to_owned(),
            [table] => self.id_of(table),
            _ => {
                let variants = tables.iter().map(|table| format!("    {}({}),\n", upper(table), self.id_of(table)));
                let variants = variants.collect::<String>();
                add(
                    others,
                    format!("\n#[derive(Debug, Clone, PartialEq, LinkTo)]\npub enum {name} {{\n{variants}}}\n"),
                );
                name.to_owned()
            }
        }
    }

    fn finish(self) -> String {
        let tuples: Vec<_> = self.all.chunks(16).map(|all| format!("({},)", all.join(", "))).collect();
        let all = if tuples.is_empty() { "()".to_owned() } else { format!("({},)", tuples.join(", ")) };
        format!(
            "//! Models of a database, generated from its schema.\n\n#![allow(missing_docs, reason = \"generated\")]\n\n\
             use serde::{{Deserialize, Serialize}};\nuse surreal_session::prelude::*;\n\
             #[allow(unused_imports, reason = \"not every database has analyzers\")]\n\
             use surreal_session::schema::{{Definition, Item}};\n\n\
             /// All definitions, as for `session.verify::<All>()`.\npub type All = {all};\n{}",
            self.code
        )
    }
}

/// An enum for strings.
fn literals(texts: &[&str], name: &str, others: &mut String) -> String {
    let mut variants = String::new();
    for text in texts.iter().map(|text| text.trim_matches('\'')) {
        add(&mut variants, format!("    #[serde(rename = {text:?})]\n    {},\n", upper(text)));
    }
    let derives = "#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]";
    add(others, format!("\n{derives}\npub enum {name} {{\n{variants}}}\n"));
    name.to_owned()
}

/// The rules of a field, as words of its attribute.
fn rules(field: &Entry, is_map: bool) -> Vec<String> {
    let default = if is(field, "default_always") { "default_always" } else { "default" };
    let expressions = [("default", default), ("value", "value"), ("assert", "assert"), ("computed", "computed")];
    let expressions = expressions.into_iter().filter_map(|(key, word)| {
        let expression = field.get(key).and_then(Value::as_str)?;
        Some(format!("{word} = {expression:?}"))
    });
    let mut words: Vec<String> = expressions.collect();
    if is(field, "readonly") {
        words.push("readonly".to_owned());
    }
    if is(field, "flexible") && !is_map {
        words.push("flexible".to_owned());
    }
    if let Some(reference) = field.get("reference").and_then(Value::as_object) {
        words.push(format!("reference = {:?}", text(reference, "on_delete").to_lowercase()));
    }
    words.extend(permissions(field, true));
    words.extend(comment(field));
    words
}

/// Permissions, unless they are what they are without any.
fn permissions(entry: &Entry, usual: bool) -> Option<String> {
    let permissions = entry.get("permissions").and_then(Value::as_object)?;
    if permissions.values().all(|allowed| *allowed == Value::Bool(usual)) {
        return None;
    }
    let words = permissions.iter().map(|(operation, allowed)| match allowed {
        Value::Bool(true) => format!("{operation} = \"full\""),
        Value::Bool(false) => format!("{operation} = \"none\""),
        condition => format!("{operation} = {:?}", shown(condition)),
    });
    Some(format!("permissions({})", words.collect::<Vec<_>>().join(", ")))
}

fn comment(entry: &Entry) -> Option<String> {
    let comment = entry.get("comment").and_then(Value::as_str)?;
    Some(format!("comment = {comment:?}"))
}

/// A plain index, a unique one or one that counts, as a word on the struct.
fn table_index(index: &Entry) -> Option<String> {
    let columns = index.get("cols").and_then(Value::as_array).unwrap_or_default();
    let is_several = columns.len() > 1;
    let columns = columns.iter().filter_map(Value::as_str).map(|path| {
        let mut steps = steps(path);
        // A model names the array.
        steps.pop_if(|step| is_several && step == "*");
        let is_plain = steps.iter().all(|step| step != "*");
        is_plain.then(|| steps.iter().map(|step| ident(step)).collect::<Vec<_>>().join("."))
    });
    let columns: Vec<String> = columns.collect::<Option<_>>()?;
    let kind = match index.get("index").map(shown).unwrap_or_default().as_str() {
        "" => "",
        "UNIQUE" => ", unique",
        "COUNT" => return Some(format!("index(count, name = {:?})", text(index, "name"))),
        _ => return None,
    };
    let comment = comment(index).map(|comment| format!(", {comment}")).unwrap_or_default();
    Some(format!("index(fields({}){kind}, name = {:?}{comment})", columns.join(", "), text(index, "name")))
}

/// A full-text or vector index, as a word on its field.
fn field_index(index: &Entry, path: &[String]) -> Option<String> {
    let columns = index.get("cols").and_then(Value::as_array).unwrap_or_default();
    let [column] = columns else { return None };
    if steps(column.as_str()?) != path {
        return None;
    }
    let (kind, name) = (text(index, "index"), text(index, "name"));
    let words: Vec<&str> = kind.split_whitespace().collect();
    let after = |word: &str| words.iter().position(|other| *other == word).and_then(|at| words.get(at + 1).copied());
    match words.first().copied() {
        Some("FULLTEXT") => {
            let bm25 = kind.split_once("BM25(").and_then(|(_, rest)| rest.split_once(')')).map(|(numbers, _)| numbers);
            let bm25 = bm25.map(|numbers| format!(", bm25 = {numbers:?}")).unwrap_or_default();
            let highlights = if words.contains(&"HIGHLIGHTS") { ", highlights" } else { "" };
            let analyzer = after("ANALYZER")?;
            Some(format!("fulltext(name = {name:?}, analyzer = {analyzer:?}{bm25}{highlights})"))
        }
        Some("HNSW") => {
            let [dimension, distance, ty, efc, m] = ["DIMENSION", "DIST", "TYPE", "EFC", "M"].map(after);
            Some(format!(
                "hnsw(name = {name:?}, dimension = {}, distance = {:?}, type = {:?}, efc = {}, m = {})",
                dimension?, distance?, ty?, efc?, m?
            ))
        }
        _ => None,
    }
}

/// The argument for the key type in the ids of a table, as the schema says it.
fn key_of(fields: &[Entry]) -> &'static str {
    let id = fields.iter().find(|field| text(field, "name") == "id");
    match id.map(|field| text(field, "kind")).unwrap_or_default().as_str() {
        "int" => ", i64",
        "uuid" => ", surreal_session::value::Uuid",
        _ => "",
    }
}

fn add(code: &mut String, text: String) {
    code.push_str(&text);
}

fn list(info: &Value, key: &str) -> Vec<Entry> {
    let entries = info.get(key).and_then(Value::as_array).unwrap_or_default();
    entries.iter().filter_map(Value::as_object).cloned().collect()
}

fn text(entry: &Entry, key: &str) -> String {
    entry.get(key).map(shown).unwrap_or_default()
}

fn is(entry: &Entry, key: &str) -> bool {
    entry.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn table_name(value: &Value) -> String {
    match value {
        Value::Table(table) => table.as_str().to_owned(),
        value => shown(value),
    }
}

/// The steps of a path, without backticks.
fn steps(path: &str) -> Vec<String> {
    split(path, '.').into_iter().map(|step| step.trim_matches('`').to_owned()).collect()
}

/// Splits text at a character outside of brackets and quotes, and trims the parts.
fn split(text: &str, at: char) -> Vec<&str> {
    let (mut parts, mut begin, mut depth, mut quote) = (Vec::new(), 0, 0_usize, None);
    for (index, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '<' | '[' | '{' | '(') => depth += 1,
            (None, '>' | ']' | '}' | ')') => depth = depth.saturating_sub(1),
            (None, _) if c == at && depth == 0 => {
                parts.push(text[begin..index].trim());
                begin = index + c.len_utf8();
            }
            (Some(_) | None, _) => {}
        }
    }
    parts.push(text[begin..].trim());
    parts
}

/// A name for a type.
fn upper(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let camel: String = words
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default() + letters.as_str()
        })
        .collect();
    if camel.starts_with(|first: char| first.is_ascii_digit()) || camel.is_empty() {
        format!("T{camel}")
    } else {
        camel
    }
}

/// A name for a field: a keyword becomes a raw identifier.
fn ident(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let plain = if plain.starts_with(|first: char| first.is_ascii_digit()) || plain.is_empty() {
        format!("f{plain}")
    } else {
        plain
    };
    match plain.as_str() {
        "self" | "super" | "crate" | "Self" | "_" => format!("{plain}_"),
        word if KEYWORDS.contains(&word) => format!("r#{word}"),
        _ => plain,
    }
}

#[rustfmt::skip]
const KEYWORDS: [&str; 46] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where",
];
