//! Types of other crates are stored as the server's own through their adapters, and types of ours and of the program
//! that are only called alike are left alone.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use surreal_session::prelude::*;
use surreal_session::value::{Decimal, Duration, Geometry, Range, Set, Uuid, with};

mod time {
    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
    pub struct Duration {
        pub hours: u8,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct DateTime(String);

#[derive(Serialize, Deserialize, Record)]
struct Adapted {
    id: Id<Adapted>,
    #[serde(with = "with::std_duration")]
    timeout: std::time::Duration,
    #[serde(with = "surreal_session::value::with::std_duration", default)]
    delay: Option<std::time::Duration>,
    #[serde(default, with = "surreal_session::value::with::uuid")]
    workers: Vec<uuid::Uuid>,
    #[serde(with = "surreal_session::value::with::uuid", default)]
    deep: Option<Vec<Option<uuid::Uuid>>>,
    #[record(readonly)]
    #[serde(deserialize_with = "with::uuid::deserialize")]
    owner: uuid::Uuid,
    #[serde(serialize_with = "serde::Serialize::serialize")]
    on_purpose: std::time::Duration,
    #[serde(skip)]
    kept_here: Option<std::time::Duration>,
}

#[derive(Serialize, Deserialize, Record)]
struct Native {
    id: Id<Native, Uuid>,
    uuid: Uuid,
    by_path: surreal_session::value::Uuid,
    price: Option<Decimal>,
    timeout: Duration,
    at: Datetime,
    set: Set<Uuid>,
    range: Range<Datetime>,
    places: Vec<Geometry>,
    map: HashMap<String, (Uuid, [Duration; 2])>,
    own: time::Duration,
    text: DateTime,
}

#[derive(Serialize, Deserialize, Record)]
#[serde(bound = "")]
struct Generic<T: Serialize + DeserializeOwned> {
    id: Id<Generic<T>>,
    data: Option<T>,
    uuid: Uuid,
}

fn main() {
    let (second, uuid) = (std::time::Duration::from_secs(1), uuid::Uuid::nil());
    let new = NewAdapted {
        timeout: second,
        delay: None,
        workers: vec![uuid],
        deep: Some(vec![Some(uuid), None]),
        on_purpose: second,
    };
    let written = serde_json::to_value(&new).unwrap();
    let text = "00000000-0000-0000-0000-000000000000";
    let expected = json!({
        "timeout": "1s", "delay": null, "workers": [text], "deep": [text, null], "on_purpose": {"secs": 1, "nanos": 0},
    });
    assert_eq!(written, expected);

    let stored = json!({"id": "adapted:a", "timeout": "1s", "owner": text, "on_purpose": {"secs": 1, "nanos": 0}});
    let read: Adapted = serde_json::from_value(stored).unwrap();
    assert_eq!((read.id, read.timeout, read.delay), (Id::new("a"), second, None));
    assert_eq!((read.workers, read.deep, read.owner), (vec![], None, uuid));
    assert_eq!((read.on_purpose, read.kept_here), (second, None));

    assert_eq!((Native::TABLE, Generic::<uuid::Uuid>::TABLE), ("native", "generic"));
}
