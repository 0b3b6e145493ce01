//! The types that input is decoded as.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use surreal_session_derive::Record;

use crate::value::{Datetime, Decimal, Duration, Geometry, Id, Range, RecordId, Set, Uuid, Value};

#[derive(Debug, Serialize, Deserialize, Record)]
#[record(crate = "crate")]
pub(crate) struct Row {
    pub(crate) id: Id<Row>,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) at: Option<Datetime>,
    #[serde(default)]
    pub(crate) owner: Option<Id<Keyed, (String, i64)>>,
    #[serde(default, rename = "mail")]
    pub(crate) email: Option<String>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default)]
    pub(crate) kind: Option<External>,
    #[serde(default)]
    pub(crate) prices: BTreeMap<String, Decimal>,
}

#[derive(Debug, Serialize, Deserialize, Record)]
#[record(crate = "crate")]
pub(crate) struct Keyed {
    pub(crate) id: Id<Keyed, (String, i64)>,
    #[serde(default)]
    pub(crate) others: Set<Uuid>,
    #[serde(default)]
    pub(crate) any: Value,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Flat {
    pub(crate) a: i64,
    #[serde(flatten)]
    pub(crate) inner: Inner,
    #[serde(flatten)]
    pub(crate) rest: BTreeMap<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FlatEnum {
    pub(crate) a: Option<i64>,
    #[serde(flatten)]
    pub(crate) kind: Internal,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Inner {
    pub(crate) id: RecordId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Datetime>,
    #[serde(default)]
    pub(crate) list: Vec<Uuid>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Numbers {
    pub(crate) a: i8,
    pub(crate) b: u8,
    pub(crate) c: i32,
    pub(crate) d: u64,
    pub(crate) e: i128,
    pub(crate) f: u128,
    pub(crate) g: f32,
    pub(crate) h: f64,
    pub(crate) i: Decimal,
    pub(crate) j: Option<bool>,
}

/// Nested as deeply as the data.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Node {
    #[serde(default)]
    pub(crate) value: Option<Value>,
    #[serde(default)]
    pub(crate) child: Option<Box<Node>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum External {
    Unit,
    Newtype(RecordId),
    Option(Option<Duration>),
    Tuple(Decimal, i64),
    Struct { at: Datetime, n: Option<Uuid> },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(crate) enum Internal {
    Unit,
    Newtype(Inner),
    Struct { at: Datetime, range: Option<Range<i64>> },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
pub(crate) enum Adjacent {
    Unit,
    Newtype(Geometry),
    Tuple(RecordId, Option<Datetime>),
    Struct { n: Decimal },
}

/// Only one variant is an object. With two, an object with a duplicate key could be refused by one variant and read as the
/// other, and the same object without the duplicate be read as the first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Untagged {
    Text(String),
    Id(RecordId),
    At(Datetime),
    Pair(String, Uuid),
    Row(Flat),
}

#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Name(pub(crate) String);

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pair(pub(crate) Decimal, pub(crate) Option<Name>);

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Unit;
