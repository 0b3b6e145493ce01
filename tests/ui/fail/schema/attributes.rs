//! Each attribute of the schema says what it takes.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Serialize, Deserialize, Record)]
#[record(schemafull, schemaless)]
#[record(index, permissions, changefeed = "soon", comment)]
struct Table {
    id: Id<Table>,
}

#[derive(Serialize, Deserialize, Record)]
#[record(index(unique), index(fields()), index(fields(name), uniqe))]
#[record(permissions(read = "full"), changefeed = 7)]
struct Indexes {
    id: Id<Indexes>,
    name: String,
}

#[derive(Serialize, Deserialize, Record)]
struct Fields {
    #[record(computed = "1")]
    id: Id<Fields>,
    #[record(readonly, default)]
    created: Datetime,
    #[record(computed = "1", default = "2", value = "3", assert = "4")]
    total: i64,
    #[record(computed)]
    sum: i64,
    #[record(default = "1", default_always = "2")]
    either: i64,
    #[record(assert)]
    bare: i64,
    #[record(assert = "  ")]
    empty: i64,
    #[record(check = "$value > 0")]
    checked: i64,
    #[record(reference = "remove")]
    link: Id<Table>,
    #[record(permissions(select))]
    hidden: i64,
    #[record(permissions(delete = "none"))]
    kept: i64,
    #[record(fulltext)]
    body: String,
    #[record(fulltext(highlights))]
    text: String,
    #[record(hnsw(dimension = "3"))]
    vector: Vec<f32>,
    #[record(unique = true)]
    code: String,
    #[record(schemafull)]
    misplaced: i64,
    #[serde(flatten)]
    #[record(index)]
    inner: Inner,
}

#[derive(Clone, Debug, Serialize, Deserialize, Object)]
struct Inner {
    #[record(readonly)]
    a: i64,
    #[record(default = "1")]
    b: i64,
}
