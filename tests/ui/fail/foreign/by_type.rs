//! The derive sees the type and not its name: types of other crates, and an absent value beside `with`.

use std::collections::HashMap;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use uuid::{Uuid as Token, Uuid};

type Maybe<T> = Option<T>;
type Workers = HashMap<String, Uuid>;

mod any {
    pub(super) use surreal_session::Value;

    pub(super) fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }
}

#[derive(Serialize, Deserialize, Record)]
struct Job {
    id: Id<Job>,
    timeout: Duration,
    worker: Option<Token>,
    workers: Workers,
    #[serde(with = "surreal_session::value::with::std_duration")]
    delay: Maybe<Duration>,
    #[serde(deserialize_with = "any::read")]
    detail: any::Value,
}

#[derive(Serialize, Deserialize, Record)]
#[serde(bound = "")]
struct Task<T: Serialize + DeserializeOwned> {
    id: Id<Task<T>>,
    worker: Uuid,
    data: T,
}

fn main() {}
