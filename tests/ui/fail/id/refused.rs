//! Every record has one field that is called `id` in the database, is always read, and needs no attribute.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Serialize, Deserialize, Record)]
struct Missing {
    name: String,
}

#[derive(Serialize, Deserialize, Record)]
struct Misnamed {
    misnamed_id: Id<Misnamed>,
}

#[derive(Serialize, Deserialize, Record)]
struct Flattened {
    #[serde(flatten)]
    id: Id<Flattened>,
}

#[derive(Serialize, Deserialize, Record)]
struct Readonly {
    #[record(readonly)]
    id: Id<Readonly>,
}

#[derive(Serialize, Deserialize, Record)]
struct Renamed {
    #[serde(rename = "key")]
    id: Id<Renamed>,
}

#[derive(Serialize, Deserialize, Record)]
#[serde(rename_all = "PascalCase")]
struct RenamedAll {
    id: Id<RenamedAll>,
}

#[derive(Serialize, Deserialize, Record)]
struct Skipped {
    #[serde(skip)]
    id: Option<Id<Skipped>>,
}

#[derive(Serialize, Deserialize, Record)]
struct Two {
    id: Id<Two>,
    #[serde(rename = "id")]
    key: Id<Two>,
}
