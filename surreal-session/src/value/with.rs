//! Adapters: fields whose types are those of other crates, stored as the server's own types.
//!
//! serde writes a `chrono::DateTime` as a string, a `uuid::Uuid` too, and a [`std::time::Duration`] as an object. The
//! server would store them as that, and not compare or index them as what they are. With `#[serde(with = "…")]` a field
//! goes to the server as the type beside it, and comes back from it:
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
//! Each takes its types, and `Option` and `Vec` of them. Nothing is rounded: times keep their nanoseconds, and what the
//! other side cannot hold is an error that names the field. A negative duration is such a value, as the server has none.
//! Of a time only the instant is stored: it comes back in UTC.
//!
//! The same conversions are there as `From`, or as `TryFrom` where the ranges differ. They are what a bound value needs,
//! as in `.bind("since", Datetime::from(chrono::Utc::now()))`.
//!
//! # Optional fields
//!
//! An `Option` that is `None` is absent from the stored record. serde takes an absent field for `None` on its own, but
//! not beside `with`: there the field needs `default` as well, and `#[derive(Record)]` asks for it.
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
#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
mod span;

#[cfg(feature = "chrono")]
pub mod chrono;
#[cfg(feature = "geo-types")]
pub mod geo_types;
#[cfg(feature = "jiff")]
pub mod jiff;
#[cfg(feature = "rust_decimal")]
pub mod rust_decimal;
pub mod std_duration;
#[cfg(feature = "time")]
pub mod time;
pub mod uuid;
