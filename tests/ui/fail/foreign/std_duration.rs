//! serde writes a `Duration` of the standard library as an object, by whatever name it is called.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

type Delay = Duration;

#[derive(Serialize, Deserialize, Record)]
struct Job {
    id: Id<Job>,
    timeout: Duration,
    delays: Vec<Delay>,
    by_name: std::collections::HashMap<String, Duration>,
}

fn main() {}
