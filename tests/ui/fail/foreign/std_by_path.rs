//! serde writes the times of the standard library as objects.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct Job {
    id: Id<Job>,
    timeout: std::time::Duration,
    delay: Option<core::time::Duration>,
    at: std::time::SystemTime,
}

fn main() {}
