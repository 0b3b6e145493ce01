//! Newtypes and enums with `#[derive(Stored)]` on the server: their fields, their keys and their type in SurrealQL.

use std::slice;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
struct Email(String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
struct Age(u8);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
struct Tags(Vec<String>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
struct UserId(i64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
#[serde(rename_all = "snake_case")]
enum State {
    Active,
    LockedOut,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Day(String);

impl Stored for Day {
    type As = String;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User, UserId>,
    email: Email,
    second: Option<Email>,
    age: Age,
    tags: Tags,
    state: State,
    born: Day,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Count {
    id: Id<Count, (State, UserId)>,
    count: u32,
}

async fn two(session: &Session) -> [User; 2] {
    let ada = NewUser {
        email: Email("ada@example.com".into()),
        second: Some(Email("ada@example.org".into())),
        age: Age(36),
        tags: Tags(vec!["math".into(), "machines".into()]),
        state: State::Active,
        born: Day("1815-12-10".into()),
    };
    let bob = NewUser {
        email: Email("bob@example.org".into()),
        second: None,
        age: Age(17),
        tags: Tags(Vec::new()),
        state: State::LockedOut,
        born: Day("1990-01-01".into()),
    };
    let ada = session.create::<User>().id(UserId(1)).content(ada).await.unwrap();
    [ada, session.create::<User>().id(UserId(2)).content(bob).await.unwrap()]
}

#[surreal_session_embedded::test]
async fn fields_of_newtypes_have_the_methods_of_the_type_inside(session: Session) {
    let [ada, bob] = two(&session).await;
    let users = || session.select::<User>().order_by(|u| u.id.asc());
    let found = users().filter(|u| u.email.ends_with("example.com") & u.second.eq("ada@example.org")).await.unwrap();
    assert_eq!(found, slice::from_ref(&ada));
    let found = users().filter(|u| u.email.contains("@") & u.age.lt(Age(18)) & u.born.gt("1900")).await.unwrap();
    assert_eq!(found, slice::from_ref(&bob));
    let found = users().filter(|u| u.tags.contains("math") & u.tags.len().eq(2) & u.tags.at::<0>().eq("math")).await;
    assert_eq!(found.unwrap(), slice::from_ref(&ada));
    let found = users().filter(|u| u.tags.is_empty() & u.age.add(1).eq(Age(18))).await.unwrap();
    assert_eq!(found, slice::from_ref(&bob));
    let write = session.update::<User>().id(&bob.id).set(|u| (u.age.add(1), u.tags.push("new"), u.email.set("b@x.io")));
    let bob = write.await.unwrap();
    assert_eq!((bob.age, bob.tags, bob.email), (Age(18), Tags(vec!["new".into()]), Email("b@x.io".into())));
}

#[surreal_session_embedded::test]
async fn enums_are_compared_as_text(session: Session) {
    let [ada, bob] = two(&session).await;
    let active = session.select::<User>().filter(|u| u.state.eq(State::Active)).await.unwrap();
    assert_eq!(active, [ada]);
    let others = session.select::<User>().filter(|u| u.state.is_in([State::LockedOut])).await.unwrap();
    assert_eq!(others, [bob]);
}

#[surreal_session_embedded::test]
async fn newtypes_and_enums_are_keys(session: Session) {
    let [ada, _] = two(&session).await;
    assert_eq!(session.select::<User>().id(UserId(1)).await.unwrap(), Some(ada));
    for (state, number) in [(State::Active, 1), (State::LockedOut, 2)] {
        let id = Id::<Count, (State, UserId)>::new((state.clone(), UserId(number)));
        let made = session.create::<Count>().id(&id).content(NewCount { count: 1 }).await.unwrap();
        assert_eq!(made.id, id);
        assert_eq!(Id::<Count, (State, UserId)>::try_from(id.to_record_id()).unwrap(), id);
        assert_eq!(session.select::<Count>().id((state, UserId(number))).await.unwrap(), Some(made));
    }
}

#[surreal_session_embedded::test]
async fn server_knows_the_types_of_kinds(session: Session) {
    let kinds = [
        ("state", State::KIND),
        ("email", Email::KIND),
        ("second", <Option<Email>>::KIND),
        ("age", Age::KIND),
        ("tags", Tags::KIND),
        ("born", Day::KIND),
    ];
    for (field, kind) in kinds {
        let text = format!("DEFINE FIELD {field} ON user TYPE {kind}");
        session.execute(Surql::dynamic(text)).await.unwrap();
    }
    let [ada, bob] = two(&session).await;
    assert_eq!(session.select::<User>().order_by(|u| u.id.asc()).await.unwrap(), [ada, bob]);
    session.execute("CREATE user:9 SET state = 'gone'").await.unwrap_err();
}
