//! `chrono::DateTime` as [`Datetime`], and `chrono::TimeDelta` as [`Duration`].
//!
//! A `DateTime` of any time zone can be converted. It reads back in UTC, or in the system's time zone as a
//! `DateTime<Local>`. The range is that of [`Datetime`]. chrono counts a leap second as nanoseconds of the second before;
//! here it is the second after.
//!
//! A `TimeDelta` may be negative, which is an error, and is at most 292 million years long; longer durations are an error.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::adapted::{Adapted, adapter};
use super::adapted::{negative_duration, too_long_duration};
use super::foreign::{foreign, use_adapter};
use crate::value::{Datetime, Duration, InvalidValue, Value};

adapter! {
    "chrono";
    TimeDelta as "chrono::TimeDelta" => Duration, not "an array";
}

impl<Tz: TimeZone> Adapted<Adapter> for DateTime<Tz>
where
    DateTime<Tz>: From<DateTime<Utc>>,
{
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        datetime(self).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Datetime::deserialize(deserializer).map(Into::into)
    }
}

foreign! {
    [Tz: TimeZone] DateTime<Tz> => use_adapter!("chrono::DateTime", "a string", "chrono", Datetime)
}

foreign! {
    chrono::NaiveDateTime =>
        "`chrono::NaiveDateTime` would be stored as a string: use `DateTime<Utc>` with \
        `#[serde(with = \"surreal_session::value::with::chrono\")]`, or `surreal_session::value::Datetime`"
}

impl<Tz: TimeZone> From<DateTime<Tz>> for Datetime {
    /// A leap second becomes the second after it; at the end of the range, the last nanosecond.
    fn from(time: DateTime<Tz>) -> Self {
        datetime(&time)
    }
}

fn datetime<Tz: TimeZone>(time: &DateTime<Tz>) -> Datetime {
    let nanoseconds = time.timestamp_subsec_nanos();
    let seconds = time.timestamp() + i64::from(nanoseconds / SECOND);
    Datetime::from_timestamp(seconds, nanoseconds % SECOND).unwrap_or(Datetime::MAX)
}

impl<Tz: TimeZone> From<Datetime> for DateTime<Tz>
where
    DateTime<Tz>: From<DateTime<Utc>>,
{
    /// Converts to the same instant in UTC, or in the system's time zone for `DateTime<Local>`.
    fn from(datetime: Datetime) -> Self {
        // The server uses chrono's type, so both have the same range.
        let time = DateTime::<Utc>::from_timestamp(datetime.timestamp(), datetime.subsec_nanos());
        time.unwrap_or(DateTime::<Utc>::MAX_UTC).into()
    }
}

impl<Tz: TimeZone> From<DateTime<Tz>> for Value {
    fn from(time: DateTime<Tz>) -> Self {
        Self::Datetime(time.into())
    }
}

impl TryFrom<TimeDelta> for Duration {
    type Error = InvalidValue;

    /// Fails only if it is negative.
    fn try_from(delta: TimeDelta) -> Result<Self, InvalidValue> {
        delta.to_std().map(Self::from).map_err(|_| negative_duration())
    }
}

impl TryFrom<Duration> for TimeDelta {
    type Error = InvalidValue;

    /// Fails only if it is longer than [`TimeDelta::MAX`].
    fn try_from(duration: Duration) -> Result<Self, InvalidValue> {
        Self::from_std(duration.as_std()).map_err(|_| too_long_duration("a `chrono::TimeDelta`", Self::MAX))
    }
}

const SECOND: u32 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use chrono::{FixedOffset, NaiveDate};

    use super::*;

    #[test]
    fn times_are_the_same_instant_at_every_limit() {
        for (time, text) in [
            (DateTime::UNIX_EPOCH, "1970-01-01T00:00:00Z"),
            (DateTime::from_timestamp_nanos(-1), "1969-12-31T23:59:59.999999999Z"),
            (DateTime::from_timestamp_nanos(1_700_000_000_123_456_789), "2023-11-14T22:13:20.123456789Z"),
            (DateTime::<Utc>::MIN_UTC, "-262143-01-01T00:00:00Z"),
            (DateTime::<Utc>::MAX_UTC, "+262142-12-31T23:59:59.999999999Z"),
        ] {
            let datetime: Datetime = text.parse().unwrap();
            assert_eq!((Datetime::from(time), DateTime::<Utc>::from(datetime)), (datetime, time));
            assert_eq!(DateTime::<FixedOffset>::from(datetime), time);
        }
        assert_eq!(Datetime::from(DateTime::<Utc>::MIN_UTC), Datetime::MIN);
        assert_eq!(Datetime::from(DateTime::<Utc>::MAX_UTC), Datetime::MAX);
    }

    #[test]
    fn offset_does_not_change_the_instant() {
        let time = DateTime::parse_from_rfc3339("2026-01-31T10:05:00.25+01:30").unwrap();
        assert_eq!(Datetime::from(time).to_string(), "2026-01-31T08:35:00.250Z");
        let back = DateTime::<FixedOffset>::from(Datetime::from(time));
        assert_eq!((back, back.offset().local_minus_utc()), (time, 0));
    }

    #[test]
    fn leap_second_is_the_second_after() {
        let leap = |date: NaiveDate| date.and_hms_nano_opt(23, 59, 59, 1_500_000_000).unwrap().and_utc();
        let time = leap(NaiveDate::from_ymd_opt(2016, 12, 31).unwrap());
        assert_eq!(Datetime::from(time).to_string(), "2017-01-01T00:00:00.500Z");
        assert_eq!(Datetime::from(leap(NaiveDate::MAX)), Datetime::MAX);
    }

    #[test]
    fn deltas_are_durations_unless_negative() {
        for delta in
            [TimeDelta::zero(), TimeDelta::nanoseconds(1), TimeDelta::new(5, 999_999_999).unwrap(), TimeDelta::MAX]
        {
            let duration = Duration::try_from(delta).unwrap();
            assert_eq!((duration.as_std(), TimeDelta::try_from(duration)), (delta.to_std().unwrap(), Ok(delta)));
        }
        for delta in [TimeDelta::nanoseconds(-1), TimeDelta::seconds(-1), TimeDelta::MIN] {
            assert_eq!(Duration::try_from(delta).unwrap_err().to_string(), "not a duration: it is negative");
        }
    }

    #[test]
    fn duration_beyond_the_longest_delta_is_refused() {
        let longest = Duration::try_from(TimeDelta::MAX).unwrap();
        for too_long_duration in [longest.as_std() + std::time::Duration::from_nanos(1), std::time::Duration::MAX] {
            let error = TimeDelta::try_from(Duration::from(too_long_duration)).unwrap_err();
            assert_eq!(error.to_string(), "not a `chrono::TimeDelta`: it is longer than PT9223372036854775.807S");
        }
    }
}
