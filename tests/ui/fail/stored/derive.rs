//! `Stored` is derived for newtypes and for enums of unit variants that serde writes in their own form.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Stored)]
enum Shape {
    Circle(u8),
    Point,
}

#[derive(Serialize, Deserialize, Stored)]
struct Pair(u8, u8);

#[derive(Serialize, Deserialize, Stored)]
struct Address {
    city: String,
}

#[derive(Serialize, Deserialize, Stored)]
#[serde(untagged)]
enum State {
    Open,
}

#[derive(Serialize, Deserialize, Stored)]
#[record(table = "email")]
struct Email(String);

fn main() {}
