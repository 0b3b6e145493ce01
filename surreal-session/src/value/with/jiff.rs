//! `jiff::Timestamp` as [`Datetime`], and `jiff::SignedDuration` as [`Duration`].
//!
//! A `Timestamp` has the years -9999 to 9999; a datetime outside them is an error. A `SignedDuration` may be negative,
//! which is an error, and is at most 292 billion years long; longer durations are an error.

use jiff::{SignedDuration, Timestamp};

use super::adapted::adapter;
use super::adapted::{negative_duration, too_long_duration};
use super::foreign::foreign;
use crate::value::{Datetime, Duration, InvalidValue, Value};

adapter! {
    "jiff";
    Timestamp as "jiff::Timestamp" => Datetime, not "a string";
    SignedDuration as "jiff::SignedDuration" => Duration, not "a string";
}

foreign! {
    jiff::Zoned =>
        "`jiff::Zoned` would be stored as a string: use `Timestamp` with \
        `#[serde(with = \"surreal_session::value::with::jiff\")]`, or `surreal_session::value::Datetime`"
}

foreign! {
    jiff::civil::DateTime =>
        "`jiff::civil::DateTime` would be stored as a string: use `Timestamp` with \
        `#[serde(with = \"surreal_session::value::with::jiff\")]`, or `surreal_session::value::Datetime`"
}

impl From<Timestamp> for Datetime {
    fn from(time: Timestamp) -> Self {
        // Before 1970 the nanoseconds are negative.
        let borrowed = i64::from(time.subsec_nanosecond() < 0);
        let nanoseconds = time.subsec_nanosecond().rem_euclid(SECOND).unsigned_abs();
        // The range of a timestamp is less than a tenth of this one.
        Self::from_timestamp(time.as_second() - borrowed, nanoseconds).unwrap_or(Self::MAX)
    }
}

impl TryFrom<Datetime> for Timestamp {
    type Error = InvalidValue;

    /// Fails only outside the range from [`Timestamp::MIN`] to [`Timestamp::MAX`].
    fn try_from(datetime: Datetime) -> Result<Self, InvalidValue> {
        let time = Self::new(datetime.timestamp(), datetime.subsec_nanos().cast_signed());
        time.map_err(|_| {
            InvalidValue::new("a `jiff::Timestamp`", format!("it is outside {} to {}", Self::MIN, Self::MAX))
        })
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Datetime(time.into())
    }
}

impl TryFrom<SignedDuration> for Duration {
    type Error = InvalidValue;

    /// Fails only if it is negative.
    fn try_from(duration: SignedDuration) -> Result<Self, InvalidValue> {
        std::time::Duration::try_from(duration).map(Self::from).map_err(|_| negative_duration())
    }
}

impl TryFrom<Duration> for SignedDuration {
    type Error = InvalidValue;

    /// Fails only if it is longer than [`SignedDuration::MAX`].
    fn try_from(duration: Duration) -> Result<Self, InvalidValue> {
        Self::try_from(duration.as_std()).map_err(|_| too_long_duration("a `jiff::SignedDuration`", Self::MAX))
    }
}

const SECOND: i32 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_the_same_instant_at_every_limit() {
        for (time, text) in [
            (Timestamp::UNIX_EPOCH, "1970-01-01T00:00:00Z"),
            (Timestamp::from_nanosecond(-1).unwrap(), "1969-12-31T23:59:59.999999999Z"),
            (Timestamp::from_nanosecond(-1_000_000_001).unwrap(), "1969-12-31T23:59:58.999999999Z"),
            (Timestamp::from_second(-1).unwrap(), "1969-12-31T23:59:59Z"),
            (Timestamp::from_nanosecond(1_700_000_000_123_456_789).unwrap(), "2023-11-14T22:13:20.123456789Z"),
            (Timestamp::MIN, "-9999-01-02T01:59:59Z"),
            (Timestamp::MAX, "9999-12-30T22:00:00.999999999Z"),
        ] {
            let datetime: Datetime = text.parse().unwrap();
            assert_eq!((Datetime::from(time), Timestamp::try_from(datetime).unwrap()), (datetime, time));
        }
    }

    #[test]
    fn datetime_outside_of_the_range_is_refused() {
        for text in ["-9999-01-02T01:59:58.999999999Z", "9999-12-30T22:00:01Z", "+262142-12-31T23:59:59.999999999Z"] {
            let error = Timestamp::try_from(text.parse::<Datetime>().unwrap()).unwrap_err();
            assert_eq!(
                error.to_string(),
                "not a `jiff::Timestamp`: it is outside -009999-01-02T01:59:59Z to 9999-12-30T22:00:00.999999999Z"
            );
        }
    }

    #[test]
    fn durations_are_the_same_unless_negative() {
        for duration in [SignedDuration::ZERO, SignedDuration::from_nanos(1), SignedDuration::MAX] {
            let native = Duration::try_from(duration).unwrap();
            assert_eq!((native.as_std(), SignedDuration::try_from(native)), (duration.unsigned_abs(), Ok(duration)));
        }
        for duration in [SignedDuration::from_nanos(-1), SignedDuration::MIN] {
            assert_eq!(Duration::try_from(duration).unwrap_err().to_string(), "not a duration: it is negative");
        }
    }

    #[test]
    fn duration_beyond_the_longest_is_refused() {
        for too_long_duration in [std::time::Duration::from_secs(1 << 63), std::time::Duration::MAX] {
            let error = SignedDuration::try_from(Duration::from(too_long_duration)).unwrap_err();
            assert!(error.to_string().starts_with("not a `jiff::SignedDuration`: it is longer than PT"), "{error}");
        }
    }
}
