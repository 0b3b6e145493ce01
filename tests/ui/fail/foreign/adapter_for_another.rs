//! An adapter is for the types that it lists.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct Job {
    id: Id<Job>,
    #[serde(with = "surreal_session::value::with::uuid")]
    timeout: std::time::Duration,
}

fn main() {}
