//! The words of `#[record(…)]` that describe the schema: rules of tables and fields, and indexes.

use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, LitStr, Path, Token};

use super::{Given, Item, flag, step, text};
use crate::errors::Errors;
use crate::surql::check_expression;

/// The rules of a table.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) schemafull: Option<Path>,
    pub(crate) schemaless: Option<Path>,
    pub(crate) enforced: Option<Path>,
    pub(crate) permissions: Option<String>,
    pub(crate) changefeed: Option<String>,
    pub(crate) comment: Option<LitStr>,
}

/// The rules of a field, as SurrealQL.
#[derive(Default)]
pub(crate) struct Rules {
    pub(crate) ty: Option<LitStr>,
    pub(crate) default: Option<LitStr>,
    pub(crate) default_always: Option<LitStr>,
    pub(crate) value: Option<LitStr>,
    pub(crate) assert: Option<LitStr>,
    pub(crate) computed: Option<LitStr>,
    pub(crate) flexible: Option<Path>,
    pub(crate) reference: Option<String>,
    pub(crate) permissions: Option<String>,
    pub(crate) comment: Option<LitStr>,
    /// The indexes of this field alone.
    pub(crate) indexes: Vec<Index>,
}

/// An index.
pub(crate) struct Index {
    pub(crate) name: Option<LitStr>,
    /// The ways to its fields; empty for the index of one field, and for one that counts.
    pub(crate) fields: Vec<Vec<Ident>>,
    /// The clause behind the fields.
    pub(crate) kind: String,
    /// The end of the name, unless one is given.
    pub(crate) suffix: &'static str,
    /// Set if the dimension is that of the field's type.
    pub(crate) needs_dimension: bool,
    pub(crate) comment: Option<LitStr>,
}

impl Table {
    pub(super) fn read(&mut self, item: Item, errors: &mut Errors) {
        match item.word().as_str() {
            "schemafull" => self.schemafull = Some(flag(item, errors)),
            "schemaless" => self.schemaless = Some(flag(item, errors)),
            "enforced" => self.enforced = Some(flag(item, errors)),
            "permissions" => self.permissions = permissions(&item, &["select", "create", "update", "delete"], errors),
            "changefeed" => self.changefeed = changefeed(&item, errors),
            "comment" => self.comment = text(&item, "comment = \"the people who sign in\"", errors),
            _ => {}
        }
        if let (Some(_), Some(second)) = (&self.schemafull, &self.schemaless) {
            errors.at(second, "`schemafull` and `schemaless` exclude each other");
            self.schemaless = None;
        }
    }
}

impl Rules {
    pub(super) fn read(&mut self, item: Item, errors: &mut Errors) {
        match item.word().as_str() {
            "type" => self.ty = text(&item, "type = \"string | int\"", errors),
            "value" => self.value = expression(&item, "string::lowercase($value)", errors),
            "assert" => self.assert = expression(&item, "$value > 0", errors),
            "flexible" => self.flexible = Some(flag(item, errors)),
            "reference" => self.reference = reference(&item, errors),
            "permissions" => self.permissions = permissions(&item, &["select", "create", "update"], errors),
            "comment" => self.comment = text(&item, "comment = \"in cents\"", errors),
            "unique" | "index" | "fulltext" | "hnsw" => self.indexes.extend(Index::of_field(&item, errors)),
            _ => {}
        }
    }

    /// Returns `true` if nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        let texts = [&self.ty, &self.default, &self.default_always, &self.value, &self.assert, &self.computed];
        texts.into_iter().all(Option::is_none)
            && self.comment.is_none()
            && self.flexible.is_none()
            && self.reference.is_none()
            && self.permissions.is_none()
            && self.indexes.is_empty()
    }
}

/// Reads SurrealQL, as in `assert = "$value > 0"`.
pub(super) fn expression(item: &Item, example: &str, errors: &mut Errors) -> Option<LitStr> {
    let word = item.word();
    let text = text(item, &format!("{word} = \"{example}\""), errors)?;
    if text.value().trim().is_empty() {
        errors.at(&text, format_args!("`{word}` takes SurrealQL, as in `#[record({word} = \"{example}\")]`"));
        return None;
    }
    checked(text, errors)
}

/// Checks SurrealQL as far as the derive can.
fn checked(text: LitStr, errors: &mut Errors) -> Option<LitStr> {
    match check_expression(&text, &["reference"]) {
        Ok(()) => Some(text),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

fn changefeed(item: &Item, errors: &mut Errors) -> Option<String> {
    let text = text(item, "changefeed = \"7d\"", errors)?;
    let value = text.value();
    let mut words = value.split_whitespace();
    let is_duration = words.next().is_some_and(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    let rest: Vec<String> = words.map(str::to_uppercase).collect();
    if is_duration && (rest.is_empty() || rest == ["INCLUDE", "ORIGINAL"]) {
        return Some(value.trim().to_owned());
    }
    errors.at(&text, "`changefeed` takes a duration, as in `changefeed = \"7d\"` or `\"7d INCLUDE ORIGINAL\"`");
    None
}

/// Reads `reference`, or `reference = "cascade"`.
fn reference(item: &Item, errors: &mut Errors) -> Option<String> {
    if matches!(item.given, Given::Nothing) {
        return Some("REFERENCE".to_owned());
    }
    let example = "reference = \"cascade\"";
    let text = text(item, example, errors)?;
    let value = text.value().trim().to_owned();
    match value.to_lowercase().as_str() {
        word @ ("reject" | "ignore" | "cascade" | "unset") => {
            Some(format!("REFERENCE ON DELETE {}", word.to_uppercase()))
        }
        word if word.starts_with("then ") => {
            checked(text, errors)?;
            Some(format!("REFERENCE ON DELETE THEN {}", &value["then ".len()..]))
        }
        _ => {
            let message = "`reference` says what happens when the other record is deleted: `\"reject\"`, `\"ignore\"`, \
                           `\"cascade\"`, `\"unset\"` or `\"then { .. }\"`";
            errors.at(&text, message);
            None
        }
    }
}

/// Reads `permissions(none)`, `permissions(full)`, `permissions(select = "owner = $auth.id", create = "none")`, or the clause as
/// text.
fn permissions(item: &Item, operations: &[&str], errors: &mut Errors) -> Option<String> {
    if let Some(clause) = item.text().filter(|text| !text.value().trim().is_empty()) {
        return Some(checked(clause.clone(), errors)?.value());
    }
    let items = nested(item, "permissions(select = \"owner = $auth.id\", create = \"none\")", errors)?;
    let mut clauses = Vec::new();
    for item in &items {
        let word = item.word();
        match (word.as_str(), &item.given) {
            ("none" | "full", Given::Nothing) if items.len() == 1 => return Some(word.to_uppercase()),
            (operation, _) if operations.contains(&operation) => {
                let allowed = expression(item, "owner = $auth.id", errors)?;
                let clause = match allowed.value().trim() {
                    word if ["none", "full"].contains(&word.to_lowercase().as_str()) => word.to_uppercase(),
                    condition => format!("WHERE {condition}"),
                };
                clauses.push(format!("FOR {operation} {clause}"));
            }
            _ => {
                let all = operations.join("`, `");
                errors.at(&item.path, format_args!("`permissions` takes `none`, `full`, or conditions for `{all}`"));
                return None;
            }
        }
    }
    if clauses.is_empty() {
        errors.at(&item.path, "`permissions` needs `none`, `full` or conditions");
        return None;
    }
    Some(clauses.join(", "))
}

impl Index {
    /// Reads `index(fields(age, address.city), unique, name = "..")` of a table.
    pub(super) fn read(item: &Item, errors: &mut Errors) -> Option<Self> {
        let items = nested(item, "index(fields(last_name, first_name), unique)", errors)?;
        let mut index = Self::new();
        for part in &items {
            match part.word().as_str() {
                "fields" => index.fields = fields(part, errors)?,
                "unique" => (index.kind, index.suffix) = ("UNIQUE".to_owned(), "unique"),
                "count" => (index.kind, index.suffix) = ("COUNT".to_owned(), "count"),
                word => index.read_common(part, word, &["fields", "unique", "count"], errors)?,
            }
        }
        if index.fields.is_empty() != (index.kind == "COUNT") {
            errors.at(&item.path, "an index has fields, as in `index(fields(last_name, first_name))`, or is a `count`");
            return None;
        }
        Some(index)
    }

    /// Reads `unique`, `index`, `fulltext(..)` or `hnsw(..)` of a field.
    fn of_field(item: &Item, errors: &mut Errors) -> Option<Self> {
        let word = item.word();
        match word.as_str() {
            "fulltext" => Self::fulltext(item, errors),
            "hnsw" => Self::hnsw(item, errors),
            _ => {
                let mut index = Self::new();
                if word == "unique" {
                    (index.kind, index.suffix) = ("UNIQUE".to_owned(), "unique");
                }
                if !matches!(item.given, Given::Nothing) {
                    for part in nested(item, &format!("{word}(name = \"..\")"), errors)? {
                        index.read_common(&part, &part.word(), &[], errors)?;
                    }
                }
                Some(index)
            }
        }
    }

    fn fulltext(item: &Item, errors: &mut Errors) -> Option<Self> {
        let example = "fulltext(analyzer = \"english\", highlights)";
        let mut index = Self { suffix: "fulltext", ..Self::new() };
        let (mut analyzer, mut bm25, mut highlights) = (None, "BM25".to_owned(), "");
        for part in nested(item, example, errors)? {
            match part.word().as_str() {
                "analyzer" => analyzer = Some(text(&part, example, errors)?.value()),
                "bm25" => bm25 = format!("BM25({})", text(&part, "bm25 = \"1.2, 0.75\"", errors)?.value()),
                "highlights" => highlights = " HIGHLIGHTS",
                word => index.read_common(&part, word, &["analyzer", "bm25", "highlights"], errors)?,
            }
        }
        let Some(analyzer) = analyzer else {
            errors.at(&item.path, format_args!("`fulltext` needs the name of an analyzer: `{example}`"));
            return None;
        };
        index.kind = format!("FULLTEXT ANALYZER {} {bm25}{highlights}", identifier(&analyzer));
        Some(index)
    }

    fn hnsw(item: &Item, errors: &mut Errors) -> Option<Self> {
        let mut index = Self { suffix: "hnsw", ..Self::new() };
        let (mut dimension, mut clauses) = (None, Vec::new());
        let parts = match item.given {
            Given::Nothing => Vec::new(),
            _ => nested(item, "hnsw(dimension = 384, distance = \"cosine\")", errors)?,
        };
        for part in parts {
            match part.word().as_str() {
                "dimension" => dimension = Some(number(&part, errors)?),
                "distance" => {
                    clauses.push(format!(" DIST {}", word_of(&part, "hnsw(distance = \"cosine\")", errors)?));
                }
                "type" => {
                    clauses.push(format!(" TYPE {}", word_of(&part, "hnsw(type = \"f32\")", errors)?));
                }
                word @ ("efc" | "m") => clauses.push(format!(" {} {}", word.to_uppercase(), number(&part, errors)?)),
                word => {
                    let words = ["dimension", "distance", "type", "efc", "m"];
                    index.read_common(&part, word, &words, errors)?;
                }
            }
        }
        index.needs_dimension = dimension.is_none();
        let dimension = dimension.map(|dimension| format!(" DIMENSION {dimension}")).unwrap_or_default();
        index.kind = format!("HNSW{dimension}{}", clauses.concat());
        Some(index)
    }

    fn new() -> Self {
        Self {
            name: None,
            fields: Vec::new(),
            kind: String::new(),
            suffix: "index",
            needs_dimension: false,
            comment: None,
        }
    }

    fn read_common(&mut self, part: &Item, word: &str, others: &[&str], errors: &mut Errors) -> Option<()> {
        match word {
            "name" => self.name = Some(text(part, "name = \"by_name\"", errors)?),
            "comment" => self.comment = Some(text(part, "comment = \"..\"", errors)?),
            _ => {
                let known: Vec<&str> = others.iter().copied().chain(["name", "comment"]).collect();
                let known = known.join("`, `");
                errors.at(&part.path, format_args!("an index has no `{word}`; it takes `{known}`"));
                return None;
            }
        }
        Some(())
    }
}

/// A name as SurrealQL.
fn identifier(name: &str) -> String {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if is_plain { name.to_owned() } else { format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`")) }
}

/// Reads the ways of `fields(last_name, address.city)`, or the same in quotes.
fn fields(item: &Item, errors: &mut Errors) -> Option<Vec<Vec<Ident>>> {
    let parsed = match &item.given {
        Given::Nested(tokens) => ways.parse2(tokens.clone()).ok(),
        Given::Value(_) => item.text().and_then(|text| text.parse_with(ways).ok()),
        Given::Nothing => None,
    };
    let Some(ways) = parsed.filter(|ways| !ways.is_empty()) else {
        errors.at(&item.path, "`fields` takes the fields of the index, as in `fields(last_name, address.city)`");
        return None;
    };
    Some(ways)
}

fn ways(input: ParseStream<'_>) -> syn::Result<Vec<Vec<Ident>>> {
    let ways = Punctuated::<_, Token![,]>::parse_terminated_with(input, way)?;
    Ok(ways.into_iter().collect())
}

/// The names of fields, each inside of the one before.
fn way(input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    let steps = |input: ParseStream<'_>| Punctuated::<Ident, Token![.]>::parse_separated_nonempty_with(input, step);
    let steps = if input.peek(LitStr) { input.parse::<LitStr>()?.parse_with(steps)? } else { steps(input)? };
    Ok(steps.into_iter().collect())
}

/// Reads a word of SurrealQL, in quotes or not: `distance = cosine`.
fn word_of(item: &Item, example: &str, errors: &mut Errors) -> Option<String> {
    match &item.given {
        Given::Value(value) => match &**value {
            Expr::Path(path) => path.path.get_ident().map(Ident::to_string),
            _ => None,
        },
        Given::Nothing | Given::Nested(_) => None,
    }
    .or_else(|| text(item, example, errors).map(|text| text.value()))
    .map(|word| word.to_uppercase())
}

fn number(item: &Item, errors: &mut Errors) -> Option<String> {
    let digits = match &item.given {
        Given::Value(value) => value.to_token_stream().to_string(),
        Given::Nothing | Given::Nested(_) => String::new(),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        errors.at(&item.path, format_args!("`{0}` takes a number, as in `{0} = 384`", item.word()));
        return None;
    }
    Some(digits)
}

/// Reads what is in the parentheses of `word(..)`.
fn nested(item: &Item, example: &str, errors: &mut Errors) -> Option<Vec<Item>> {
    let Given::Nested(tokens) = &item.given else {
        errors.at(&item.path, format_args!("`{}` has parentheses, as in `#[record({example})]`", item.word()));
        return None;
    };
    match Punctuated::<Item, Token![,]>::parse_terminated.parse2(tokens.clone()) {
        Ok(items) => Some(items.into_iter().collect()),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}
