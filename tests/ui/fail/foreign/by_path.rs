//! The types of other crates are known by their paths, also where the crate's feature is not enabled.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

mod chrono {
    #[derive(serde::Serialize, serde::Deserialize, Debug, Clone)]
    pub struct DateTime<Tz>(Tz);
    pub type Utc = ();
    pub type NaiveDateTime = DateTime<()>;
    pub type TimeDelta = DateTime<()>;
}

mod time {
    pub type OffsetDateTime = super::chrono::DateTime<()>;
}

mod jiff {
    pub type Timestamp = super::chrono::DateTime<()>;
    pub type Zoned = super::chrono::DateTime<()>;
}

mod rust_decimal {
    pub type Decimal = super::chrono::DateTime<()>;
}

mod geo_types {
    pub type Point = super::chrono::DateTime<()>;
    pub type LineString = super::chrono::DateTime<()>;
}

use chrono::{DateTime, Utc};

#[derive(Serialize, Deserialize, Record)]
struct Job {
    id: Id<Job>,
    created: chrono::DateTime<chrono::Utc>,
    started: Option<DateTime<Utc>>,
    local: chrono::NaiveDateTime,
    lasted: chrono::TimeDelta,
    offset: time::OffsetDateTime,
    timestamp: jiff::Timestamp,
    zoned: jiff::Zoned,
    price: Vec<rust_decimal::Decimal>,
    place: geo_types::Point,
    way: geo_types::LineString,
    timeout: std::time::Duration,
    at: std::time::SystemTime,
    worker: uuid::Uuid,
    // `None` is absent from the record, and serde does not read an absent field as `None` beside `with`.
    #[serde(with = "surreal_session::value::with::std_duration")]
    delay: Option<std::time::Duration>,
    #[record(readonly)]
    #[serde(rename = "runner", deserialize_with = "surreal_session::value::with::uuid::deserialize")]
    reader: Option<uuid::Uuid>,
}

fn main() {}
