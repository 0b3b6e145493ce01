//! Newtypes, enums and types with a one-line impl have the methods of the type that they are stored as; types without keep
//! those of any field.

use std::collections::{BTreeSet, HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use surreal_session::model::Kind;
use surreal_session::prelude::*;
use surreal_session::value::Uuid;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
struct Email(String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
struct Tags(Vec<String>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
struct UserId(Uuid);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
struct Wrapped<T>(T);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
#[serde(transparent)]
struct Named {
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Stored)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum State {
    Open,
    HalfClosed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Day(String);

impl Stored for Day {
    type As = String;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Opaque {
    None,
    Some(u8),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Spot {
    state: State,
    user: UserId,
}

#[derive(Debug, Serialize, Deserialize, Object)]
struct WithoutClone {
    inner: Inner,
}

#[derive(Debug, Serialize, Deserialize)]
struct Inner;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User, UserId>,
    email: Email,
    second: Option<Email>,
    name: Named,
    age: Wrapped<u8>,
    tags: Tags,
    more: Option<Tags>,
    state: State,
    states: BTreeSet<State>,
    day: Day,
    opaque: Option<Opaque>,
    opaques: VecDeque<Opaque>,
    map: HashMap<String, u8>,
    pair: (u8, String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Place {
    id: Id<Place, Spot>,
    owner: Option<Id<User, UserId>>,
}

fn filters(session: &Session, id: &Id<User, UserId>) {
    let users = || session.select::<User>();
    drop(users().filter(|u| u.email.eq("a") & u.email.starts_with("b") & u.email.contains("c") & u.name.lt("d")));
    drop(users().filter(|u| u.second.eq(None) | u.second.eq(Email("a".into())) | u.second.lowercase().eq("a")));
    drop(users().filter(|u| u.age.gt(Wrapped(3)) & u.age.add(1).lte(Wrapped(4)) & u.id.gt(id)));
    drop(users().filter(|u| u.tags.contains("a") & u.tags.len().gt(3) & u.more.any(|tag| tag.eq("a"))));
    drop(users().filter(|u| u.state.eq(State::Open) & u.state.is_in([State::HalfClosed]) & u.states.contains(State::Open)));
    drop(users().filter(|u| u.day.between("2026-01-01", "2026-12-31") & u.day.ne(Day("a".into()))));
    drop(users().filter(|u| u.opaque.eq(Opaque::None) & u.opaques.contains(Opaque::Some(1)) & u.opaques.len().gt(1)));
    drop(users().filter(|u| u.map.eq(HashMap::new()) & u.pair.gt((1, "a".to_owned()))));
    drop(session.update::<User>().id(id).set(|u| (u.tags.push("a"), u.opaque.unset(), u.state.set(State::Open))));
}

fn main() {
    assert_eq!(<Option<Email>>::KIND.to_string(), "option<string>");
    assert_eq!(State::KIND, Kind::Literal(&["OPEN", "HALF_CLOSED"]));
    assert_eq!(<Wrapped<Vec<Spot>>>::KIND.to_string(), "array<object>");
    assert_eq!(<Option<Id<User, UserId>>>::KIND.to_string(), "option<record<user>>");
    assert_eq!(Id::<Place, Spot>::new(Spot { state: State::HalfClosed, user: UserId(Uuid::new_v7()) }).key().state, State::HalfClosed);
    assert!(Id::<User, UserId>::generate() != Id::generate());
    let patch = UserPatch { state: set(State::Open), ..keep() };
    drop(patch.clone());
    drop(WithoutClonePatch { inner: set(Inner), ..keep() });
}
