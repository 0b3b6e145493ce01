//! Generated code raises no warning that the record itself does not raise, used or not.

#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications, single_use_lifetimes, unused_lifetimes)]

use surreal_session::prelude::*;

/// Only read.
#[derive(Debug, serde::Deserialize, Record)]
#[expect(dead_code)]
pub(crate) struct Reading {
    id: Id<Reading>,
    value: f64,
}

/// Names as another program spells them.
#[derive(Debug, serde::Deserialize, Record)]
#[allow(non_snake_case, dead_code)]
struct Foreign {
    id: Id<Foreign>,
    fullName: String,
}

/// On its way out.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Record)]
#[deprecated = "gone soon"]
pub struct Old {
    /// Its id.
    #[allow(deprecated)]
    pub id: Id<Old>,
}

/// With a field on its way out.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Record)]
pub struct HalfOld {
    /// Its id.
    pub id: Id<HalfOld>,
    /// Its name.
    #[deprecated]
    pub name: String,
}

/// With a field that is only there sometimes.
#[derive(Debug, serde::Deserialize, Record)]
#[allow(dead_code)]
struct Conditional {
    id: Id<Conditional>,
    #[cfg(any())]
    never: Missing,
    #[cfg(all())]
    always: u8,
    #[cfg_attr(all(), serde(rename = "flag"))]
    switch: bool,
}

fn main() {
    let new = serde_json::to_value(NewConditional { always: 1, switch: true }).unwrap();
    assert_eq!(new, serde_json::json!({ "always": 1, "flag": true }));
}
