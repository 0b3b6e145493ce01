//! Text of any type is an operand for a field of text, required or optional, and in a list.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
struct Email(String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(constructor)]
struct User {
    id: Id<User>,
    name: String,
    nickname: Option<String>,
    email: Email,
    other_email: Option<Email>,
    tags: Vec<String>,
    langs: Option<Vec<String>>,
    age: u8,
    count: i64,
}

fn new() -> NewUser {
    NewUser::new("x", Email("x".into()), vec!["x".into()], 18, 5_000_000_000)
        .nickname("x")
        .other_email(Email("x".into()))
        .langs(vec!["x".into()])
}

#[async_test]
async fn text_of_any_type_is_compared() {
    let (_db, session) = place().await;
    session.create::<User>().id("a").content(new()).await.unwrap();
    let (owned, cow): (String, Cow<'_, str>) = ("x".into(), "x".into());
    let (arc, boxed): (Arc<str>, Box<str>) = ("x".into(), "x".into());
    let (text, of_text) = ("x", &"x");
    let u: Fields<User> = *User::fields();
    macro_rules! conditions {
        ($($field:ident)+) => {
            [$(
                u.$field.eq(text), u.$field.eq(of_text), u.$field.eq(owned.clone()), u.$field.eq(&owned),
                u.$field.eq(cow.clone()), u.$field.eq(&cow), u.$field.eq(arc.clone()), u.$field.eq(&arc),
                u.$field.eq(boxed.clone()), u.$field.eq(&boxed), u.$field.is_in(["x"]), u.$field.is_in([&owned]),
                u.$field.starts_with(&owned), u.$field.contains(text),
            )+]
        };
    }
    let lists = [
        u.tags.contains("x"),
        u.tags.contains(&owned),
        u.tags.contains(&cow),
        u.langs.contains(&arc),
        u.tags.eq(["x"]),
        u.langs.eq(&[text][..]),
        u.email.eq("x"),
        u.other_email.eq("x"),
    ];
    let numbers = [u.age.gte(18), u.count.eq(5_000_000_000), u.nickname.ne(None)];
    for condition in conditions! { name nickname }.into_iter().chain(lists).chain(numbers) {
        let shown = format!("{condition:?}");
        assert_eq!(session.select::<User>().filter(|_| condition).count().await.unwrap(), 1, "{shown}");
    }
}

#[async_test]
async fn text_of_any_type_is_assigned() {
    let (_db, session) = place().await;
    session.create::<User>().id("a").content(new()).await.unwrap();
    let (owned, cow): (String, Cow<'_, str>) = ("owned".into(), "cow".into());
    let (arc, boxed): (Arc<str>, Box<str>) = ("arc".into(), "boxed".into());
    let user = session.update::<User>().id("a").set(|u| (u.name.set(&cow), u.nickname.set(&arc), u.tags.push(&boxed)));
    let user = user.await.unwrap();
    assert_eq!((user.name.as_str(), user.nickname.as_deref(), user.tags.len()), ("cow", Some("arc"), 2));
    let user =
        session.update::<User>().id("a").set(|u| (u.name.set(&owned), u.nickname.set("text"), u.langs.push(cow)));
    let user = user.await.unwrap();
    assert_eq!((user.name.as_str(), user.nickname.as_deref()), ("owned", Some("text")));
    assert_eq!(user.langs, Some(vec!["x".into(), "cow".into()]));
    let cleared = session.update::<User>().id("a").set(|u| (u.nickname.set(None), u.tags.set(vec![])));
    let user = cleared.await.unwrap();
    assert_eq!((user.nickname, user.tags), (None, vec![]));
}
