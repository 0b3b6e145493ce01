//! Questions that the derive asks of the type of each field while the program compiles.
//!
//! `Probe::<T>::ADVICE` is the constant of an inherent impl if there is one for exactly `T`, whatever name the program
//! uses for it, or else the constant of [`Unknown`]. The advice is for types that serde writes in another form than the
//! server's type for them.

use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;

use crate::value::Value;

/// The type `T` of a field, to be asked about. For generated code.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized> Probe<T> {
    /// Lets the constant that calls it fail to compile if there is advice, with that as the message.
    ///
    /// # Panics
    ///
    /// If there is advice.
    #[track_caller]
    #[expect(clippy::panic, reason = "it runs while a program compiles")]
    pub const fn follow(advice: Option<&'static str>) {
        if let Some(advice) = advice {
            panic!("{}", advice);
        }
    }
}

/// The answers for a type that has no inherent ones. For generated code.
pub trait Unknown {
    /// Advice against storing the type in serde's form; `None` if that form is fine.
    const ADVICE: Option<&'static str> = None;

    /// The attribute that a field of the type needs beside a function that reads it; `None` if none.
    const ABSENT: Option<&'static str> = None;

    /// `true` if the type is an `Option`.
    const IS_OPTIONAL: bool = false;

    /// The names in the type as a flattened field.
    const SHAPE: FlatShape = FlatShape::Other;

    /// Checks the type as a link.
    fn check_link() {}
}

/// The names in a flattened field, as far as they are known. For generated code.
#[derive(Debug, Clone, Copy)]
pub enum FlatShape {
    /// An object, or an `Option` of one, with these names.
    Object(&'static [&'static str]),
    /// A map, with any names.
    Map,
    /// Something else, such as an enum.
    Other,
}

impl<K, V> Probe<BTreeMap<K, V>> {
    /// A map has any names.
    pub const SHAPE: FlatShape = FlatShape::Map;
}

impl<K, V, S> Probe<HashMap<K, V, S>> {
    /// A map has any names.
    pub const SHAPE: FlatShape = FlatShape::Map;
}

impl<T: ?Sized> Unknown for Probe<T> {}

impl<T> Probe<Option<T>> {
    /// An `Option`.
    pub const IS_OPTIONAL: bool = true;

    /// serde fills in the `None` of an absent field, but not beside a function that reads the field.
    pub const ABSENT: Option<&'static str> = Some(
        "`None` is stored as an absent field, which serde cannot read beside `with` or `deserialize_with`: add \
         `default`, as in `#[serde(with = \"..\", default)]`",
    );
}

impl Probe<Value> {
    /// The same for `Value::None`.
    pub const ABSENT: Option<&'static str> = Some(
        "`Value::None` is stored as an absent field, which serde cannot read beside `with` or `deserialize_with`: add \
         `default`, as in `#[serde(with = \"..\", default)]`",
    );
}

/// Declares that a type, and the usual containers of it, should not be stored in serde's form, with advice.
///
/// The derive looks into containers by their names. This is for an alias of a container. An alias of a container in a
/// container is not recognised.
macro_rules! foreign {
    ([$($generics:tt)*] $foreign:ty => $advice:expr) => {
        $crate::value::with::foreign::foreign! { @ [$($generics)*] $foreign => $advice }
        $crate::value::with::foreign::foreign! { @ [$($generics)*] Option<$foreign> => $advice }
        $crate::value::with::foreign::foreign! { @ [$($generics)*] Vec<$foreign> => $advice }
        $crate::value::with::foreign::foreign! { @ [$($generics)*] Box<$foreign> => $crate::value::with::foreign::IN_CONTAINER }
        $crate::value::with::foreign::foreign! { @ [$($generics)*] std::collections::BTreeSet<$foreign> => $crate::value::with::foreign::IN_CONTAINER }
        $crate::value::with::foreign::foreign! { @ [__S, $($generics)*] std::collections::HashSet<$foreign, __S> => $crate::value::with::foreign::IN_CONTAINER }
        $crate::value::with::foreign::foreign! { @ [__K, $($generics)*] std::collections::BTreeMap<__K, $foreign> => $crate::value::with::foreign::IN_CONTAINER }
        $crate::value::with::foreign::foreign! { @ [__K, __S, $($generics)*] std::collections::HashMap<__K, $foreign, __S> => $crate::value::with::foreign::IN_CONTAINER }
    };
    (@ [$($generics:tt)*] $type:ty => $advice:expr) => {
        impl<$($generics)*> $crate::value::with::foreign::Probe<$type> {
            /// Advice against storing the type in serde's form.
            pub const ADVICE: Option<&'static str> = Some($advice);
        }
    };
    ($foreign:ty => $advice:expr) => {
        $crate::value::with::foreign::foreign! { [] $foreign => $advice }
    };
}

/// The advice on a type in a container that no adapter takes.
pub(super) const IN_CONTAINER: &str = "serde would store the elements of this container in a form that the server does not \
    know: use the types of `surreal_session::value` in it, which convert from and to those of other crates";

/// The advice on a type that has an adapter.
macro_rules! use_adapter {
    ($name:literal, $stored:literal, $module:literal, $native:ident) => {
        concat!(
            "`",
            $name,
            "` would be stored as ",
            $stored,
            ": add `#[serde(with = \"surreal_session::value::with::",
            $module,
            "\")]`, or use `surreal_session::value::",
            stringify!($native),
            "`"
        )
    };
}

pub(super) use {foreign, use_adapter};

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_refused<const N: usize>(module: &str, advice: [Option<&str>; N]) {
        for (index, advice) in advice.into_iter().enumerate() {
            assert!(advice.is_some_and(|advice| advice.contains(module)), "{index}: {advice:?}");
        }
    }

    #[test]
    fn foreign_types_are_refused_alone_and_in_containers() {
        type Alias = uuid::Uuid;
        assert_refused(
            "value::with::uuid",
            [
                Probe::<uuid::Uuid>::ADVICE,
                Probe::<Option<uuid::Uuid>>::ADVICE,
                Probe::<Vec<uuid::Uuid>>::ADVICE,
                Probe::<Alias>::ADVICE,
            ],
        );
        assert_refused("value::with::std_duration", [Probe::<std::time::Duration>::ADVICE]);
        assert_refused("surreal_session::value::Datetime", [Probe::<std::time::SystemTime>::ADVICE]);
    }

    #[test]
    fn containers_of_foreign_types_are_refused_by_any_name() {
        use std::collections::{BTreeSet, HashSet};
        type Workers = HashMap<String, uuid::Uuid>;
        let advice = [
            Probe::<Workers>::ADVICE,
            Probe::<BTreeMap<i64, std::time::Duration>>::ADVICE,
            Probe::<HashSet<uuid::Uuid>>::ADVICE,
            Probe::<BTreeSet<uuid::Uuid>>::ADVICE,
            Probe::<Box<uuid::Uuid>>::ADVICE,
        ];
        assert_eq!(advice, [Some(IN_CONTAINER); 5]);
    }

    #[test]
    fn options_and_values_need_a_default_beside_a_function() {
        type Maybe<T> = Option<T>;
        assert_refused("add `default`", [Probe::<Maybe<u8>>::ABSENT, Probe::<Value>::ABSENT]);
        assert_eq!([Probe::<Vec<u8>>::ABSENT, Probe::<u8>::ABSENT], [None; 2]);
    }

    #[test]
    fn other_types_are_not() {
        let advice = [
            Probe::<crate::value::Uuid>::ADVICE,
            Probe::<crate::value::Decimal>::ADVICE,
            Probe::<crate::value::Duration>::ADVICE,
            Probe::<crate::value::Geometry>::ADVICE,
            Probe::<Option<crate::value::Datetime>>::ADVICE,
            Probe::<Vec<String>>::ADVICE,
            Probe::<str>::ADVICE,
        ];
        assert_eq!(advice, [None; 7]);
    }

    #[cfg(feature = "chrono")]
    #[test]
    fn types_of_chrono_are_refused() {
        use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, Utc};
        let advice = [
            Probe::<DateTime<Utc>>::ADVICE,
            Probe::<DateTime<FixedOffset>>::ADVICE,
            Probe::<TimeDelta>::ADVICE,
            Probe::<NaiveDateTime>::ADVICE,
        ];
        assert_refused("value::with::chrono", advice);
        assert_eq!(Probe::<chrono::NaiveDate>::ADVICE, None);
    }

    #[cfg(feature = "time")]
    #[test]
    fn types_of_time_are_refused() {
        use time::{OffsetDateTime, PrimitiveDateTime, Timestamp, UtcDateTime};
        let advice = [
            Probe::<OffsetDateTime>::ADVICE,
            Probe::<UtcDateTime>::ADVICE,
            Probe::<Timestamp>::ADVICE,
            Probe::<time::Duration>::ADVICE,
            Probe::<PrimitiveDateTime>::ADVICE,
        ];
        assert_refused("value::with::time", advice);
    }

    #[cfg(feature = "jiff")]
    #[test]
    fn types_of_jiff_are_refused() {
        use jiff::{SignedDuration, Timestamp, Zoned};
        let advice = [
            Probe::<Timestamp>::ADVICE,
            Probe::<SignedDuration>::ADVICE,
            Probe::<Zoned>::ADVICE,
            Probe::<jiff::civil::DateTime>::ADVICE,
        ];
        assert_refused("value::with::jiff", advice);
    }

    #[cfg(feature = "rust_decimal")]
    #[test]
    fn decimals_are_refused() {
        assert_refused("value::with::rust_decimal", [Probe::<rust_decimal::Decimal>::ADVICE]);
    }

    #[cfg(feature = "geo-types")]
    #[test]
    fn types_of_geo_types_are_refused() {
        use geo_types::{
            Coord, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon,
        };
        let advice = [
            Probe::<Coord>::ADVICE,
            Probe::<Point>::ADVICE,
            Probe::<LineString>::ADVICE,
            Probe::<Polygon>::ADVICE,
            Probe::<MultiPoint>::ADVICE,
            Probe::<MultiLineString>::ADVICE,
            Probe::<MultiPolygon>::ADVICE,
            Probe::<GeometryCollection>::ADVICE,
            Probe::<geo_types::Geometry>::ADVICE,
        ];
        assert_refused("value::with::geo_types", advice);
    }
}
