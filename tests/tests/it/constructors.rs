//! `NewUser::new(..)` and the setters of its other fields.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Address {
    city: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(constructor, new_derive(PartialEq))]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
    score: f64,
    tags: Vec<String>,
    #[serde(rename = "home")]
    address: Address,
    data: Value,
    employer: Id<User>,
    nickname: Option<String>,
    level: Option<i64>,
    langs: Option<Vec<String>>,
    friend: Option<Id<User>>,
    #[record(default = "7")]
    credits: u32,
    #[record(default = "'en'")]
    locale: String,
    /// A method of this name exists already.
    new: Option<bool>,
    r#type: Option<String>,
    #[cfg(any())]
    absent: String,
    #[serde(flatten)]
    others: BTreeMap<String, i64>,
    #[record(readonly, default = "time::now()")]
    created_at: Datetime,
    #[record(version)]
    version: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[record(constructor)]
struct Pair<T: Clone + std::fmt::Debug + 'static> {
    id: Id<Pair<T>>,
    left: T,
    right: Option<T>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[record(relation, constructor)]
struct Knows {
    id: Id<Knows>,
    r#in: Id<User>,
    out: Id<User>,
    since: Option<Datetime>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Own {
    id: Id<Own>,
    name: String,
    nickname: Option<String>,
}

impl NewOwn {
    fn new(number: u8) -> Self {
        Self { name: number.to_string(), nickname: None }
    }

    fn nickname(self) -> Self {
        Self { nickname: Some(self.name.clone()), ..self }
    }
}

fn ada() -> NewUser {
    let address = Address { city: "London".into() };
    NewUser::new("Ada", 36, 1.5, vec!["a".into()], address, "text", Id::new("bob"), BTreeMap::new())
}

#[async_test]
async fn constructor_takes_the_required_fields_and_setters_the_others() {
    let (_db, session) = place().await;
    session.define::<User>().await.unwrap().check().unwrap();
    let plain = session.create::<User>().content(ada()).await.unwrap();
    assert_eq!((plain.name.as_str(), plain.age, plain.nickname, plain.credits), ("Ada", 36, None, 7));
    assert_eq!((plain.locale.as_str(), plain.data), ("en", Value::from("text")));
    let full = ada().nickname("Countess").level(3).langs(vec!["en".into()]).friend(Id::new("eve")).credits(9);
    let full = session.create::<User>().content(full.locale("fr").r#type("x")).await.unwrap();
    assert_eq!((full.nickname.as_deref(), full.level, full.credits), (Some("Countess"), Some(3), 9));
    assert_eq!((full.locale.as_str(), full.r#type.as_deref()), ("fr", Some("x")));
    assert_eq!(full.friend, Some(Id::new("eve")));
}

#[async_test]
async fn constructor_of_edges_generic_records_and_own_functions() {
    let (_db, session) = place().await;
    let edge = session.relate(NewKnows::new(Id::new("a"), Id::new("b")).since(Datetime::now())).await.unwrap();
    assert!(edge.since.is_some());
    let pair =
        session.create::<Pair<String>>().content(NewPair::new("l".to_owned()).right("r".to_owned())).await.unwrap();
    assert_eq!((pair.left.as_str(), pair.right.as_deref()), ("l", Some("r")));
    let own = session.create::<Own>().content(NewOwn::new(7).nickname()).await.unwrap();
    assert_eq!((own.name.as_str(), own.nickname.as_deref()), ("7", Some("7")));
}
