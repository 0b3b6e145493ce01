//! Types of other crates that serde would store as something else than the server's own type for them.
//!
//! Here those are refused that can be told by how they are written. The compiler looks up the rest, in what
//! `expand::foreign` generates.

use quote::ToTokens;
use syn::{GenericArgument, PathArguments, PathSegment, Type, TypePath};

use crate::errors::Errors;
use crate::model::{Field, Model};

pub(super) fn check(model: &Model, fields: &[Field], errors: &mut Errors) {
    for field in fields {
        absent(model, field, errors);
        for ty in plain_types(field) {
            if let Some(foreign) = Foreign::named(ty) {
                errors.at(ty, foreign.complaint(ty));
            }
        }
    }
}

/// serde fills in the `None` of an absent field, but not beside a function that reads the field.
fn absent(model: &Model, field: &Field, errors: &mut Errors) {
    let Some(reader) = &field.serde.reader else {
        return;
    };
    let is_optional = segment(&field.node.ty).is_some_and(|segment| segment.ident == "Option");
    let has_default = field.serde.default || model.serde.default;
    if is_optional && !has_default && field.is_read() && field.is_named() {
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

/// Returns the types that serde writes and reads in its own way: that of the field, or those of its elements.
pub(crate) fn plain_types<'a>(field: &Field<'a>) -> Vec<&'a Type> {
    let mut types = Vec::new();
    if !is_converted(field) {
        collect(&field.node.ty, &mut types);
    }
    types
}

fn is_converted(field: &Field) -> bool {
    let is_written = field.is_written() && !field.record.readonly;
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
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.into_iter().nth(at)
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

/// Types of another crate.
pub(crate) struct Foreign {
    /// The crate, or the module of the standard library.
    home: &'static str,
    names: &'static [&'static str],
    /// What they would be stored as.
    stored: &'static str,
    remedy: Remedy,
}

enum Remedy {
    /// The adapter, or this type of ours.
    Adapter(&'static str),
    /// This other type with the adapter, as these say no point in time, or more than one.
    Convert(&'static str),
    /// A type of ours that converts from and to it.
    Ours(&'static str),
}

impl Foreign {
    /// Returns what a type is, as far as its path shows it.
    pub(crate) fn named(ty: &Type) -> Option<&'static Self> {
        let Type::Path(TypePath { qself: None, path, .. }) = ty else {
            return None;
        };
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let (name, home) = segments.split_last()?;
        if home.is_empty() {
            let has_arguments = path.segments.last().is_some_and(|segment| !segment.arguments.is_none());
            let is_unmistakable = UNMISTAKABLE.contains(&name.as_str()) || (name == "DateTime" && has_arguments);
            return FOREIGN.iter().find(|foreign| is_unmistakable && foreign.names.contains(&name.as_str()));
        }
        FOREIGN.iter().find(|foreign| foreign.names.contains(&name.as_str()) && foreign.is_at(home))
    }

    /// What is in a crate may also be in its modules.
    fn is_at(&self, path: &[String]) -> bool {
        let mut path = path.iter();
        self.home.split("::").all(|module| path.next().is_some_and(|segment| segment == module))
    }

    fn complaint(&self, ty: &Type) -> String {
        let ty = ty.to_token_stream().to_string().replace(' ', "");
        let with = self.with();
        let advice = match self.remedy {
            Remedy::Adapter(ours) => format!("add {with}, or use `surreal_session::value::{ours}`"),
            Remedy::Convert(other) => format!("use `{other}` with {with}, or `surreal_session::value::Datetime`"),
            Remedy::Ours(ours) => format!("use `surreal_session::value::{ours}`, which converts from and to it"),
        };
        format!("`{ty}` would be stored as {}: {advice}", self.stored)
    }

    fn with(&self) -> String {
        let (module, feature) = match self.home {
            "std::time" | "core::time" => ("std_duration", None),
            "uuid" => ("uuid", None),
            "geo_types" => ("geo_types", Some("geo-types")),
            home => (home, Some(home)),
        };
        let feature = feature.map(|feature| format!(" (feature `{feature}`)")).unwrap_or_default();
        format!("`#[serde(with = \"surreal_session::value::with::{module}\")]`{feature}")
    }
}

/// Names that no other crate is known to have, so that they are recognised alone; as is `DateTime<…>`.
const UNMISTAKABLE: [&str; 5] =
    ["NaiveDateTime", "OffsetDateTime", "PlainDateTime", "PrimitiveDateTime", "UtcDateTime"];

/// `time::Duration` is not among them: after `use std::time` it is the standard library's.
const FOREIGN: &[Foreign] = &[
    foreign("chrono", &["DateTime"], "a string", Remedy::Adapter("Datetime")),
    foreign("chrono", &["NaiveDateTime"], "a string", Remedy::Convert("DateTime<Utc>")),
    foreign("chrono", &["TimeDelta", "Duration"], "an array", Remedy::Adapter("Duration")),
    foreign("time", &["OffsetDateTime", "UtcDateTime"], "an array", Remedy::Adapter("Datetime")),
    foreign("time", &["Timestamp"], "an int", Remedy::Adapter("Datetime")),
    foreign("time", &["PlainDateTime", "PrimitiveDateTime"], "an array", Remedy::Convert("UtcDateTime")),
    foreign("jiff", &["Timestamp"], "a string", Remedy::Adapter("Datetime")),
    foreign("jiff", &["DateTime", "Zoned"], "a string", Remedy::Convert("Timestamp")),
    foreign("jiff", &["SignedDuration"], "a string", Remedy::Adapter("Duration")),
    foreign("rust_decimal", &["Decimal"], "a string", Remedy::Adapter("Decimal")),
    foreign("uuid", &["Uuid"], "bytes", Remedy::Adapter("Uuid")),
    foreign("geo_types", &["Coord", "Geometry", "Point", "Polygon"], "an object", Remedy::Adapter("Geometry")),
    foreign(
        "geo_types",
        &["GeometryCollection", "LineString", "MultiLineString", "MultiPoint", "MultiPolygon"],
        "an array",
        Remedy::Adapter("Geometry"),
    ),
    foreign("std::time", &["Duration"], "an object", Remedy::Adapter("Duration")),
    foreign("std::time", &["SystemTime"], "an object", Remedy::Ours("Datetime")),
    foreign("core::time", &["Duration"], "an object", Remedy::Adapter("Duration")),
];

const fn foreign(home: &'static str, names: &'static [&'static str], stored: &'static str, remedy: Remedy) -> Foreign {
    Foreign { home, names, stored, remedy }
}

#[cfg(test)]
mod tests {
    use syn::parse_str;

    use super::*;

    fn complaint(ty: &str) -> Option<String> {
        let ty: Type = parse_str(ty).unwrap();
        Foreign::named(&ty).map(|foreign| foreign.complaint(&ty))
    }

    #[test]
    fn types_of_other_crates_are_told_by_their_path() {
        for (ty, stored, advice) in [
            (
                "chrono::DateTime<Utc>",
                "a string",
                "with::chrono\")]` (feature `chrono`), or use `surreal_session::value::Datetime`",
            ),
            ("::chrono::prelude::DateTime<chrono::Utc>", "a string", "with::chrono"),
            ("DateTime<FixedOffset>", "a string", "with::chrono"),
            (
                "NaiveDateTime",
                "a string",
                "use `DateTime<Utc>` with `#[serde(with = \"surreal_session::value::with::chrono",
            ),
            ("chrono::TimeDelta", "an array", "value::Duration`"),
            ("OffsetDateTime", "an array", "(feature `time`), or use `surreal_session::value::Datetime`"),
            ("time::Timestamp", "an int", "with::time"),
            ("PrimitiveDateTime", "an array", "use `UtcDateTime`"),
            ("jiff::Timestamp", "a string", "with::jiff"),
            ("jiff::civil::DateTime", "a string", "use `Timestamp`"),
            ("jiff::SignedDuration", "a string", "value::Duration`"),
            ("rust_decimal::Decimal", "a string", "(feature `rust_decimal`), or use `surreal_session::value::Decimal`"),
            ("rust_decimal::prelude::Decimal", "a string", "with::rust_decimal"),
            ("uuid::Uuid", "bytes", "with::uuid\")]`, or use `surreal_session::value::Uuid`"),
            ("geo_types::Point", "an object", "with::geo_types\")]` (feature `geo-types`), or use"),
            ("geo_types::LineString<f64>", "an array", "value::Geometry`"),
            ("std::time::Duration", "an object", "with::std_duration\")]`, or use `surreal_session::value::Duration`"),
            ("::core::time::Duration", "an object", "with::std_duration"),
            ("std::time::SystemTime", "an object", "use `surreal_session::value::Datetime`, which converts"),
        ] {
            let complaint = complaint(ty).unwrap_or_else(|| panic!("{ty} is not refused"));
            assert!(complaint.starts_with(&format!("`{ty}` would be stored as {stored}: ")), "{complaint}");
            assert!(complaint.contains(advice), "{complaint}");
        }
    }

    #[test]
    fn other_types_are_not_taken_for_them() {
        for ty in [
            "Uuid",
            "Decimal",
            "Duration",
            "Datetime",
            "DateTime",
            "Timestamp",
            "Geometry",
            "surreal_session::value::Uuid",
            "value::Uuid",
            "surreal_session::Datetime",
            "time::Duration",
            "crate::time::OffsetDateTime",
            "self::uuid::Uuid",
            "chrono::NaiveDate",
            "jiff::civil::Date",
            "std::time::Instant",
            "mine::DateTime<Utc>",
            "<T as chrono::TimeZone>::DateTime",
            "(uuid::Uuid,)",
        ] {
            assert_eq!(complaint(ty), None, "{ty}");
        }
    }

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
            let model = Model::read(&input, &mut Errors::default());
            let types = model.fields.iter().flatten().flat_map(plain_types);
            let types: Vec<String> = types.map(|ty| ty.to_token_stream().to_string().replace(' ', "")).collect();
            assert_eq!(types, expected, "{field}");
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
                let model = Model::read(&input, &mut Errors::default());
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
