//! An adapter is for the types that it lists.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Serialize, Deserialize, Record)]
struct Job {
    id: Id<Job>,
    #[serde(deserialize_with = "surreal_session::value::with::uuid::deserialize")]
    timeout: std::time::Duration,
}
