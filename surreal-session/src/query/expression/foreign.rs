//! Types of other crates that are stored in their order, by the adapters for them.

use super::Ordered;

impl Ordered for std::time::Duration {}
impl Ordered for uuid::Uuid {}

#[cfg(feature = "chrono")]
impl<Tz: chrono::TimeZone> Ordered for chrono::DateTime<Tz> {}
#[cfg(feature = "chrono")]
impl Ordered for chrono::TimeDelta {}

#[cfg(feature = "jiff")]
impl Ordered for jiff::Timestamp {}
#[cfg(feature = "jiff")]
impl Ordered for jiff::SignedDuration {}

#[cfg(feature = "rust_decimal")]
impl Ordered for rust_decimal::Decimal {}

#[cfg(feature = "time")]
impl Ordered for time::OffsetDateTime {}
#[cfg(feature = "time")]
impl Ordered for time::UtcDateTime {}
#[cfg(feature = "time")]
impl Ordered for time::Timestamp {}
#[cfg(feature = "time")]
impl Ordered for time::Duration {}
