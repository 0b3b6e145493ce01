//! serde writes a `Uuid` of the crate `uuid` as a string, by whatever name it is called.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use uuid::{Uuid as Token, Uuid};

#[derive(Serialize, Deserialize, Record)]
struct Job {
    id: Id<Job>,
    worker: Uuid,
    by_path: uuid::Uuid,
    renamed: Option<Token>,
    #[record(readonly)]
    read: Vec<Uuid>,
}

fn main() {}
