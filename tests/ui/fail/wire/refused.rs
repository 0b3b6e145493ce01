//! A record is read and written as the object of its fields, with one name for each.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[serde(from = "Wire")]
struct From {
    id: Id<From>,
}

#[derive(Deserialize, Record)]
#[serde(remote = "Theirs")]
struct Remote {
    id: Id<Remote>,
}

#[derive(Deserialize, Record)]
#[serde(tag = "kind")]
struct Tag {
    id: Id<Tag>,
}

#[derive(Deserialize, Record)]
#[serde(transparent)]
struct Transparent {
    id: Id<Transparent>,
}

#[derive(Clone, Serialize, Deserialize, Record)]
#[serde(try_from = "String", into = "String")]
struct Into {
    id: Id<Into>,
}

#[derive(Deserialize, Record)]
#[serde(rename_all(serialize = "camelCase", deserialize = "kebab-case"))]
struct RenamedAll {
    id: Id<RenamedAll>,
    full_name: String,
}

#[derive(Deserialize, Record)]
struct Renamed {
    id: Id<Renamed>,
    #[serde(rename(serialize = "mail", deserialize = "email"))]
    address: String,
}

#[derive(Deserialize, Record)]
#[serde(rename_all = "camelCase")]
struct SameName {
    id: Id<SameName>,
    #[serde(rename = "firstName")]
    forename: String,
    first_name: String,
}

fn main() {}
