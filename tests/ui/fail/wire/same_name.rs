//! Two fields cannot be one field of the record.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[serde(rename_all = "camelCase")]
struct User {
    id: Id<User>,
    #[serde(rename = "firstName")]
    forename: String,
    first_name: String,
}

fn main() {}
