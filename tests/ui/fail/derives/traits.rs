//! The generated structs derive further traits, which their fields implement.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[record(new_derive = "PartialEq", patch_derive(Clone, PartialEq))]
struct User {
    id: Id<User>,
    name: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[record(new_derive(PartialEq))]
struct Address {
    city: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Opaque(u8);

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[record(new_derive(PartialEq))]
struct Page {
    id: Id<Page>,
    opaque: Opaque,
}

fn main() {}
