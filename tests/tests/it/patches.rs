//! Patches and new records that derive more traits: they can be compared, and read from JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
#[record(patch_derive(PartialEq, Deserialize))]
struct Address {
    city: String,
    zip: Option<String>,
    #[serde(rename = "geo")]
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
#[record(patch_derive(PartialEq, Deserialize))]
struct Place {
    x: i64,
    y: i64,
}

/// Its patch cannot be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Whole {
    a: i64,
    b: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
#[record(patch_derive(PartialEq, Deserialize))]
struct Flat {
    left: i64,
    right: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(new_derive(PartialEq, Deserialize), patch_derive(PartialEq, Deserialize))]
#[serde(rename_all = "camelCase")]
struct User {
    id: Id<User>,
    full_name: String,
    #[serde(alias = "years")]
    age: u8,
    nickname: Option<String>,
    tags: Vec<String>,
    address: Address,
    boxed: Box<Place>,
    other_address: Option<Address>,
    whole: Whole,
    data: Value,
    #[serde(with = "hex")]
    color: u32,
    #[serde(with = "hex")]
    #[record(default)]
    background: u32,
    #[serde(flatten)]
    flat: Flat,
    #[record(readonly)]
    #[serde(default)]
    seen: i64,
    #[record(version)]
    version: u64,
}

/// A strict record: other fields are mistakes.
#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[record(new_derive(Deserialize), patch_derive(Deserialize))]
#[serde(deny_unknown_fields)]
struct Strict {
    id: Id<Strict>,
    name: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[record(patch_derive(Deserialize))]
struct Generic<T: Clone + 'static> {
    id: Id<Generic<T>>,
    one: T,
    other: Option<T>,
}

mod hex {
    use super::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn serialize<S: Serializer>(number: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{number:x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        let text = String::deserialize(deserializer)?;
        u32::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
    }
}

fn ada() -> serde_json::Value {
    let place = json!({ "x": 1, "y": 2 });
    json!({
        "fullName": "Ada", "years": 36, "tags": ["a"], "address": { "city": "London", "geo": place }, "boxed": place,
        "whole": { "a": 1, "b": 2 }, "data": null, "color": "ff", "background": "a", "left": 1, "right": 2,
    })
}

fn new(json: serde_json::Value) -> NewUser {
    serde_json::from_value(json).unwrap()
}

fn patch(json: serde_json::Value) -> UserPatch {
    serde_json::from_value(json).unwrap()
}

fn error(json: &str) -> String {
    serde_json::from_str::<UserPatch>(json).unwrap_err().to_string()
}

#[async_test]
async fn new_record_is_read_from_json() {
    let (_db, session) = place().await;
    let user = session.create::<User>().content(new(ada())).await.unwrap();
    assert_eq!((user.full_name.as_str(), user.age, user.nickname), ("Ada", 36, None));
    assert_eq!((user.color, user.background, user.data), (255, 10, Value::Null));
    assert_eq!((user.flat, user.version), (Flat { left: 1, right: Some(2) }, 1));
    assert_eq!(new(ada()), new(ada()));
}

#[async_test]
async fn patch_is_read_from_json_and_merged() {
    let (_db, session) = place().await;
    let before = session.create::<User>().id("ada").content(new(ada())).await.unwrap();
    let body = json!({
        "id": "someone", "seen": 7, "version": 9,
        "fullName": "Ada L.", "nickname": "Countess", "years": 37, "address": { "zip": "1", "geo": { "y": 3 } },
        "boxed": { "x": 9 }, "whole": { "a": 3, "b": 4 }, "data": { "any": [1] }, "color": "1f", "right": null,
        "otherAddress": { "city": "Paris", "geo": { "x": 0, "y": 0 } },
    });
    let user = session.update::<User>().id("ada").merge(patch(body)).await.unwrap();
    let expected = User {
        full_name: "Ada L.".into(),
        nickname: Some("Countess".into()),
        age: 37,
        address: Address { city: "London".into(), zip: Some("1".into()), place: Place { x: 1, y: 3 } },
        boxed: Box::new(Place { x: 9, y: 2 }),
        whole: Whole { a: 3, b: 4 },
        data: user.data.clone(),
        color: 0x1f,
        flat: Flat { left: 1, right: None },
        other_address: Some(Address { city: "Paris".into(), zip: None, place: Place { x: 0, y: 0 } }),
        version: 2,
        ..before
    };
    assert_eq!(user, expected);
    assert!(user.data.as_object().is_some());
    let unset = patch(json!({ "nickname": null, "otherAddress": null, "address": { "zip": null } }));
    let user = session.update::<User>().id("ada").merge(unset).await.unwrap();
    assert_eq!((user.nickname, user.other_address, user.address.zip), (None, None, None));
}

#[test]
fn mistake_in_a_patch_names_the_field() {
    for (json, expected) in [
        (r#"{"fullName":null}"#, "`fullName`: null, and the field is not optional"),
        (r#"{"address":null}"#, "`address`: null, and the field is not optional"),
        (r#"{"address":{"geo":{"x":null}}}"#, "`address.geo.x`: null, and the field is not optional"),
        (r#"{"otherAddress":{"zip":"1"}}"#, "`otherAddress`: missing field `city`"),
        (r#"{"whole":{"a":1}}"#, "`whole`: missing field `b`"),
        (r#"{"age":"old"}"#, "`age`: invalid type: string \"old\", expected u8"),
        (r#"{"age":300}"#, "`age`: invalid value: integer `300`, expected u8"),
        (r#"{"color":"z"}"#, "`color`: invalid digit"),
        (r#"{"left":null}"#, "`left`: null, and the field is not optional"),
        (r#"{"address":7}"#, "`address`: invalid type: integer `7`"),
    ] {
        let error = error(json);
        assert!(error.starts_with(expected), "{json}: {error}");
    }
    let strict = serde_json::from_str::<StrictPatch>(r#"{"id":"x"}"#).unwrap_err().to_string();
    assert!(strict.starts_with("unknown field `id`"), "{strict}");
    assert!(serde_json::from_str::<NewStrict>(r#"{"name":"x","y":1}"#).is_err());
}

#[test]
fn patches_are_compared_by_what_they_do() {
    assert_eq!(patch(json!({})), keep());
    assert_eq!(patch(json!({ "age": 3 })), UserPatch { age: set(3), ..keep() });
    assert_ne!(patch(json!({ "age": 3 })), UserPatch { age: set(4), ..keep() });
    assert_eq!(patch(json!({ "nickname": null })), UserPatch { nickname: unset(), ..keep() });
    let city = |city: &str| AddressPatch { city: set(city.into()), ..keep() };
    let merged = patch(json!({ "address": { "city": "Paris" } }));
    assert_eq!(merged, UserPatch { address: merge(city("Paris")), ..keep() });
    assert_ne!(merged, UserPatch { address: merge(city("Rome")), ..keep() });
    assert_eq!(merged.clone(), merged);
    let generic: GenericPatch<u8> = serde_json::from_str(r#"{"one":1,"other":null}"#).unwrap();
    assert_eq!(format!("{generic:?}"), "GenericPatch { one: Set(..), other: Unset }");
}
