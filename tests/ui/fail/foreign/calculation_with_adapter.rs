//! A field with an adapter may be stored as anything, so it can be neither calculated with nor searched.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Job {
    id: Id<Job>,
    #[serde(with = "surreal_session::value::with::std_duration")]
    took: Duration,
    #[serde(with = "surreal_session::value::with::uuid")]
    parts: Vec<uuid::Uuid>,
}

fn example(session: Session, hour: Duration, part: uuid::Uuid) {
    let _ = session.update::<Job>().all().set(|j| j.took.add(hour));
    let _ = session.select::<Job>().filter(|j| j.parts.contains(part));
}

fn main() {}
