//! The example in the documentation of the derive: the table, the key, and what `NewUser` is made of and writes.

use serde::{Deserialize, Serialize};
use serde_json::json;
use surreal_session::prelude::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "user")]
struct User {
    id: Id<User>,
    name: String,
    #[serde(rename = "mail")]
    email: String,
    nickname: Option<String>,
    #[record(readonly)]
    created_at: Datetime,
}

fn new_of<T: Record>(new: &T::New) -> serde_json::Value {
    serde_json::to_value(new).unwrap()
}

fn main() {
    let ada = NewUser { name: "Ada".into(), email: "ada@example.com".into(), nickname: None };
    let written = new_of::<User>(&ada);
    assert_eq!(written, json!({ "name": "Ada", "mail": "ada@example.com", "nickname": null }));
    assert_eq!(User::TABLE, "user");
    let key: <User as Record>::Key = String::from("ada");
    assert_eq!(Id::<User>::new(key.as_str()).key(), "ada");
    assert_eq!(format!("{:?}", ada.clone()), format!("{ada:?}"));
}
