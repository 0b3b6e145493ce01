//! Spans of time.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time;

use serde::de::{Error, SeqAccess};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::InvalidValue;
use super::tag::Tag;
use super::tagged::{self, Tagged};

/// A span of time in nanoseconds, never negative.
///
/// Converts from and to [`std::time::Duration`]. A field of that type is an object on the server, unless it uses
/// [`with::std_duration`](super::with::std_duration). The text form is SurrealQL's, such as `1h30m` or `5ms10ns`; a year
/// has 365 days.
///
/// # Examples
///
/// ```
/// use surreal_session::value::Duration;
///
/// let break_time = Duration::from(std::time::Duration::from_secs(5_400));
/// assert_eq!(break_time.to_string(), "1h30m");
/// assert_eq!("1h30m".parse::<Duration>()?, break_time);
/// # Ok::<(), surreal_session::value::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Duration(time::Duration);

impl Duration {
    /// The duration of zero nanoseconds.
    pub const ZERO: Self = Self(time::Duration::ZERO);
    /// The longest duration, about 584 billion years.
    pub const MAX: Self = Self(time::Duration::MAX);

    /// Creates a duration from seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(time::Duration::from_secs(seconds))
    }

    /// Creates a duration from milliseconds.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(time::Duration::from_millis(milliseconds))
    }

    /// Returns the duration as a type of the standard library.
    pub const fn as_std(&self) -> time::Duration {
        self.0
    }
}

impl From<time::Duration> for Duration {
    fn from(duration: time::Duration) -> Self {
        Self(duration)
    }
}

impl From<Duration> for time::Duration {
    fn from(duration: Duration) -> Self {
        duration.0
    }
}

impl FromStr for Duration {
    type Err = InvalidValue;

    /// Reads one or more integers with their units, in any order, and adds them.
    ///
    /// Like the server, it accepts space around the text, and `_` within a number.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let invalid = |reason: &'static str| InvalidValue::new(Tag::Duration.noun(), reason);
        let mut nanoseconds = 0_u128;
        let mut rest = text.trim_ascii();
        loop {
            let unit_at =
                rest.find(|c: char| !c.is_ascii_digit() && c != '_').ok_or_else(|| invalid("a unit is missing"))?;
            let (number, after) = rest.split_at(unit_at);
            let unit_end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
            let (unit, after) = after.split_at(unit_end);
            let unit = UNITS.iter().find(|(_, name)| *name == unit || (unit == "us" && *name == "µs"));
            let (size, _) = unit.ok_or_else(|| invalid("the units are y, w, d, h, m, s, ms, µs and ns"))?;
            let number: u128 = plain_digits(number).parse().map_err(|_| invalid("a number is missing or too big"))?;
            nanoseconds = number
                .checked_mul(*size)
                .and_then(|part| nanoseconds.checked_add(part))
                .ok_or_else(|| invalid("it is too long"))?;
            if after.is_empty() {
                return Self::from_nanoseconds(nanoseconds).ok_or_else(|| invalid("it is too long"));
            }
            rest = after;
        }
    }
}

/// The digits without `_`, which may follow the first digit.
pub(super) fn plain_digits(digits: &str) -> Cow<'_, str> {
    match digits.contains('_') && !digits.starts_with('_') {
        true => digits.replace('_', "").into(),
        false => digits.into(),
    }
}

impl Duration {
    fn from_nanoseconds(nanoseconds: u128) -> Option<Self> {
        let seconds = u64::try_from(nanoseconds / SECOND).ok()?;
        let nanoseconds = u32::try_from(nanoseconds % SECOND).ok()?;
        Some(Self(time::Duration::new(seconds, nanoseconds)))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0.as_nanos();
        if left == 0 {
            return f.write_str("0ns");
        }
        for (size, name) in UNITS {
            if left >= *size {
                write!(f, "{}{name}", left / size)?;
                left %= size;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Duration({self})")
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tagged::serialize(serializer, Tag::Duration, self, &DurationPayload(self.0))
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl<'de> Tagged<'de> for Duration {
    const TAG: Tag = Tag::Duration;

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        text.parse().map_err(E::custom)
    }

    fn from_elements<A: SeqAccess<'de>>(mut elements: A) -> Result<Self, A::Error> {
        let seconds: u64 = elements.next_element()?.unwrap_or(0);
        let nanoseconds: u32 = elements.next_element()?.unwrap_or(0);
        let carried = seconds.checked_add(u64::from(nanoseconds) / 1_000_000_000);
        let seconds = carried.ok_or_else(|| A::Error::custom("the duration is too long"))?;
        Ok(Self(time::Duration::new(seconds, nanoseconds % 1_000_000_000)))
    }
}

/// The payload: seconds and nanoseconds, without trailing zeros.
struct DurationPayload(time::Duration);

impl Serialize for DurationPayload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (seconds, nanoseconds) = (self.0.as_secs(), self.0.subsec_nanos());
        let length = match (seconds, nanoseconds) {
            (0, 0) => 0,
            (_, 0) => 1,
            _ => 2,
        };
        let mut parts = serializer.serialize_seq(Some(length))?;
        if length > 0 {
            parts.serialize_element(&seconds)?;
        }
        if length > 1 {
            parts.serialize_element(&nanoseconds)?;
        }
        parts.end()
    }
}

const SECOND: u128 = 1_000_000_000;

/// The units with their sizes in nanoseconds, longest first.
const UNITS: &[(u128, &str)] = &[
    (365 * 24 * 3_600 * SECOND, "y"),
    (7 * 24 * 3_600 * SECOND, "w"),
    (24 * 3_600 * SECOND, "d"),
    (3_600 * SECOND, "h"),
    (60 * SECOND, "m"),
    (SECOND, "s"),
    (1_000_000, "ms"),
    (1_000, "µs"),
    (1, "ns"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_that_of_surrealql() {
        for (seconds, nanoseconds, text) in [
            (0, 0, "0ns"),
            (1, 0, "1s"),
            (5_400, 0, "1h30m"),
            (0, 1_001_001, "1ms1µs1ns"),
            (59, 999_999_999, "59s999ms999µs999ns"),
            (31_536_000 + 604_800 + 86_400 + 3_661, 10, "1y1w1d1h1m1s10ns"),
            (u64::MAX, 999_999_999, "584942417355y3w5d7h15s999ms999µs999ns"),
        ] {
            let duration = Duration(time::Duration::new(seconds, nanoseconds));
            assert_eq!(duration.to_string(), text);
            assert_eq!(text.parse(), Ok(duration));
        }
    }

    #[test]
    fn units_are_added_in_any_order() {
        for (text, nanoseconds) in [
            ("1us", 1_000),
            (" 1_000ns\t", 1_000),
            ("1_s", 1_000_000_000),
            ("1ns1s", 1_000_000_001),
            ("90m", 5_400_000_000_000),
            ("1s1s", 2_000_000_000),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap().as_std().as_nanos(), nanoseconds, "{text}");
        }
    }

    #[test]
    fn other_text_is_refused() {
        let too_long = format!("{}s", u128::from(u64::MAX) + 1);
        let much_too_long = format!("{}y", u128::MAX);
        for text in
            ["", "1", "s", "1x", "1.5s", "-1s", "1 s", "_1s", "1s_", "1s 1s", "1mss", "1m s", &too_long, &much_too_long]
        {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }
}
