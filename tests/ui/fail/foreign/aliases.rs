//! The derive sees the type, and not its name: an absent value beside `with`, and types of other crates.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

type Maybe<T> = Option<T>;
type Any = Value;
type Workers = HashMap<String, uuid::Uuid>;

mod any {
    pub(super) use surreal_session::Value;

    pub(super) fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }
}

#[derive(Serialize, Deserialize, Record)]
struct Job {
    id: Id<Job>,
    #[serde(with = "surreal_session::value::with::std_duration")]
    timeout: Maybe<std::time::Duration>,
    #[serde(deserialize_with = "any::read")]
    detail: any::Value,
    #[serde(deserialize_with = "any::read")]
    result: Any,
    workers: Workers,
    #[serde(with = "surreal_session::value::with::std_duration", default)]
    delay: Maybe<std::time::Duration>,
}

fn main() {}
