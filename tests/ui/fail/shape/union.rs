//! A record is a struct.

use surreal_session::prelude::*;

#[derive(Record)]
union Bits {
    float: f32,
    int: u32,
}

fn main() {}
