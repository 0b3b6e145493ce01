//! `#[record(…)]`.

use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, LitStr, Meta, Path, Token, Type, parse2};

use super::schema::{self, Index, Rules};
use super::words::{Part, Place};
use super::{Given, Item, flag, items, step, text};
use crate::errors::Errors;
use crate::kind::Kind;

/// The attributes of the struct.
#[derive(Default)]
pub(crate) struct Container {
    pub(crate) table: Option<LitStr>,
    pub(crate) new: Option<Ident>,
    pub(crate) patch: Option<Ident>,
    pub(crate) fields: Option<Ident>,
    pub(crate) krate: Option<Path>,
    /// The word that makes the record an edge.
    pub(crate) relation: Option<Path>,
    /// The record that a view shows.
    pub(crate) of: Option<Type>,
    pub(crate) table_rules: schema::Table,
    pub(crate) indexes: Vec<Index>,
    /// The traits that the struct of a new record derives besides the usual ones.
    pub(crate) new_derive: Vec<Path>,
    /// The traits that the patch derives besides the usual ones.
    pub(crate) patch_derive: Vec<Path>,
    /// The word that adds a constructor of a new record.
    pub(crate) constructor: Option<Path>,
    /// The condition of every read and change.
    pub(crate) scope: Option<LitStr>,
}

/// The attributes of a field.
#[derive(Default)]
pub(crate) struct Field {
    pub(crate) readonly: Option<Path>,
    pub(crate) computed: Option<Path>,
    pub(crate) default: Option<Path>,
    /// The word that makes it the version of the record.
    pub(crate) version: Option<Path>,
    /// The default also applies to updates.
    is_default_always: bool,
    /// The path of a view's field in the record.
    pub(crate) from: Option<Vec<Ident>>,
    /// The SurrealQL that computes a view's field.
    pub(crate) expr: Option<LitStr>,
    pub(crate) rules: Rules,
}

impl Container {
    pub(crate) fn read(attrs: &[Attribute], kind: Kind, errors: &mut Errors) -> Self {
        let mut container = Self::default();
        for item in known(attrs, Place { kind, part: Part::Whole }, errors) {
            match item.word().as_str() {
                "table" => container.table = text(&item, "table = \"user\"", errors),
                "new" => container.new = name(&item, "UserDraft", errors),
                "patch" => container.patch = name(&item, "UserChanges", errors),
                "fields" => container.fields = name(&item, "UserColumns", errors),
                "crate" => container.krate = path(&item, errors),
                "relation" => container.relation = Some(flag(item, errors)),
                "of" => container.of = ty(&item, errors),
                "new_derive" => container.new_derive = derives(&item, &["Clone", "Debug", "Serialize"], errors),
                "patch_derive" => container.patch_derive = derives(&item, &["Clone", "Debug", "Default"], errors),
                "constructor" => container.constructor = Some(flag(item, errors)),
                "scope" => container.scope = schema::expression(&item, "deleted_at IS NONE", errors),
                "index" => container.indexes.extend(Index::read(&item, errors)),
                _ => container.table_rules.read(item, errors),
            }
        }
        container
    }
}

impl Field {
    pub(crate) fn read(attrs: &[Attribute], kind: Kind, errors: &mut Errors) -> Self {
        let mut field = Self::default();
        for item in known(attrs, Place { kind, part: Part::Field }, errors) {
            match item.word().as_str() {
                "readonly" => field.readonly = Some(flag(item, errors)),
                "version" => field.version = Some(flag(item, errors)),
                "default" | "default_always" | "computed" => field.read_source(&item, errors),
                "from" => field.from = steps(&item, errors),
                "expr" => field.expr = schema::expression(&item, "count(<-wrote)", errors),
                _ => field.rules.read(item, errors),
            }
        }
        if field.is_default_always && field.rules.default_always.is_none() {
            field.rules.default_always = field.rules.default.take();
            if let (None, Some(word)) = (&field.rules.default_always, &field.default) {
                errors
                    .at(word, "`default_always` takes SurrealQL, as in `#[record(default_always = \"time::now()\")]`");
            }
        }
        field
    }
}

impl Field {
    /// Reads where the value of a field comes from. `default` may be a word alone: the schema is then made elsewhere.
    fn read_source(&mut self, item: &Item, errors: &mut Errors) {
        let word = item.word();
        if word == "computed" {
            self.computed = Some(item.path.clone());
        } else if let Some(other) = self.default.replace(item.path.clone())
            && !matches!(item.given, Given::Nothing)
        {
            errors.at(other, "`default` and `default_always` exclude each other");
        }
        match (word.as_str(), &item.given) {
            ("default", Given::Nothing) => {}
            // Beside `default = ".."`, in either order: see `Field::read`.
            ("default_always", Given::Nothing) => self.is_default_always = true,
            ("default", _) => self.rules.default = schema::expression(item, "time::now()", errors),
            ("computed", _) => self.rules.computed = schema::expression(item, "price * amount", errors),
            _ => self.rules.default_always = schema::expression(item, "time::now()", errors),
        }
    }
}

/// Returns the words that this place knows, each once; complains about the others.
fn known(attrs: &[Attribute], place: Place, errors: &mut Errors) -> Vec<Item> {
    let mut known: Vec<Item> = Vec::new();
    for item in all(attrs, errors) {
        let word = item.word();
        if let Some(complaint) = place.complaint(&word) {
            errors.at(&item.path, complaint);
        } else if !place.may_repeat(&word) && known.iter().any(|other| other.word() == word) {
            errors.at(&item.path, format_args!("duplicate record attribute `{word}`"));
        } else {
            known.push(item);
        }
    }
    known
}

fn all(attrs: &[Attribute], errors: &mut Errors) -> Vec<Item> {
    let mut all = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("record")) {
        match &attr.meta {
            Meta::List(_) => match items(attr) {
                Ok(items) => all.extend(items),
                Err(error) => errors.push(error),
            },
            Meta::Path(path) => errors.at(path, "`#[record]` says nothing; the attribute is `#[record(…)]`"),
            Meta::NameValue(meta) => {
                errors.at(meta, "the attribute is `#[record(…)]`, as in `#[record(table = \"user\")]`");
            }
        }
    }
    all
}

fn name(item: &Item, example: &str, errors: &mut Errors) -> Option<Ident> {
    let word = item.word();
    let example = format!("{word} = \"{example}\"");
    let text = text(item, &example, errors)?;
    let name = text.parse::<Ident>();
    if name.is_err() {
        errors.at(&text, format_args!("`{word}` takes the name of a struct, as in `#[record({example})]`"));
    }
    name.ok()
}

fn path(item: &Item, errors: &mut Errors) -> Option<Path> {
    let text = text(item, "crate = \"my_app::surreal_session\"", errors)?;
    let path = text.parse_with(Path::parse_mod_style);
    if path.is_err() {
        errors.at(&text, "`crate` takes a path, as in `#[record(crate = \"my_app::surreal_session\")]`");
    }
    path.ok()
}

/// Reads the traits of `patch_derive(PartialEq, Deserialize)`, of which none is among the `usual` ones.
fn derives(item: &Item, usual: &[&str], errors: &mut Errors) -> Vec<Path> {
    let word = item.word();
    let parsed = match &item.given {
        Given::Nested(tokens) => Punctuated::<Path, Token![,]>::parse_terminated.parse2(tokens.clone()).ok(),
        Given::Nothing | Given::Value(_) => None,
    };
    let Some(paths) = parsed else {
        let message = format!("`{word}` takes traits to derive, as in `#[record({word}(PartialEq, Deserialize))]`");
        errors.at(&item.path, message);
        return Vec::new();
    };
    let is_usual = |path: &Path| usual.iter().any(|name| last(path).is_some_and(|last| last == name));
    for path in paths.iter().filter(|path| is_usual(path)) {
        let name = last(path).map(ToString::to_string).unwrap_or_default();
        errors.at(path, format_args!("the generated struct implements `{name}` already"));
    }
    paths.into_iter().filter(|path| !is_usual(path)).collect()
}

fn last(path: &Path) -> Option<&Ident> {
    path.segments.last().map(|segment| &segment.ident)
}

/// Returns `true` if `Deserialize` is among the traits.
pub(crate) fn reads(derives: &[Path]) -> bool {
    derives.iter().any(|path| last(path).is_some_and(|last| last == "Deserialize"))
}

/// Reads a type that is written as it is, or as text for what attributes do not take: `of = "Event<u8>"`.
fn ty(item: &Item, errors: &mut Errors) -> Option<Type> {
    let ty = match &item.given {
        Given::Value(value) => match item.text() {
            Some(text) => text.parse().ok(),
            None => parse2(value.to_token_stream()).ok(),
        },
        Given::Nothing | Given::Nested(_) => None,
    };
    if ty.is_none() {
        let word = item.word();
        let message = format!("`{word}` takes the record, as in `#[record({word} = User)]`");
        match &item.given {
            Given::Value(value) => errors.at(value, message),
            Given::Nothing | Given::Nested(_) => errors.at(&item.path, message),
        }
    }
    ty
}

/// Reads the names of fields, each inside of the one before: `address.city`.
fn steps(item: &Item, errors: &mut Errors) -> Option<Vec<Ident>> {
    let text = text(item, "from = \"address.city\"", errors)?;
    let steps = text.parse_with(|input: ParseStream<'_>| {
        Punctuated::<Ident, Token![.]>::parse_separated_nonempty_with(input, step)
    });
    match steps {
        Ok(steps) => Some(steps.into_iter().collect()),
        Err(_) => {
            errors.at(&text, "`from` takes the way to a field, as in `#[record(from = \"address.city\")]`");
            None
        }
    }
}
