//! The types of other crates that are recognised by their paths.

use quote::ToTokens;
use syn::{Type, TypePath};

/// Types of another crate.
pub(crate) struct Foreign {
    /// The crate, or the module of the standard library.
    home: &'static str,
    names: &'static [&'static str],
    /// The form in which serde would store them.
    stored: &'static str,
    remedy: Remedy,
}

enum Remedy {
    /// The adapter, or this type of ours.
    Adapter(&'static str),
    /// Another type of that crate, which the adapter takes.
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

    /// Accepts paths through modules of the crate.
    fn is_at(&self, path: &[String]) -> bool {
        let mut path = path.iter();
        self.home.split("::").all(|module| path.next().is_some_and(|segment| segment == module))
    }

    /// An adapter is no advice for a type in a container that it does not take.
    pub(super) fn complaint(&self, ty: &Type, is_adaptable: bool) -> String {
        let ty = ty.to_token_stream().to_string().replace(' ', "");
        let with = self.with();
        let advice = match self.remedy {
            Remedy::Adapter(ours) | Remedy::Ours(ours) if !is_adaptable => {
                format!("use `surreal_session::value::{ours}` in this container, which converts from and to it")
            }
            Remedy::Convert(_) if !is_adaptable => {
                "use `surreal_session::value::Datetime` in this container".to_owned()
            }
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
    foreign("uuid", &["Uuid"], "a string", Remedy::Adapter("Uuid")),
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
        Foreign::named(&ty).map(|foreign| foreign.complaint(&ty, true))
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
            ("uuid::Uuid", "a string", "with::uuid\")]`, or use `surreal_session::value::Uuid`"),
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
    fn adapter_is_no_advice_in_a_container_that_it_does_not_take() {
        for ty in ["std::time::Duration", "chrono::DateTime<Utc>", "chrono::NaiveDateTime", "std::time::SystemTime"] {
            let ty: Type = parse_str(ty).unwrap();
            let complaint = Foreign::named(&ty).unwrap().complaint(&ty, false);
            assert!(complaint.contains("in this container") && !complaint.contains("with::"), "{complaint}");
        }
    }
}
