//! Where `None` was written the field is absent, and serde does not take that for `None` beside `with`.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct Job {
    id: Id<Job>,
    #[serde(with = "surreal_session::value::with::std_duration")]
    timeout: Option<std::time::Duration>,
    #[record(readonly)]
    #[serde(rename = "runner", deserialize_with = "surreal_session::value::with::uuid::deserialize")]
    worker: Option<uuid::Uuid>,
}

fn main() {}
