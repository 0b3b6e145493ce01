//! Types of other crates that serde would store in another form than the server's native type.
//!
//! This module refuses those that it recognises by their path. The compiler looks up the rest, in code that
//! `expand::foreign` generates.

mod known;

use quote::ToTokens;
use syn::{GenericArgument, PathArguments, PathSegment, Type, TypePath};

use crate::errors::Errors;
use crate::model::{Field, Model};

pub(crate) use known::Foreign;

pub(super) fn check(model: &Model, fields: &[Field], errors: &mut Errors) {
    for field in fields {
        absent(model, field, errors);
        for ty in plain_types(field) {
            if let Some(foreign) = Foreign::named(ty) {
                let is_adaptable = std::ptr::eq(ty, adaptable(&field.node.ty));
                errors.at(ty, foreign.complaint(ty, is_adaptable));
            }
        }
    }
}

/// serde fills in the `None` of an absent field, but not beside a function that reads the field.
fn absent(model: &Model, field: &Field, errors: &mut Errors) {
    let Some(reader) = field.serde.reader.as_ref().filter(|_| reads_absent(model, field)) else {
        return;
    };
    if is_option(&field.node.ty) {
        let word = reader.to_token_stream();
        errors.at(
            reader,
            format_args!(
                "what is `None` is absent from a record, and beside `{word}` serde does not take an absent field for \
                 `None`; add `default`, as in `#[serde({word} = \"…\", default)]`"
            ),
        );
    }
}

/// Returns `true` if the compiler must check whether the type is an alias of `Option`.
pub(crate) fn may_need_default(model: &Model, field: &Field) -> bool {
    reads_absent(model, field) && !is_option(&field.node.ty)
}

/// Returns `true` if a function reads the field, and no default applies if it is absent.
fn reads_absent(model: &Model, field: &Field) -> bool {
    let has_default = field.serde.default || model.serde.default;
    field.serde.reader.is_some() && !has_default && field.is_read() && field.is_named()
}

fn is_option(ty: &Type) -> bool {
    segment(ty).is_some_and(|segment| segment.ident == "Option")
}

/// Returns the types that serde writes and reads in its own way: that of the field, or those of its elements.
pub(crate) fn plain_types<'a>(field: &Field<'a>) -> Vec<&'a Type> {
    let mut types = Vec::new();
    if !is_converted(field) {
        collect(&field.node.ty, &mut types);
    }
    types
}

/// Returns the type that an adapter would see, which takes `Option` and `Vec` and no other container.
fn adaptable(ty: &Type) -> &Type {
    let container = segment(ty).filter(|segment| segment.ident == "Option" || segment.ident == "Vec");
    container.and_then(element).map_or(ty, adaptable)
}

fn is_converted(field: &Field) -> bool {
    let is_written = field.is_written() && !field.is_set_by_server();
    let has_writer = field.serde.functions.iter().any(|(word, _)| word == "with" || word == "serialize_with");
    let has_reader = !is_written && field.serde.reader.is_some();
    has_writer || has_reader || !(is_written || field.is_read())
}

fn collect<'a>(ty: &'a Type, types: &mut Vec<&'a Type>) {
    match ty {
        Type::Array(array) => collect(&array.elem, types),
        Type::Slice(slice) => collect(&slice.elem, types),
        Type::Group(group) => collect(&group.elem, types),
        Type::Paren(paren) => collect(&paren.elem, types),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|ty| collect(ty, types)),
        _ => match segment(ty).and_then(element) {
            Some(element) => collect(element, types),
            None => types.push(ty),
        },
    }
}

/// Returns the last segment of a path such as `std::option::Option<T>`.
fn segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(TypePath { qself: None, path, .. }) => path.segments.last(),
        Type::Group(group) => segment(&group.elem),
        Type::Paren(paren) => segment(&paren.elem),
        _ => None,
    }
}

/// Returns what a container holds, if it is a container that serde writes element by element.
fn element(container: &PathSegment) -> Option<&Type> {
    let (_, at) = CONTAINERS.into_iter().find(|(name, _)| container.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &container.arguments else {
        return None;
    };
    let mut types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.nth(at)
}

/// The containers by name, with which of their parameters is the one that they hold.
const CONTAINERS: [(&str, usize); 11] = [
    ("Option", 0),
    ("Vec", 0),
    ("Box", 0),
    ("Arc", 0),
    ("VecDeque", 0),
    ("HashSet", 0),
    ("BTreeSet", 0),
    ("Set", 0),
    ("Range", 0),
    ("HashMap", 1),
    ("BTreeMap", 1),
];

#[cfg(test)]
mod tests {
    use syn::parse_str;

    use super::*;
    use crate::kind::Kind;

    #[test]
    fn elements_of_containers_are_looked_at() {
        for (field, expected) in [
            ("a: Option<uuid::Uuid>", &["uuid::Uuid"][..]),
            ("a: std::vec::Vec<Option<u8>>", &["u8"]),
            ("a: HashMap<String, Vec<u8>>", &["u8"]),
            ("a: [(u8, Box<[u16]>); 2]", &["u8", "u16"]),
            ("a: Id<User, u8>", &["Id<User,u8>"]),
            ("#[serde(with = \"m\")] a: u8", &[]),
            ("#[serde(serialize_with = \"m\")] a: u8", &[]),
            ("#[serde(deserialize_with = \"m\")] a: u8", &["u8"]),
            ("#[record(readonly)] a: u8", &["u8"]),
            ("#[record(readonly)] #[serde(deserialize_with = \"m\")] a: u8", &[]),
            ("#[serde(skip)] a: u8", &[]),
            ("#[serde(skip_serializing)] a: u8", &["u8"]),
        ] {
            let input = parse_str(&format!("struct User {{ {field} }}")).unwrap();
            let model = Model::of(Kind::Record, &input, &mut Errors::default());
            let types = model.fields.iter().flatten().flat_map(plain_types);
            let types: Vec<String> = types.map(|ty| ty.to_token_stream().to_string().replace(' ', "")).collect();
            assert_eq!(types, expected, "{field}");
        }
    }

    #[test]
    fn adapters_take_options_and_vectors() {
        for (ty, expected) in [
            ("u8", "u8"),
            ("Option<Vec<u8>>", "u8"),
            ("HashMap<String, u8>", "HashMap<String,u8>"),
            ("Vec<Box<u8>>", "Box<u8>"),
        ] {
            let ty = parse_str(ty).unwrap();
            assert_eq!(adaptable(&ty).to_token_stream().to_string().replace(' ', ""), expected);
        }
    }

    #[test]
    fn optional_field_with_a_function_needs_a_default() {
        for (field, is_refused) in [
            ("#[serde(with = \"m\")] a: Option<u8>", true),
            ("#[serde(deserialize_with = \"m\")] a: std::option::Option<u8>", true),
            ("#[record(readonly)] #[serde(with = \"m\")] a: Option<u8>", true),
            ("#[serde(with = \"m\", default)] a: Option<u8>", false),
            ("#[serde(default = \"none\", with = \"m\")] a: Option<u8>", false),
            ("#[serde(with = \"m\")] a: Vec<u8>", false),
            ("#[serde(serialize_with = \"m\")] a: Option<u8>", false),
            ("#[serde(with = \"m\", skip_deserializing)] a: Option<u8>", false),
        ] {
            for (container, is_refused) in [("", is_refused), ("#[serde(default)]", false)] {
                let input = parse_str(&format!("{container} struct User {{ {field} }}")).unwrap();
                let model = Model::of(Kind::Record, &input, &mut Errors::default());
                let mut errors = Errors::default();
                model.fields.iter().for_each(|fields| check(&model, fields, &mut errors));
                assert_eq!(
                    errors.messages().iter().any(|message| message.contains("add `default`")),
                    is_refused,
                    "{field}"
                );
            }
        }
    }
}
