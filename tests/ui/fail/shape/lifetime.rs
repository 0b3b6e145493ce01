//! A record does not borrow from the bytes that it is read from.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User<'a> {
    id: Id<User<'a>>,
    name: &'a str,
}

fn main() {}
