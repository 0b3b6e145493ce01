//! Types of other crates: those that are stored in their order, by the adapters for them, and those whose values are
//! converted for a field of the server's own type.

use super::{Operand, Ordered, Settable, Term};
use crate::value;

macro_rules! converted {
    ($($(#[$attr:meta])* [$($generics:tt)*] $foreign:ty => $native:ty;)+) => {$(
        $(#[$attr])*
        #[diagnostic::do_not_recommend]
        impl<R, $($generics)*> Operand<R, $native> for $foreign {
            fn term(self) -> Term {
                Term::value(&<$native>::from(self))
            }
        }

        $(#[$attr])*
        #[diagnostic::do_not_recommend]
        impl<R, $($generics)*> Operand<R, Option<$native>> for $foreign {
            fn term(self) -> Term {
                Term::value(&<$native>::from(self))
            }
        }

        $(#[$attr])*
        #[diagnostic::do_not_recommend]
        impl<R, $($generics)*> Settable<R, $native> for $foreign {}

        $(#[$attr])*
        #[diagnostic::do_not_recommend]
        impl<R, $($generics)*> Settable<R, Option<$native>> for $foreign {}
    )+};
}

// Only where no value is lost or refused: the datetimes of `time` and signed durations may be beyond the server's.
converted! {
    [] std::time::Duration => value::Duration;
    [] uuid::Uuid => value::Uuid;
    #[cfg(feature = "chrono")]
    [Tz: chrono::TimeZone] chrono::DateTime<Tz> => value::Datetime;
    #[cfg(feature = "jiff")]
    [] jiff::Timestamp => value::Datetime;
    #[cfg(feature = "rust_decimal")]
    [] rust_decimal::Decimal => value::Decimal;
}

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
