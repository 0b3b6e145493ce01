//! Points in time.

mod civil;

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::{Error, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::InvalidValue;
use super::tag::Tag;
use super::tagged::{self, Tagged};
use civil::Civil;

/// A point in time in nanoseconds, in UTC.
///
/// Its text is RFC 3339, such as `2026-01-31T09:05:00.250Z`, with 0, 3, 6 or 9 digits after the second. Its range is the
/// server's: the years -262143 to 262142. Years of more than four digits have a sign.
///
/// # Examples
///
/// ```
/// use surreal_session::Datetime;
///
/// let landing: Datetime = "1969-07-20T22:17:40+02:00".parse()?;
/// assert_eq!(landing.to_string(), "1969-07-20T20:17:40Z");
/// assert_eq!(landing.timestamp(), -14_182_940);
/// # Ok::<(), surreal_session::value::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Datetime {
    /// Since 1970. Invariant: between those of `MIN` and `MAX`.
    seconds: i64,
    /// Invariant: less than a second.
    nanoseconds: u32,
}

impl Datetime {
    /// The earliest datetime, at the beginning of the year -262143.
    pub const MIN: Self = Self { seconds: -8_334_601_228_800, nanoseconds: 0 };
    /// The latest datetime, at the end of the year 262142.
    pub const MAX: Self = Self { seconds: 8_210_266_876_799, nanoseconds: 999_999_999 };
    /// The beginning of 1970.
    pub const UNIX_EPOCH: Self = Self { seconds: 0, nanoseconds: 0 };

    /// Returns the current time of this machine.
    pub fn now() -> Self {
        // A clock outside the range would be wrong by a quarter of a million years.
        Self::try_from(SystemTime::now()).unwrap_or(Self::UNIX_EPOCH)
    }

    /// Creates a datetime from the seconds since the beginning of 1970, and the nanoseconds after that second.
    ///
    /// Returns `None` if it is outside the server's range, or if `nanoseconds` is a second or more.
    pub const fn from_timestamp(seconds: i64, nanoseconds: u32) -> Option<Self> {
        let is_valid = Self::MIN.seconds <= seconds && seconds <= Self::MAX.seconds && nanoseconds < SECOND;
        if is_valid { Some(Self { seconds, nanoseconds }) } else { None }
    }

    /// Returns the whole seconds since the beginning of 1970, rounded down.
    pub const fn timestamp(&self) -> i64 {
        self.seconds
    }

    /// Returns the nanoseconds after [`timestamp`](Self::timestamp), less than a second.
    pub const fn subsec_nanos(&self) -> u32 {
        self.nanoseconds
    }
}

impl TryFrom<SystemTime> for Datetime {
    type Error = InvalidValue;

    /// Fails only outside the range from [`Datetime::MIN`] to [`Datetime::MAX`].
    fn try_from(time: SystemTime) -> Result<Self, InvalidValue> {
        let datetime = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs())
                .ok()
                .and_then(|seconds| Self::from_timestamp(seconds, after.subsec_nanos())),
            Err(error) => {
                let before = error.duration();
                let borrowed = u64::from(before.subsec_nanos() > 0);
                let seconds =
                    before.as_secs().checked_add(borrowed).and_then(|seconds| 0_i64.checked_sub_unsigned(seconds));
                seconds.and_then(|seconds| Self::from_timestamp(seconds, (SECOND - before.subsec_nanos()) % SECOND))
            }
        };
        datetime.ok_or_else(out_of_range)
    }
}

impl TryFrom<Datetime> for SystemTime {
    type Error = InvalidValue;

    /// Fails only if the system's clock cannot hold it.
    fn try_from(datetime: Datetime) -> Result<Self, InvalidValue> {
        let seconds = std::time::Duration::from_secs(datetime.seconds.unsigned_abs());
        let whole =
            if datetime.seconds < 0 { UNIX_EPOCH.checked_sub(seconds) } else { UNIX_EPOCH.checked_add(seconds) };
        let fraction = std::time::Duration::from_nanos(datetime.nanoseconds.into());
        whole.and_then(|whole| whole.checked_add(fraction)).ok_or_else(out_of_range)
    }
}

impl FromStr for Datetime {
    type Err = InvalidValue;

    /// Reads RFC 3339 like the server: with any offset, a space instead of the `T`, any number of digits after the second
    /// (nine of them count), or a date alone.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let (civil, offset_seconds) = civil::parse(text).map_err(invalid)?;
        let nanoseconds = civil.nanoseconds;
        Self::from_timestamp(civil.to_timestamp() - i64::from(offset_seconds), nanoseconds).ok_or_else(out_of_range)
    }
}

impl fmt::Display for Datetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Civil::from_timestamp(self.seconds, self.nanoseconds).fmt(f)
    }
}

impl fmt::Debug for Datetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Datetime({self})")
    }
}

impl Serialize for Datetime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tagged::serialize(serializer, Tag::Datetime, self, &(self.seconds, self.nanoseconds))
    }
}

impl<'de> Deserialize<'de> for Datetime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl<'de> Tagged<'de> for Datetime {
    const TAG: Tag = Tag::Datetime;

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        text.parse().map_err(E::custom)
    }

    fn from_elements<A: SeqAccess<'de>>(mut elements: A) -> Result<Self, A::Error> {
        let seconds: i64 = tagged::next(&mut elements, 0, "seconds and nanoseconds")?;
        let nanoseconds: u32 = tagged::next(&mut elements, 1, "seconds and nanoseconds")?;
        // The server counts a leap second as nanoseconds of the second before; here it is the second after.
        let carried = seconds.checked_add(i64::from(nanoseconds / SECOND));
        carried
            .and_then(|seconds| Self::from_timestamp(seconds, nanoseconds % SECOND))
            .ok_or_else(|| A::Error::custom(out_of_range()))
    }
}

fn invalid(reason: &'static str) -> InvalidValue {
    InvalidValue::new(Tag::Datetime.noun(), reason)
}

pub(super) fn out_of_range() -> InvalidValue {
    invalid("the year is outside -262143 to 262142")
}

const SECOND: u32 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, nanoseconds: u32) -> Datetime {
        Datetime::from_timestamp(seconds, nanoseconds).unwrap()
    }

    #[test]
    fn text_is_rfc_3339_as_the_server_writes_it() {
        for (datetime, text) in [
            (Datetime::UNIX_EPOCH, "1970-01-01T00:00:00Z"),
            (at(-1, 999_999_999), "1969-12-31T23:59:59.999999999Z"),
            (at(951_782_400, 0), "2000-02-29T00:00:00Z"),
            (at(1_709_251_199, 500_000_000), "2024-02-29T23:59:59.500Z"),
            (at(1_709_251_200, 1_000), "2024-03-01T00:00:00.000001Z"),
            (at(253_402_300_799, 1), "9999-12-31T23:59:59.000000001Z"),
            (at(253_402_300_800, 0), "+10000-01-01T00:00:00Z"),
            (at(-62_135_596_800, 0), "0001-01-01T00:00:00Z"),
            (at(-62_135_596_801, 0), "0000-12-31T23:59:59Z"),
            (at(-62_167_219_201, 0), "-0001-12-31T23:59:59Z"),
            (Datetime::MIN, "-262143-01-01T00:00:00Z"),
            (Datetime::MAX, "+262142-12-31T23:59:59.999999999Z"),
        ] {
            assert_eq!(datetime.to_string(), text);
            assert_eq!(text.parse(), Ok(datetime));
        }
    }

    #[test]
    fn text_of_other_forms_is_read() {
        for (text, expected) in [
            ("1970-01-01", at(0, 0)),
            ("1970-01-01t00:00:00z", at(0, 0)),
            ("1970-01-01 01:00:00+01:00", at(0, 0)),
            ("1969-12-31T18:30:00-05:30", at(0, 0)),
            ("1970-01-01T00:00:00.1Z", at(0, 100_000_000)),
            ("1970-01-01T00:00:00.1234567899Z", at(0, 123_456_789)),
            ("+2024-02-29T00:00:00Z", at(1_709_164_800, 0)),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "",
            "1970",
            "1970-01",
            "70-01-01",
            "1970-13-01",
            "1970-00-01",
            "1970-01-00",
            "1970-04-31",
            "2023-02-29",
            "1900-02-29",
            "1970-01-01T",
            "1970-01-01T00:00",
            "1970-01-01T00:00:00",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:60:00Z",
            "1970-01-01T00:00:60Z",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00Zx",
            "1970-01-01T00:00:00+24:00",
            "1970-01-01T00:00:00+0100",
            "1970-01-01Z",
            "1970-1-1",
            "19700-01-01x",
            "+262143-01-01",
            "-262144-12-31",
            "+262142-12-31T23:59:59-00:01",
            "1970-01-01T00:00:0é",
        ] {
            assert!(text.parse::<Datetime>().is_err(), "{text}");
        }
    }

    #[test]
    fn system_time_is_the_same_time() {
        for datetime in [at(0, 0), at(1_700_000_000, 123), at(-1, 1), at(-1_000_000, 999_999_999), at(-5, 0)] {
            let system = SystemTime::try_from(datetime).unwrap();
            assert_eq!(Datetime::try_from(system), Ok(datetime));
        }
        assert!(Datetime::now() > at(1_700_000_000, 0));
    }

    #[test]
    fn timestamps_outside_the_range_are_refused() {
        assert_eq!(Datetime::from_timestamp(Datetime::MAX.seconds + 1, 0), None);
        assert_eq!(Datetime::from_timestamp(Datetime::MIN.seconds - 1, 0), None);
        assert_eq!(Datetime::from_timestamp(0, 1_000_000_000), None);
    }
}
