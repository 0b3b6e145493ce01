//! Every rule that can be told from the tokens alone. What needs types is left to the compiler: the generated code asks
//! for it where the user wrote the type.

mod fields;
pub(crate) mod foreign;
mod id;

use quote::ToTokens;
use syn::{Data, Fields, LitStr};

use crate::errors::Errors;
use crate::model::Model;
use crate::parse::serde::Names;

pub(crate) fn check(model: &Model, errors: &mut Errors) {
    let Some(fields) = &model.fields else {
        return shape(model, errors);
    };
    lifetimes(model, errors);
    bounds(model, errors);
    table(model, errors);
    new(model, errors);
    serde(model, errors);
    fields::check(fields, model.serde.rule(), errors);
    foreign::check(model, fields, errors);
    id::check(model, fields, errors);
}

fn shape(model: &Model, errors: &mut Errors) {
    let ident = &model.input.ident;
    match &model.input.data {
        Data::Enum(data) => errors.at(
            data.enum_token,
            format_args!(
                "a record is a struct with named fields, and `{ident}` is an enum; derive only serde's traits for it, \
                 and use it as the type of a field"
            ),
        ),
        Data::Union(data) => {
            let message = format!("a record is a struct with named fields, and `{ident}` is a union");
            errors.at(data.union_token, message);
        }
        Data::Struct(data) => {
            let message = format!("a record is a struct with named fields, among them `id: Id<{ident}>`");
            match &data.fields {
                Fields::Unnamed(fields) => errors.at(fields, message),
                Fields::Unit | Fields::Named(_) => errors.at(ident, message),
            }
        }
    }
}

fn lifetimes(model: &Model, errors: &mut Errors) {
    for param in model.input.generics.lifetimes() {
        errors.at(
            &param.lifetime,
            "a record owns its data, as it outlives the bytes that it is read from; use owned types, such as `String` \
             for a text",
        );
    }
}

fn bounds(model: &Model, errors: &mut Errors) {
    if let Some(param) = model.unbound_param() {
        errors.at(
            param,
            format_args!(
                "a generic record says itself what its parameters need: give them bounds, such as `{param}: Serialize \
                 + DeserializeOwned`, and keep serde from adding others with `#[serde(bound = \"\")]` on the struct"
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

fn new(model: &Model, errors: &mut Errors) {
    if let Some(new) = model.record.new.as_ref().filter(|new| **new == model.input.ident) {
        errors.at(new, "the generated struct needs a name of its own");
    }
}

fn serde(model: &Model, errors: &mut Errors) {
    for path in &model.serde.reshaping {
        if let Some(reason) = path.get_ident().and_then(|word| objection(&word.to_string())) {
            let word = path.to_token_stream();
            errors.at(path, format_args!("`#[serde({word})]` does not go with `Record`: {reason}"));
        }
    }
    let rename_all = model.serde.rename_all.as_ref();
    if let Some(names) = rename_all.filter(|names| names.writing_rule() != names.reading_rule()) {
        errors.at(&names.path, one_for_both("rename_all", "rule", names));
    }
}

fn objection(word: &str) -> Option<&'static str> {
    Some(match word {
        "transparent" => "a record is an object, and its only field would be written in its place",
        "from" | "try_from" => {
            "a record is read as the object of its fields; convert single fields with `#[serde(with = \"…\")]`, or \
             derive `Record` for the other type"
        }
        "into" => {
            "a record is written as the object of its fields; convert single fields with `#[serde(with = \"…\")]`, or \
             derive `Record` for the other type"
        }
        "remote" => "it implements serde's traits for another type, and the record itself could not be read",
        "tag" => "the struct's name would be written as one more field, which the record does not have",
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
        check(&Model::read(&input, &mut errors), &mut errors);
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
            ("#[serde(bound = \"\")] struct User<T> { id: Id<User<T>>, t: T }", &[]),
            ("struct User<const N: usize> { id: Id<User<N>> }", &[]),
            ("struct User<T> { id: Id<User<T>>, t: T }", &["a generic record"]),
            ("struct User { #[serde(skip_serializing)] id: Id<User>, #[serde(skip)] b: u8 }", &[]),
            ("struct User { id: Id<User>, #[serde(rename(serialize = \"b\"), skip_deserializing)] a: u8 }", &[]),
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
