//! An edge has the fields `in` and `out` in the database, which are always written and need no attribute.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    #[record(relation)]
    name: String,
}

#[derive(Serialize, Deserialize, Record)]
#[record(edge)]
struct CalledEdge {
    id: Id<CalledEdge>,
    r#in: Id<User>,
    out: Id<User>,
}

#[derive(Serialize, Deserialize, Record)]
#[record(relation)]
struct Words {
    id: Id<Words>,
    #[record(in)]
    #[serde(flatten)]
    r#in: Id<User>,
    #[record(default)]
    #[serde(skip_serializing)]
    out: Id<User>,
}

#[derive(Serialize, Deserialize, Record)]
#[record(relation)]
struct FromTo {
    id: Id<FromTo>,
    from: Id<User>,
    #[record(readonly)]
    #[serde(rename = "out")]
    to: Id<User>,
}

#[derive(Serialize, Deserialize, Record)]
#[record(relation)]
struct Renamed {
    id: Id<Renamed>,
    r#in: Id<User>,
    #[serde(rename = "target")]
    out: Id<User>,
}

#[derive(Serialize, Deserialize, Record)]
#[record(relation)]
struct WithoutEnds {
    id: Id<WithoutEnds>,
}

#[derive(Serialize, Deserialize, Record)]
#[record(relation)]
struct WithoutIn {
    id: Id<WithoutIn>,
    out: Id<User>,
}
