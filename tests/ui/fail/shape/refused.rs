//! A record is a struct with named fields that owns its data. What uses a refused type is not reported as well.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
#[record(table = "shape")]
enum Shape {
    Circle { radius: f64 },
}

#[derive(Serialize, Deserialize, Record)]
struct Tuple(Id<Tuple>, String);

#[derive(Serialize, Deserialize, Record)]
struct Unit;

#[derive(Record)]
union Bits {
    float: f32,
    int: u32,
}

#[derive(Serialize, Deserialize, Record)]
struct Borrowed<'a> {
    id: Id<Borrowed<'a>>,
    name: &'a str,
}

fn table<T: Record>() -> &'static str {
    T::TABLE
}

fn main() {
    table::<Shape>();
}
