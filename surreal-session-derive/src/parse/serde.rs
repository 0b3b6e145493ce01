//! `#[serde(…)]`, as far as it affects the form of a record on the wire.
//!
//! serde's own derive reports mistakes in its attributes. This module skips unknown and malformed words, so that a mistake
//! is reported once.

use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, ExprPath, Ident, LitStr, Path, Token, parse_quote};

use super::{Given, Item, items};
use crate::case::Rule;

/// The attributes of the struct.
#[derive(Default)]
pub(crate) struct Container {
    pub(crate) rename_all: Option<Names>,
    /// The bounds of the `Serialize` impl.
    pub(crate) bound: Option<LitStr>,
    /// `true` if absent fields have a default.
    pub(crate) default: bool,
    /// `true` if other fields are an error when it is read.
    pub(crate) deny_unknown_fields: bool,
    /// The words that change the whole representation.
    pub(crate) reshaping: Vec<Path>,
}

/// The attributes of a field.
#[derive(Default)]
pub(crate) struct Field {
    pub(crate) rename: Option<Names>,
    /// The bounds that the `Serialize` impl has for this field.
    pub(crate) bound: Option<LitStr>,
    pub(crate) flatten: Option<Path>,
    /// The word that keeps the field from being written.
    pub(crate) unwritten: Option<Path>,
    /// The word that keeps the field from being read.
    pub(crate) unread: Option<Path>,
    /// The words with a path to a function that writes the field, or decides whether to.
    pub(crate) functions: Vec<(Ident, LitStr)>,
    /// The word with a path to a function that reads the field.
    pub(crate) reader: Option<Path>,
    /// `true` if the field has a default.
    pub(crate) default: bool,
    /// The words about reading that a struct with the same field has too, each with its text.
    pub(crate) reading: Vec<(Ident, Option<LitStr>)>,
}

/// The names, or rules for names, that `rename = ".."` and `rename(serialize = "..", deserialize = "..")` give.
pub(crate) struct Names {
    pub(crate) path: Path,
    pub(crate) writing: Option<LitStr>,
    pub(crate) reading: Option<LitStr>,
}

impl Container {
    pub(crate) fn read(attrs: &[Attribute]) -> Self {
        let mut container = Self::default();
        for item in all(attrs) {
            match item.word().as_str() {
                "rename_all" => container.rename_all = Names::read(&item),
                "bound" => container.bound = Names::read(&item).and_then(|bound| bound.writing),
                "default" => container.default = true,
                "deny_unknown_fields" => container.deny_unknown_fields = true,
                "transparent" | "from" | "try_from" | "into" | "remote" | "tag" | "content" | "untagged" => {
                    container.reshaping.push(item.path);
                }
                _ => {}
            }
        }
        container
    }

    /// Returns the rule for the names of fields when a record is read.
    pub(crate) fn rule(&self) -> Rule {
        self.rename_all.as_ref().map(Names::reading_rule).unwrap_or_default()
    }
}

impl Field {
    pub(crate) fn read(attrs: &[Attribute]) -> Self {
        let mut field = Self::default();
        for item in all(attrs) {
            let word = item.word();
            if let ("deserialize_with" | "default" | "alias", Some(ident)) = (word.as_str(), item.path.get_ident()) {
                field.reading.push((ident.clone(), item.text().cloned()));
            }
            match word.as_str() {
                "rename" => field.rename = Names::read(&item),
                "bound" => field.bound = Names::read(&item).and_then(|bound| bound.writing),
                "flatten" => field.flatten = Some(item.path),
                "skip" => {
                    field.unwritten = Some(item.path.clone());
                    field.unread = Some(item.path);
                }
                "skip_serializing" => field.unwritten = Some(item.path),
                "skip_deserializing" => field.unread = Some(item.path),
                "with" => {
                    field.functions.extend(function(&item));
                    field.reader = Some(item.path);
                }
                "serialize_with" | "skip_serializing_if" => field.functions.extend(function(&item)),
                "deserialize_with" => field.reader = Some(item.path),
                "default" => field.default = true,
                _ => {}
            }
        }
        field
    }
}

impl Field {
    /// Returns the function that writes the field's value, if it is not the type's own.
    pub(crate) fn writer(&self) -> Option<ExprPath> {
        if let Some(mut path) = self.function("with") {
            path.path.segments.push(parse_quote!(serialize));
            return Some(path);
        }
        self.function("serialize_with")
    }

    /// Returns the function that reads the field's value, if it is not the type's own.
    pub(crate) fn reading_function(&self) -> Option<ExprPath> {
        if let Some(mut path) = self.function("with") {
            path.path.segments.push(parse_quote!(deserialize));
            return Some(path);
        }
        let (_, path) = self.reading.iter().find(|(word, _)| word == "deserialize_with")?;
        path.as_ref()?.parse().ok()
    }

    /// Returns the function that says whether the field is left out.
    pub(crate) fn skip_if(&self) -> Option<ExprPath> {
        self.function("skip_serializing_if")
    }

    fn function(&self, word: &str) -> Option<ExprPath> {
        let (_, path) = self.functions.iter().find(|(other, _)| other == word)?;
        path.parse().ok()
    }
}

impl Names {
    fn read(item: &Item) -> Option<Self> {
        let path = item.path.clone();
        let both = item.text().cloned();
        let mut names = Self { path, writing: both.clone(), reading: both };
        if let Given::Nested(nested) = &item.given {
            let parser = Punctuated::<Item, Token![,]>::parse_terminated;
            for item in parser.parse2(nested.clone()).ok()? {
                match item.word().as_str() {
                    "serialize" => names.writing = item.text().cloned(),
                    // A second name for reading is an alias.
                    "deserialize" if names.reading.is_none() => names.reading = item.text().cloned(),
                    _ => {}
                }
            }
        }
        Some(names)
    }

    pub(crate) fn writing_rule(&self) -> Rule {
        rule(self.writing.as_ref())
    }

    pub(crate) fn reading_rule(&self) -> Rule {
        rule(self.reading.as_ref())
    }
}

fn rule(name: Option<&LitStr>) -> Rule {
    name.and_then(|name| Rule::named(&name.value())).unwrap_or_default()
}

fn function(item: &Item) -> Option<(Ident, LitStr)> {
    Some((item.path.get_ident()?.clone(), item.text()?.clone()))
}

fn all(attrs: &[Attribute]) -> Vec<Item> {
    let serde = attrs.iter().filter(|attr| attr.path().is_ident("serde"));
    serde.filter_map(|attr| items(attr).ok()).flatten().collect()
}
