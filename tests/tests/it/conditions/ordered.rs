//! Less common types with an order: ints of other widths, dates, long keys.

use std::num::{NonZeroI16, NonZeroU32};

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};

type LongKey = (String, i64, bool, i64, String, i64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Sample {
    id: Id<Sample, LongKey>,
    width: NonZeroU32,
    depth: Option<NonZeroI16>,
    wide: i128,
    day: NaiveDate,
    time: Option<NaiveTime>,
}

fn key(number: i64) -> LongKey {
    ("a".to_owned(), number / 4, number % 4 > 1, 0, format!("k{}", number % 2), -number)
}

fn sample(number: i64) -> (LongKey, NewSample) {
    let small = u32::try_from(number).unwrap();
    let sample = NewSample {
        width: NonZeroU32::new(small + 1).unwrap(),
        depth: NonZeroI16::new(i16::try_from(number - 5).unwrap()),
        wide: i128::from(number - 6) * 1_000_000_000_000,
        day: NaiveDate::from_ymd_opt(2025, 12, 25).unwrap() + chrono::Days::new(u64::from(small)),
        time: (number % 3 > 0).then(|| NaiveTime::from_hms_milli_opt(small, 0, 0, small * 50).unwrap()),
    };
    (key(number), sample)
}

const COUNT: i64 = 12;
const INDEXES: [&str; 3] = [
    "",
    "DEFINE INDEX a ON sample FIELDS width; DEFINE INDEX b ON sample FIELDS depth; DEFINE INDEX c ON sample FIELDS wide;
     DEFINE INDEX d ON sample FIELDS day; DEFINE INDEX e ON sample FIELDS time",
    "DEFINE INDEX a ON sample FIELDS width, day UNIQUE; DEFINE INDEX b ON sample FIELDS depth, wide UNIQUE;
     DEFINE INDEX c ON sample FIELDS wide, day UNIQUE; DEFINE INDEX d ON sample FIELDS day, wide UNIQUE;
     DEFINE INDEX e ON sample FIELDS time, day UNIQUE",
];

/// Compares the records that a condition finds on the server with those that it finds in Rust.
macro_rules! agrees {
    ($session:ident, $samples:ident, $field:ident, $value:ident, $($method:ident => $operator:tt)+) => {$(
        let found = $session.select::<Sample>().filter(|s| s.$field.$method($value)).order_by(|s| s.id).await.unwrap();
        let there = |sample: &&Sample| Some(sample.$field) > None;
        let expected = $samples.iter().filter(there).filter(|sample| sample.$field $operator $value);
        assert_eq!(found, expected.cloned().collect::<Vec<_>>(), "{} {} {:?}", stringify!($field), stringify!($method), $value);
    )+};
}

#[async_test]
async fn other_ordered_types_are_compared_as_in_rust() {
    for indexes in INDEXES {
        let (_db, session) = place().await;
        session.execute(Surql::dynamic(format!("DEFINE TABLE sample; {indexes}"))).await.unwrap();
        let mut samples = session.insert((0..COUNT).map(sample).collect::<Vec<_>>()).await.unwrap();
        samples.sort_by(|a, b| a.id.key().cmp(b.id.key()));
        for middle in &samples.clone() {
            let Sample { width, wide, day, .. } = *middle;
            agrees!(session, samples, width, width, gt => > gte => >= lt => < lte => <= eq => ==);
            agrees!(session, samples, wide, wide, gt => > gte => >= lt => < lte => <= eq => ==);
            agrees!(session, samples, day, day, gt => > gte => >= lt => < lte => <= eq => ==);
        }
        let by_depth = session.select::<Sample>().order_by(|s| s.depth.desc()).first().await.unwrap().unwrap();
        assert_eq!(Some(by_depth.depth), samples.iter().map(|sample| sample.depth).max());
        let late = NaiveTime::from_hms_opt(7, 0, 0).unwrap();
        let count = session.select::<Sample>().filter(|s| s.time.gte(late) & s.depth.gt(NonZeroI16::MIN)).count().await;
        let is_late = |sample: &&Sample| sample.time >= Some(late) && sample.depth.is_some();
        assert_eq!(count.unwrap(), samples.iter().filter(is_late).count() as u64);
        let range = session.select::<Sample>().range(key(3)..key(9)).await.unwrap();
        let within = samples.iter().filter(|sample| (key(3)..key(9)).contains(sample.id.key()));
        assert_eq!(range, within.cloned().collect::<Vec<_>>());
        assert_eq!(session.select::<Sample>().await.unwrap(), samples);
    }
}
