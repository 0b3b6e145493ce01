//! Types of other crates that are stored in their order, by the adapters for them.

use super::Ordered;

impl Ordered for std::time::Duration {}
impl Ordered for uuid::Uuid {}

#[cfg(feature = "chrono")]
impl<Tz: chrono::TimeZone> Ordered for chrono::DateTime<Tz> {}
#[cfg(feature = "chrono")]
impl Ordered for chrono::TimeDelta {}

// Dates and times of day are text in their order, for years of four digits.
#[cfg(feature = "chrono")]
impl Ordered for chrono::NaiveDate {}
#[cfg(feature = "chrono")]
impl Ordered for chrono::NaiveTime {}
#[cfg(feature = "jiff")]
impl Ordered for jiff::civil::Date {}
#[cfg(feature = "jiff")]
impl Ordered for jiff::civil::Time {}

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
