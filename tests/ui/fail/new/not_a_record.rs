//! Only a type with `#[derive(Record)]` is a record.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize)]
struct User {
    name: String,
}

fn table<T: Record>() -> &'static str {
    T::TABLE
}

fn main() {
    table::<User>();
}
