//! `NewArticle` writes the names that `Article` reads, whatever serde was told; what concerns reading alone is left out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;
use surreal_session::prelude::*;

mod cents {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(euros: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        (euros * 100).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        u32::deserialize(deserializer).map(|cents| cents / 100)
    }
}

fn shout<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text.to_uppercase())
}

#[derive(Debug, Serialize, Deserialize, Record)]
#[serde(rename_all = "camelCase", rename = "AnArticle", default = "Article::sample", expecting = "an article")]
struct Article {
    id: Id<Article>,
    full_title: String,
    #[serde(rename(serialize = "text", deserialize = "text"), alias = "body", default)]
    long_text: String,
    #[serde(with = "cents")]
    unit_price: u32,
    #[serde(serialize_with = "shout", default = "String::new")]
    code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subtitle: Option<String>,
    #[serde(skip_serializing_if = "Self::is_dull")]
    rating: u8,
    #[serde(skip)]
    cached: u64,
    #[serde(skip_serializing)]
    computed: u64,
    #[serde(skip_deserializing, rename(serialize = "token", deserialize = "unused"))]
    secret: String,
    parent: Option<Id<Self>>,
    #[serde(flatten)]
    more: BTreeMap<String, i64>,
}

impl Article {
    fn sample() -> Self {
        let id = Id::new("sample");
        let (full_title, long_text, code, secret) = Default::default();
        let (unit_price, rating, cached, computed) = Default::default();
        let (subtitle, parent, more) = Default::default();
        Self { id, full_title, long_text, unit_price, code, subtitle, rating, cached, computed, secret, parent, more }
    }

    fn is_dull(rating: &u8) -> bool {
        *rating == 0
    }
}

#[derive(Debug, Serialize, Deserialize, Record)]
#[serde(deny_unknown_fields, rename_all(serialize = "UPPERCASE", deserialize = "UPPERCASE"))]
struct Strict {
    #[serde(rename = "id")]
    key: Id<Strict>,
    total_count: u8,
}

fn main() {
    let article = NewArticle {
        full_title: "On names".into(),
        long_text: "..".into(),
        unit_price: 3,
        code: "x1".into(),
        subtitle: None,
        rating: 0,
        secret: "s".into(),
        parent: Some(Id::new("first")),
        more: BTreeMap::from([("pages".into(), 7)]),
    };
    let written = serde_json::to_value(&article).unwrap();
    let expected = json!({
        "fullTitle": "On names", "text": "..", "unitPrice": 300, "code": "X1", "token": "s",
        "parent": "article:first", "pages": 7,
    });
    assert_eq!(written, expected);

    let mut stored = written;
    stored.as_object_mut().unwrap().remove("token");
    stored["id"] = json!("article:second");
    stored["computed"] = json!(9);
    let read: Article = serde_json::from_value(stored).unwrap();
    assert_eq!((read.id, read.full_title, read.unit_price), (Id::new("second"), "On names".into(), 3));
    assert_eq!((read.cached, read.computed, read.code, read.rating), (0, 9, "X1".into(), 0));
    assert_eq!((read.long_text, read.subtitle, read.secret), ("..".into(), None, "".into()));
    assert_eq!((read.parent, read.more), (Some(Id::new("first")), BTreeMap::from([("pages".into(), 7)])));

    let written = serde_json::to_value(NewStrict { total_count: 1 }).unwrap();
    assert_eq!(written, json!({ "TOTAL_COUNT": 1 }));
    let read: Strict = serde_json::from_value(json!({ "id": "strict:a", "TOTAL_COUNT": 1 })).unwrap();
    assert_eq!((read.key, read.total_count), (Id::new("a"), 1));
}
