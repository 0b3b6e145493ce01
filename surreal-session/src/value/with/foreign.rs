//! Types of other crates that serde would store in another form than the server's native type.
//!
//! The derive has each field's type looked up here while the program compiles: `Foreign::<T>::ADVICE` is the constant of
//! an impl below if there is one for exactly `T`, by whatever name the program calls it, and else that of [`Native`].

use std::marker::PhantomData;

use crate::value::Value;

/// The type that is looked up.
#[derive(Debug)]
pub struct Foreign<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized> Foreign<T> {
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

/// The defaults for types without advice.
pub trait Native {
    /// Advice against storing the type in serde's form; `None` if that form is fine.
    const ADVICE: Option<&'static str> = None;

    /// The attribute that a field of the type needs beside a function that reads it; `None` if none.
    const ABSENT: Option<&'static str> = None;
}

impl<T: ?Sized> Native for Foreign<T> {}

impl<T> Foreign<Option<T>> {
    /// serde fills in the `None` of an absent field, but not beside a function that reads the field.
    pub const ABSENT: Option<&'static str> = Some(
        "`None` is stored as an absent field, which serde cannot read beside `with` or `deserialize_with`: add \
         `default`, as in `#[serde(with = \"..\", default)]`",
    );
}

impl Foreign<Value> {
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
        impl<$($generics)*> $crate::value::with::foreign::Foreign<$type> {
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
                Foreign::<uuid::Uuid>::ADVICE,
                Foreign::<Option<uuid::Uuid>>::ADVICE,
                Foreign::<Vec<uuid::Uuid>>::ADVICE,
                Foreign::<Alias>::ADVICE,
            ],
        );
        assert_refused("value::with::std_duration", [Foreign::<std::time::Duration>::ADVICE]);
        assert_refused("surreal_session::value::Datetime", [Foreign::<std::time::SystemTime>::ADVICE]);
    }

    #[test]
    fn containers_of_foreign_types_are_refused_by_any_name() {
        use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
        type Workers = HashMap<String, uuid::Uuid>;
        let advice = [
            Foreign::<Workers>::ADVICE,
            Foreign::<BTreeMap<i64, std::time::Duration>>::ADVICE,
            Foreign::<HashSet<uuid::Uuid>>::ADVICE,
            Foreign::<BTreeSet<uuid::Uuid>>::ADVICE,
            Foreign::<Box<uuid::Uuid>>::ADVICE,
        ];
        assert_eq!(advice, [Some(IN_CONTAINER); 5]);
    }

    #[test]
    fn options_and_values_need_a_default_beside_a_function() {
        type Maybe<T> = Option<T>;
        assert_refused("add `default`", [Foreign::<Maybe<u8>>::ABSENT, Foreign::<Value>::ABSENT]);
        assert_eq!([Foreign::<Vec<u8>>::ABSENT, Foreign::<u8>::ABSENT], [None; 2]);
    }

    #[test]
    fn other_types_are_not() {
        let advice = [
            Foreign::<crate::value::Uuid>::ADVICE,
            Foreign::<crate::value::Decimal>::ADVICE,
            Foreign::<crate::value::Duration>::ADVICE,
            Foreign::<crate::value::Geometry>::ADVICE,
            Foreign::<Option<crate::value::Datetime>>::ADVICE,
            Foreign::<Vec<String>>::ADVICE,
            Foreign::<str>::ADVICE,
        ];
        assert_eq!(advice, [None; 7]);
    }

    #[cfg(feature = "chrono")]
    #[test]
    fn types_of_chrono_are_refused() {
        use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, Utc};
        let advice = [
            Foreign::<DateTime<Utc>>::ADVICE,
            Foreign::<DateTime<FixedOffset>>::ADVICE,
            Foreign::<TimeDelta>::ADVICE,
            Foreign::<NaiveDateTime>::ADVICE,
        ];
        assert_refused("value::with::chrono", advice);
        assert_eq!(Foreign::<chrono::NaiveDate>::ADVICE, None);
    }

    #[cfg(feature = "time")]
    #[test]
    fn types_of_time_are_refused() {
        use time::{OffsetDateTime, PrimitiveDateTime, Timestamp, UtcDateTime};
        let advice = [
            Foreign::<OffsetDateTime>::ADVICE,
            Foreign::<UtcDateTime>::ADVICE,
            Foreign::<Timestamp>::ADVICE,
            Foreign::<time::Duration>::ADVICE,
            Foreign::<PrimitiveDateTime>::ADVICE,
        ];
        assert_refused("value::with::time", advice);
    }

    #[cfg(feature = "jiff")]
    #[test]
    fn types_of_jiff_are_refused() {
        use jiff::{SignedDuration, Timestamp, Zoned};
        let advice = [
            Foreign::<Timestamp>::ADVICE,
            Foreign::<SignedDuration>::ADVICE,
            Foreign::<Zoned>::ADVICE,
            Foreign::<jiff::civil::DateTime>::ADVICE,
        ];
        assert_refused("value::with::jiff", advice);
    }

    #[cfg(feature = "rust_decimal")]
    #[test]
    fn decimals_are_refused() {
        assert_refused("value::with::rust_decimal", [Foreign::<rust_decimal::Decimal>::ADVICE]);
    }

    #[cfg(feature = "geo-types")]
    #[test]
    fn types_of_geo_types_are_refused() {
        use geo_types::{
            Coord, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon,
        };
        let advice = [
            Foreign::<Coord>::ADVICE,
            Foreign::<Point>::ADVICE,
            Foreign::<LineString>::ADVICE,
            Foreign::<Polygon>::ADVICE,
            Foreign::<MultiPoint>::ADVICE,
            Foreign::<MultiLineString>::ADVICE,
            Foreign::<MultiPolygon>::ADVICE,
            Foreign::<GeometryCollection>::ADVICE,
            Foreign::<geo_types::Geometry>::ADVICE,
        ];
        assert_refused("value::with::geo_types", advice);
    }
}
