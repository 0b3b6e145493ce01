//! Adapters that store fields of other crates' types as the server's own types.
//!
//! serde writes a `chrono::DateTime` or a `uuid::Uuid` as a string, and a [`std::time::Duration`] as an object. The server
//! would store, compare and index strings and objects. With `#[serde(with = "…")]`, a field is stored as the native type:
//!
//! | Module | Feature | Types | Stored as |
//! |---|---|---|---|
//! | `chrono` | `chrono` | `DateTime` of `Utc`, `FixedOffset` and `Local` | [`Datetime`](super::Datetime) |
//! | | | `TimeDelta` | [`Duration`](super::Duration) |
//! | `geo_types` | `geo-types` | `Coord`, `Point`, `LineString`, `Polygon`, `MultiPoint`, `MultiLineString`, `MultiPolygon`, `GeometryCollection`, `Geometry`, of `f64` | [`Geometry`](super::Geometry) |
//! | `jiff` | `jiff` | `Timestamp` | [`Datetime`](super::Datetime) |
//! | | | `SignedDuration` | [`Duration`](super::Duration) |
//! | `rust_decimal` | `rust_decimal` | `Decimal` | [`Decimal`](super::Decimal) |
//! | [`mod@std_duration`] | | [`std::time::Duration`] | [`Duration`](super::Duration) |
//! | `time` | `time` | `OffsetDateTime`, `UtcDateTime`, `Timestamp` | [`Datetime`](super::Datetime) |
//! | | | `Duration` | [`Duration`](super::Duration) |
//! | [`mod@uuid`] | | [`uuid::Uuid`](::uuid::Uuid) | [`Uuid`](super::Uuid) |
//!
//! Each adapter takes its types, and `Option` and `Vec` of them. Nothing is rounded: times keep their nanoseconds, and a
//! value outside the range of the other type, such as a negative duration, is an error that names the field. Only the
//! instant of a time is stored: it comes back in UTC.
//!
//! The same conversions exist as `From`, or as `TryFrom` where the ranges differ. Use them for bound values:
//! `.bind("since", Datetime::from(chrono::Utc::now()))`.
//!
//! # Optional fields
//!
//! An `Option` that is `None` is absent from the stored record. serde reads an absent field as `None`, but not with
//! `with`: such a field needs `default` as well, and `#[derive(Record)]` requires it.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use surreal_session::prelude::*;
//!
//! #[derive(Debug, Serialize, Deserialize, Record)]
//! struct Job {
//!     id: Id<Job>,
//!     #[serde(with = "surreal_session::value::with::std_duration")]
//!     timeout: std::time::Duration,
//!     #[serde(with = "surreal_session::value::with::uuid", default)]
//!     worker: Option<uuid::Uuid>,
//! }
//! ```

mod adapted;
pub(crate) mod foreign;

#[cfg(feature = "chrono")]
pub mod chrono;
#[cfg(feature = "geo-types")]
pub mod geo_types;
#[cfg(feature = "jiff")]
pub mod jiff;
#[cfg(feature = "rust_decimal")]
pub mod rust_decimal;
#[cfg(feature = "time")]
pub mod time;

pub mod std_duration {
    //! [`std::time::Duration`] as [`Duration`](crate::value::Duration), which has the same range.

    use super::adapted::adapter;
    use super::foreign::foreign;

    adapter! {
        "std_duration";
        std::time::Duration as "std::time::Duration" => Duration, not "an object";
    }

    foreign! {
        std::time::SystemTime =>
            "`std::time::SystemTime` would be stored as an object: use `surreal_session::value::Datetime`, which converts from and to it"
    }
}

pub mod uuid {
    //! [`uuid::Uuid`] as [`Uuid`](crate::value::Uuid), which has the same range.

    use super::adapted::adapter;

    adapter! {
        "uuid";
        uuid::Uuid as "uuid::Uuid" => Uuid, not "a string";
    }
}
