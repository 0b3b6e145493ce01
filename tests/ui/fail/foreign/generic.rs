//! The fields of a generic record are looked at as well, as far as their types do not depend on its parameters.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use uuid::Uuid;

#[derive(Serialize, Deserialize, Record)]
#[serde(bound = "")]
struct Job<T: Serialize + DeserializeOwned> {
    id: Id<Job<T>>,
    worker: Uuid,
    data: T,
}

fn main() {}
