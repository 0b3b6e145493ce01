//! Checks the rules that depend on tokens alone. The compiler checks rules about types: the generated code has bounds at
//! the types that the user wrote.

mod ends;
mod fields;
pub(crate) mod foreign;
pub(crate) mod id;
mod version;

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Data, Fields, LitStr};

use crate::errors::Errors;
use crate::kind::Kind;
use crate::model::{Field, Model};
use crate::parse::serde::Names;

pub(crate) fn check(model: &Model, errors: &mut Errors) {
    let Some(fields) = &model.fields else {
        return shape(model, errors);
    };
    lifetimes(model, errors);
    names(model, errors);
    serde(model, errors);
    fields::check(fields, model.serde.rule(), errors);
    foreign::check(model, fields, errors);
    if model.kind == Kind::View {
        view(model, fields, errors);
    }
    if model.kind == Kind::Record {
        table(model, errors);
        id::check(model, fields, errors);
        ends::check(model, fields, errors);
        version::check(model, fields, errors);
    }
}

fn shape(model: &Model, errors: &mut Errors) {
    let ident = &model.input.ident;
    let kind = model.kind.noun();
    match &model.input.data {
        Data::Enum(data) => errors.at(
            data.enum_token,
            format_args!(
                "{kind} is a struct with named fields, and `{ident}` is an enum; derive only serde's traits for it, \
                 and use it as the type of a field"
            ),
        ),
        Data::Union(data) => {
            let message = format!("{kind} is a struct with named fields, and `{ident}` is a union");
            errors.at(data.union_token, message);
        }
        Data::Struct(data) => {
            let id = if model.kind == Kind::Record { format!(", among them `id: Id<{ident}>`") } else { String::new() };
            let message = format!("{kind} is a struct with named fields{id}");
            match &data.fields {
                Fields::Unnamed(fields) => errors.at(fields, message),
                Fields::Unit | Fields::Named(_) => errors.at(ident, message),
            }
        }
    }
}

/// A view names its record, and its fields have different names.
fn view(model: &Model, fields: &[Field], errors: &mut Errors) {
    if model.record.of.is_none() && errors.is_empty() {
        let message =
            format!("a view says what it shows the fields of: put `#[record(of = User)]` on `{}`", model.input.ident);
        errors.at(&model.input.ident, message);
    }
    for field in fields.iter().filter(|field| field.record.expr.is_some() && field.record.from.is_some()) {
        errors.at(field.ident, "`from` and `expr` exclude each other: a field is read from the record, or computed");
    }
    for flatten in fields.iter().filter_map(|field| field.serde.flatten.as_ref()) {
        errors.at(flatten, "a view names each field that it shows, and a flattened one has no name");
    }
}

fn lifetimes(model: &Model, errors: &mut Errors) {
    for param in model.input.generics.lifetimes() {
        errors.at(
            &param.lifetime,
            format_args!(
                "{} owns its data, as it outlives the bytes that it is read from; use owned types, such as `String` \
                 for a text",
                model.kind.noun()
            ),
        );
    }
}

fn table(model: &Model, errors: &mut Errors) {
    let Some(table) = &model.record.table else {
        return;
    };
    let name = table.value();
    if name.is_empty() {
        errors.at(table, "the name of a table cannot be empty; without `table` it is the struct's name in snake_case");
    } else if name.contains('\0') {
        errors.at(table, "the name of a table cannot contain the character NUL");
    }
}

/// The generated structs need different names.
fn names(model: &Model, errors: &mut Errors) {
    let given = [&model.record.new, &model.record.patch, &model.record.fields];
    let names = model.all_names();
    for (at, name) in given.into_iter().enumerate().filter_map(|(at, given)| Some((at, given.as_ref()?))) {
        let mut others = names.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, name)| name);
        if *name == model.input.ident || others.any(|other| other == name) {
            let name = name.unraw();
            errors.at(&name, format_args!("the generated struct needs a name of its own, and `{name}` is taken"));
        }
    }
}

fn serde(model: &Model, errors: &mut Errors) {
    let derive = model.kind.derive();
    for path in &model.serde.reshaping {
        if let Some(reason) = path.get_ident().and_then(|word| objection(model.kind, &word.to_string())) {
            let word = path.to_token_stream();
            errors.at(path, format_args!("`#[serde({word})]` does not go with `{derive}`: {reason}"));
        }
    }
    let rename_all = model.serde.rename_all.as_ref();
    if let Some(names) = rename_all.filter(|names| names.writing_rule() != names.reading_rule()) {
        errors.at(&names.path, one_for_both("rename_all", "rule", names));
    }
}

fn objection(kind: Kind, word: &str) -> Option<String> {
    let (noun, derive) = (kind.noun(), kind.derive());
    Some(match word {
        "transparent" => format!("{noun} has named fields, and its only field would be written in its place"),
        "from" | "try_from" => format!(
            "{noun} is read as the object of its fields; convert single fields with `#[serde(with = \"…\")]`, or \
             derive `{derive}` for the other type"
        ),
        "into" if kind != Kind::View => format!(
            "{noun} is written as the object of its fields; convert single fields with `#[serde(with = \"…\")]`, or \
             derive `{derive}` for the other type"
        ),
        "remote" => format!("it implements serde's traits for another type, and {noun} itself could not be read"),
        "tag" => format!("the struct's name would be one more field, which {noun} does not show"),
        _ => return None,
    })
}

/// The message for names, or rules for names, that are not the same in both directions.
fn one_for_both(word: &str, what: &str, names: &Names) -> String {
    let example = names.reading.as_ref().or(names.writing.as_ref()).map(LitStr::value);
    let example = example.map(|name| format!(", as in `{word} = \"{name}\"`")).unwrap_or_default();
    format!("reading and writing must agree on the names of a record; give `{word}` one {what} for both{example}")
}

#[cfg(test)]
mod tests {
    use syn::{DeriveInput, parse_str};

    use super::*;

    fn complaints(input: &str) -> Vec<String> {
        let input: DeriveInput = parse_str(input).unwrap();
        let mut errors = Errors::default();
        check(&Model::of(Kind::Record, &input, &mut errors), &mut errors);
        errors.messages()
    }

    #[test]
    fn each_mistake_is_named_once() {
        for (input, expected) in [
            ("struct User { id: Id<User>, name: String }", &[][..]),
            ("#[record()] #[serde()] struct User { id: Id<User> }", &[]),
            ("#[record(table = \"t\",)] struct User { id: Id<Self> }", &[]),
            ("struct User { #[serde(rename = \"id\")] key: Id<User> }", &[]),
            ("#[serde(rename_all = \"camelCase\")] struct User { id: Id<User>, a_b: u8 }", &[]),
            ("struct User<T> { id: Id<User<T>>, t: T }", &[]),
            ("struct User<const N: usize> { id: Id<User<N>> }", &[]),
            ("struct User { #[serde(skip_serializing)] id: Id<User>, #[serde(skip)] b: u8 }", &[]),
            ("struct User { id: Id<User>, #[serde(rename(serialize = \"b\"), skip_deserializing)] a: u8 }", &[]),
            ("#[record(relation)] struct E { id: Id<E>, r#in: Id<A>, out: Id<B> }", &[]),
            ("#[record(relation)] struct E { id: Id<E>, #[serde(rename = \"in\")] a: Id<A>, out: Id<B> }", &[]),
            ("struct User {}", &["a record needs its id: add a field `id: Id<User>`"]),
            ("struct User(Id<User>);", &["a record is a struct with named fields"]),
            ("enum User { Id }", &["`User` is an enum"]),
            ("union User { id: u8 }", &["`User` is a union"]),
            ("struct User<'a> { id: Id<User<'a>> }", &["a record owns its data"]),
            ("struct User { r#id: Id<User>, #[serde(rename = \"id\")] b: Id<User> }", &["`id` and `b`"]),
            ("struct User { user: Id<User> }", &["this one is called `user`"]),
            ("struct User { a: Id<User>, b: Id<User> }", &["a record needs its id"]),
            ("struct User { boss: Option<Id<User>> }", &["a record needs its id"]),
            ("#[serde(rename_all = \"UPPERCASE\")] struct User { id: Id<User> }", &["here it is called `ID`"]),
            ("#[record(relation)] struct E { id: Id<E> }", &["needs the fields `in` and `out`"]),
            ("#[record(relation)] struct E { id: Id<E>, out: Id<B> }", &["needs the field `in`"]),
            ("#[record(relation)] struct E { id: Id<E>, from: Id<A>, out: Id<B> }", &["this one is called `from`"]),
            ("#[record(relation)] struct E { id: Id<E>, r#in: Id<A>, #[serde(rename = \"o\")] out: Id<B> }", &["`o`"]),
            (
                "#[record(relation)] struct E { id: Id<E>, #[record(readonly)] r#in: Id<A>, out: Id<B> }",
                &["`readonly`"],
            ),
            ("#[record(relation)] struct E { id: Id<E>, r#in: Id<A>, #[serde(skip)] out: Id<B> }", &["skipped"]),
            ("struct User { #[record(readonly)] id: Id<User> }", &["is never in `NewUser`"]),
            ("struct User { id: Id<User>, #[record(default)] a: Option<u8> }", &["needs no `default`"]),
            ("struct User { id: Id<User>, #[record(default, readonly)] a: u8 }", &["its default has to be given"]),
            ("struct User { id: Id<User>, #[record(default = \"1\", readonly)] a: u8 }", &[]),
            ("struct User { id: Id<User>, #[record(default = \"1\")] a: Option<u8> }", &[]),
            ("struct User { id: Id<User>, #[record(computed = \"1\")] a: u8 }", &[]),
            (
                "struct User { id: Id<User>, #[record(computed = \"1\", value = \"2\")] a: u8 }",
                &["`computed` and `value`"],
            ),
            (
                "struct User { id: Id<User>, #[record(computed = \"1\", readonly)] a: u8 }",
                &["`computed` and `readonly`"],
            ),
            ("struct User { id: Id<User>, #[record(version)] v: u64 }", &[]),
            ("struct User { id: Id<User>, #[record(version, default = \"1\")] v: u64 }", &[]),
            ("struct User { id: Id<User>, #[record(version)] v: u64, #[record(version)] w: u64 }", &["one version"]),
            ("struct User { id: Id<User>, #[record(version, readonly)] v: u64 }", &["`version` and `readonly`"]),
            ("struct User { id: Id<User>, #[record(version, value = \"1\")] v: u64 }", &["`version` and `value`"]),
            ("struct User { id: Id<User>, #[record(version)] v: Option<u64> }", &["always has a version"]),
            ("struct User { id: Id<User>, #[record(version)] #[serde(skip)] v: u64 }", &["read and written"]),
            ("struct User { id: Id<User>, #[record(version)] #[serde(rename = \"a.b\")] v: u64 }", &["called `a.b`"]),
            ("struct User { #[record(version)] id: Id<User> }", &["no version"]),
            (
                "struct User { id: Id<User>, #[serde(flatten)] #[record(unique)] a: B }",
                &["attribute on the fields inside"],
            ),
            ("#[record(schemafull, schemaless)] struct User { id: Id<User> }", &["exclude each other"]),
            ("#[record(index)] struct User { id: Id<User> }", &["`index` has parentheses"]),
            ("#[record(index(unique))] struct User { id: Id<User> }", &["an index has fields"]),
            ("#[record(index(fields(a), uniqe))] struct User { id: Id<User> }", &["an index has no `uniqe`"]),
            ("#[record(permissions(select))] struct User { id: Id<User> }", &["`select` takes text"]),
            (
                "#[record(permissions(read = \"full\"))] struct User { id: Id<User> }",
                &["`none`, `full`, or conditions"],
            ),
            ("#[record(changefeed = \"soon\")] struct User { id: Id<User> }", &["takes a duration"]),
            ("struct User { id: Id<User>, #[record(fulltext)] a: u8 }", &["`fulltext` has parentheses"]),
            ("struct User { id: Id<User>, #[record(fulltext(highlights))] a: u8 }", &["needs the name of an analyzer"]),
            ("struct User { id: Id<User>, #[record(hnsw(dimension = \"3\"))] a: u8 }", &["takes a number"]),
            ("struct User { id: Id<User>, #[record(reference = \"remove\")] a: Id<User> }", &["`reference` says"]),
            ("struct User { id: Id<User>, #[record(assert = \" \")] a: u8 }", &["`assert` takes SurrealQL"]),
            ("struct User { id: Id<User>, #[record(assert = \"($value > 0\")] a: u8 }", &["`(` is not closed"]),
            ("struct User { id: Id<User>, #[record(assert = \"$vlaue > 0\")] a: u8 }", &["$vlaue"]),
            ("struct User { id: Id<User>, #[record(value = \"1; DELETE x\")] a: u8 }", &["`;` ends a statement"]),
            ("struct User { id: Id<User>, #[record(value = \"1 -- one\")] a: u8 }", &["a comment at the end"]),
            ("struct User { id: Id<User>, #[record(value = \"{ LET $x = 1; RETURN $x }\")] a: u8 }", &[]),
            ("#[record(new = \"A\", patch = \"A\")] struct User { id: Id<User> }", &["is taken", "is taken"]),
            ("#[record(fields = \"UserPatch\")] struct User { id: Id<User> }", &["is taken"]),
            ("#[record(tabel = \"a\", table = \"\")] struct User {}", &["`tabel`", "cannot be empty", "needs its id"]),
        ] {
            let complaints = complaints(input);
            assert_eq!(complaints.len(), expected.len(), "{input}: {complaints:?}");
            for (complaint, expected) in complaints.iter().zip(expected) {
                assert!(complaint.contains(expected), "{input}: {complaint}");
            }
        }
    }
}
