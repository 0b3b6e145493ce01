//! `time::OffsetDateTime`, `time::UtcDateTime` and `time::Timestamp` as [`Datetime`], and `time::Duration` as
//! [`Duration`].
//!
//! Times read back in UTC. The types of `time` have the years -9999 to 9999, or -999999 to 999999 with its feature
//! `large-dates`; a time outside the range of the other type is an error.
//!
//! A `time::Duration` may be negative, which is an error, and is at most 292 billion years long; longer durations are an
//! error.

use time::{OffsetDateTime, Timestamp, UtcDateTime};

use super::adapted::adapter;
use super::adapted::{negative_duration, too_long_duration};
use super::foreign::foreign;
use crate::value::{Datetime, Duration, InvalidValue, datetime};

adapter! {
    "time";
    OffsetDateTime as "time::OffsetDateTime" => Datetime, not "an array";
    UtcDateTime as "time::UtcDateTime" => Datetime, not "an array";
    Timestamp as "time::Timestamp" => Datetime, not "an int";
    time::Duration as "time::Duration" => Duration, not "an array";
}

foreign! {
    time::PrimitiveDateTime =>
        "`time::PrimitiveDateTime` would be stored as an array: use `UtcDateTime` with \
        `#[serde(with = \"surreal_session::value::with::time\")]`, or `surreal_session::value::Datetime`"
}

impl TryFrom<OffsetDateTime> for Datetime {
    type Error = InvalidValue;

    /// Fails only outside the range from [`Datetime::MIN`] to [`Datetime::MAX`].
    fn try_from(time: OffsetDateTime) -> Result<Self, InvalidValue> {
        at(time.unix_timestamp(), time.nanosecond())
    }
}

impl TryFrom<UtcDateTime> for Datetime {
    type Error = InvalidValue;

    /// Fails only outside the range from [`Datetime::MIN`] to [`Datetime::MAX`].
    fn try_from(time: UtcDateTime) -> Result<Self, InvalidValue> {
        at(time.unix_timestamp(), time.nanosecond())
    }
}

impl TryFrom<Timestamp> for Datetime {
    type Error = InvalidValue;

    /// Fails only outside the range from [`Datetime::MIN`] to [`Datetime::MAX`].
    fn try_from(time: Timestamp) -> Result<Self, InvalidValue> {
        at(time.as_seconds(), time.nanosecond())
    }
}

fn at(seconds: i64, nanoseconds: u32) -> Result<Datetime, InvalidValue> {
    Datetime::from_timestamp(seconds, nanoseconds).ok_or_else(datetime::out_of_range)
}

impl TryFrom<Datetime> for OffsetDateTime {
    type Error = InvalidValue;

    /// The same instant in UTC. Fails only outside the range of [`UtcDateTime`].
    fn try_from(datetime: Datetime) -> Result<Self, InvalidValue> {
        timestamp(datetime, "a `time::OffsetDateTime`").map(Self::from)
    }
}

impl TryFrom<Datetime> for UtcDateTime {
    type Error = InvalidValue;

    /// Fails only outside the range from [`UtcDateTime::MIN`] to [`UtcDateTime::MAX`].
    fn try_from(datetime: Datetime) -> Result<Self, InvalidValue> {
        timestamp(datetime, "a `time::UtcDateTime`").map(Self::from)
    }
}

impl TryFrom<Datetime> for Timestamp {
    type Error = InvalidValue;

    /// Fails only outside the range from [`Timestamp::MIN`] to [`Timestamp::MAX`].
    fn try_from(datetime: Datetime) -> Result<Self, InvalidValue> {
        timestamp(datetime, "a `time::Timestamp`")
    }
}

fn timestamp(datetime: Datetime, noun: &'static str) -> Result<Timestamp, InvalidValue> {
    let time = Timestamp::new(datetime.timestamp(), datetime.subsec_nanos());
    time.map_err(|_| InvalidValue::new(noun, format!("it is outside {} to {}", UtcDateTime::MIN, UtcDateTime::MAX)))
}

impl TryFrom<time::Duration> for Duration {
    type Error = InvalidValue;

    /// Fails only if it is negative.
    fn try_from(duration: time::Duration) -> Result<Self, InvalidValue> {
        std::time::Duration::try_from(duration).map(Self::from).map_err(|_| negative_duration())
    }
}

impl TryFrom<Duration> for time::Duration {
    type Error = InvalidValue;

    /// Fails only if it is longer than [`time::Duration::MAX`].
    fn try_from(duration: Duration) -> Result<Self, InvalidValue> {
        Self::try_from(duration.as_std()).map_err(|_| too_long_duration("a `time::Duration`", Self::MAX))
    }
}

#[cfg(test)]
mod tests {
    use time::UtcOffset;

    use super::*;

    #[test]
    fn times_are_the_same_instant_at_every_limit() {
        for (time, text) in [
            (UtcDateTime::UNIX_EPOCH, "1970-01-01T00:00:00Z"),
            (UtcDateTime::from_unix_timestamp_nanos(-1).unwrap(), "1969-12-31T23:59:59.999999999Z"),
            (
                UtcDateTime::from_unix_timestamp_nanos(1_700_000_000_123_456_789).unwrap(),
                "2023-11-14T22:13:20.123456789Z",
            ),
            (UtcDateTime::MIN, "-9999-01-01T00:00:00Z"),
            (UtcDateTime::MAX, "9999-12-31T23:59:59.999999999Z"),
        ] {
            let datetime: Datetime = text.parse().unwrap();
            assert_eq!((Datetime::try_from(time), UtcDateTime::try_from(datetime)), (Ok(datetime), Ok(time)));
            let (offset, timestamp) = (OffsetDateTime::from(time), Timestamp::from(time));
            assert_eq!((Datetime::try_from(offset), OffsetDateTime::try_from(datetime)), (Ok(datetime), Ok(offset)));
            assert_eq!((Datetime::try_from(timestamp), Timestamp::try_from(datetime)), (Ok(datetime), Ok(timestamp)));
        }
    }

    #[test]
    fn offset_does_not_change_the_instant() {
        let time = OffsetDateTime::UNIX_EPOCH.replace_offset(UtcOffset::from_hms(1, 30, 0).unwrap());
        let datetime = Datetime::try_from(time).unwrap();
        assert_eq!(datetime.to_string(), "1969-12-31T22:30:00Z");
        let back = OffsetDateTime::try_from(datetime).unwrap();
        assert_eq!((back, back.offset()), (time, UtcOffset::UTC));
        let beyond = UtcDateTime::MAX.to_offset(UtcOffset::UTC).replace_offset(UtcOffset::from_hms(-1, 0, 0).unwrap());
        assert_eq!(Datetime::try_from(beyond).unwrap().to_string(), "+10000-01-01T00:59:59.999999999Z");
    }

    #[test]
    fn datetime_outside_of_the_range_is_refused() {
        for text in ["+10000-01-01T00:00:00Z", "-10000-12-31T23:59:59.999999999Z"] {
            let datetime: Datetime = text.parse().unwrap();
            let limits = "it is outside -9999-01-01 0:00:00.0 +00 to 9999-12-31 23:59:59.999999999 +00";
            for (error, name) in [
                (OffsetDateTime::try_from(datetime).unwrap_err(), "OffsetDateTime"),
                (UtcDateTime::try_from(datetime).unwrap_err(), "UtcDateTime"),
                (Timestamp::try_from(datetime).unwrap_err(), "Timestamp"),
            ] {
                assert_eq!(error.to_string(), format!("not a `time::{name}`: {limits}"));
            }
        }
    }

    #[test]
    fn durations_are_the_same_unless_negative() {
        for duration in [time::Duration::ZERO, time::Duration::NANOSECOND, time::Duration::MAX] {
            let native = Duration::try_from(duration).unwrap();
            assert_eq!((native.as_std(), time::Duration::try_from(native)), (duration.unsigned_abs(), Ok(duration)));
        }
        for duration in [-time::Duration::NANOSECOND, time::Duration::MIN] {
            assert_eq!(Duration::try_from(duration).unwrap_err().to_string(), "not a duration: it is negative");
        }
    }

    #[test]
    fn duration_beyond_the_longest_is_refused() {
        for too_long_duration in [std::time::Duration::from_secs(1 << 63), std::time::Duration::MAX] {
            let error = time::Duration::try_from(Duration::from(too_long_duration)).unwrap_err();
            assert!(
                error.to_string().starts_with("not a `time::Duration`: it is longer than 106751991167300d"),
                "{error}"
            );
        }
    }
}
