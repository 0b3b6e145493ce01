//! Generates the code. Paths are absolute and go through the runtime crate: nothing in the user's scope is relied on.

mod adapted;
mod carried;
mod constructor;
mod fields;
mod generics;
mod key;
pub(crate) mod link;
mod new;
mod object;
mod patch;
mod probe;
mod read;
mod receiver;
mod record;
mod schema;
pub(crate) mod stored;
mod view;

use proc_macro2::TokenStream;

use crate::kind::Kind;
use crate::model::Model;

/// Expands what can be expanded; `sound` says whether the checks found nothing wrong.
pub(crate) fn expand(model: &Model, sound: bool) -> TokenStream {
    match model.kind {
        Kind::Record => expand_record(model, sound),
        Kind::Object => expand_object(model),
        Kind::View if sound => model.record.of.iter().map(|record| view::expand(model, record)).collect(),
        Kind::View | Kind::Link | Kind::Stored => TokenStream::new(),
    }
}

fn expand_record(model: &Model, sound: bool) -> TokenStream {
    let mut tokens = record::expand(model, sound);
    if model.is_usable() {
        tokens.extend(schema::table(model));
    }
    if model.fields.is_some() {
        tokens.extend(new::expand(model));
    }
    tokens.extend(object(model));
    tokens
}

fn expand_object(model: &Model) -> TokenStream {
    let mut tokens = object(model);
    if model.is_usable() {
        tokens.extend(key::expand(model));
    }
    tokens
}

/// The fields and the patch. What has them, has them for all of time.
fn object(model: &Model) -> TokenStream {
    if model.input.generics.lifetimes().next().is_some() {
        return TokenStream::new();
    }
    let mut tokens = object::expand(model);
    if model.is_usable() {
        tokens.extend(fields::expand(model));
        tokens.extend(adapted::expand(model));
        tokens.extend(patch::expand(model));
        tokens.extend(probe::foreign_types(model));
        tokens.extend(probe::links(model));
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;
    use syn::{DeriveInput, File, Item, parse_str, parse2};

    fn expanded(input: &str) -> File {
        let input: DeriveInput = parse_str(input).unwrap();
        parse2(crate::structure(Kind::Record, &input)).unwrap()
    }

    /// The generated struct without its attributes, as text without blanks.
    fn new_struct(input: &str) -> String {
        let items = expanded(input).items.into_iter();
        let mut structs = items.filter_map(|item| if let Item::Struct(item) = item { Some(item) } else { None });
        let mut new = structs.next().unwrap();
        new.attrs.clear();
        new.fields.iter_mut().for_each(|field| field.attrs.retain(|attr| attr.path().is_ident("cfg")));
        new.to_token_stream().to_string().replace(' ', "")
    }

    #[test]
    fn new_struct_has_the_fields_that_are_written() {
        for (input, expected) in [
            (
                "pub struct User { pub id: Id<User>, pub(crate) name: String }",
                "pubstructNewUser{pub(crate)name:String,}",
            ),
            ("struct User { id: Id<User>, #[record(readonly)] a: u8, #[serde(skip)] b: u8 }", "structNewUser{}"),
            ("struct User { id: Id<User>, #[cfg(x)] a: u8 }", "structNewUser{#[cfg(x)]a:u8,}"),
            ("struct r#type { id: Id<r#type>, r#in: u8 }", "structNewtype{r#in:u8,}"),
            (
                "#[record(new = \"Draft\")] struct User { id: Id<User>, a: Option<Id<Self>> }",
                "structDraft{a:Option<Id<User>>,}",
            ),
            ("struct A<T: B<T>> where T: C<Self> { t: T }", "structNewA<T:B<T>>whereT:C<A::<T>>{t:T,}"),
            (
                "struct A<K, T: B<K> + C = K> where K: D, T: E { #[serde(rename = \"id\")] k: K, t: T }",
                "structNewA<T:C>whereT:E{t:T,}",
            ),
            ("struct A<const N: usize, const M: usize> { a: [u8; N] }", "structNewA<constN:usize>{a:[u8;N],}"),
            ("struct A<T> { a: m::T }", "structNewA{a:m::T,}"),
            ("struct A<K, T> { #[serde(rename = \"id\")] k: K, a: B<Self> }", "structNewA<K,T>{a:B<A::<K,T>>,}"),
        ] {
            assert_eq!(new_struct(input), expected, "{input}");
        }
    }

    #[test]
    fn attributes_of_any_form_are_survived() {
        for attribute in [
            "record",
            "record = 1",
            "record()",
            "record(,)",
            "record(1)",
            "record(table)",
            "record(table =)",
            "record(table = \"a\" \"b\")",
            "record(table = a::b, new = 1, crate = \"1\")",
            "record(a::b(c), r#table)",
            "record(crate = \"::\")",
            "record(new = \"\")",
            "record{table = \"a\"}",
            "serde",
            "serde = 1",
            "serde(1)",
            "serde(rename)",
            "serde(rename())",
            "serde(rename = 1)",
            "serde(rename(serialize))",
            "serde(rename(1))",
            "serde(rename_all = \"wrong\")",
            "serde(bound = \"not a bound\")",
            "serde(bound = \"T\")",
            "serde(with)",
            "serde(with = \"\")",
            "serde(with = \"Self::\")",
            "serde(with = \"(\")",
            "serde(flatten = 1)",
            "doc",
            "expect",
            "serde(skip, rename = \"id\")",
            "serde(rename = \"\")",
        ] {
            expanded(&format!("#[{attribute}] struct User<T> {{ #[{attribute}] id: Id<User>, #[{attribute}] b: T }}"));
            expanded(&format!("#[{attribute}] enum User {{ #[{attribute}] A }}"));
        }
    }
}
