//! An enum is refused once: what uses it as a record is not complained about as well.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
enum Shape {
    Circle { radius: f64 },
}

fn table<T: Record>() -> &'static str {
    T::TABLE
}

fn main() {
    table::<Shape>();
}
