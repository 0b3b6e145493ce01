//! What belongs to a table has no meaning for what is nested in its records.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Object)]
#[record(table = "address")]
struct Address {
    #[record(readonly)]
    city: String,
}

fn main() {}
