//! Conditions on the server.

pub(crate) mod indexed;
mod live;
mod meaning;
mod operands;
mod ordered;
mod random;

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::value::Set;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Person {
    id: Id<Person>,
    name: String,
    age: u8,
    nickname: Option<String>,
    active: bool,
    marks: Set<u8>,
    friends: Vec<Id<Person>>,
    employer: Option<Id<Company>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Company {
    id: Id<Company>,
    name: String,
    boss: Option<Id<Person>>,
}

const PEOPLE: &str = "
    CREATE company:initech SET name = 'Initech', boss = person:bob;
    CREATE person:ada SET name = 'Ada Lovelace', age = 36, active = true, marks = {1, 2}, employer = company:initech,
        friends = [person:bob, person:nobody];
    CREATE person:bob SET name = 'Bob', age = 17, nickname = 'bobby', active = false, marks = {,},
        friends = [person:ada], employer = company:gone;
    CREATE person:cleo SET name = 'Cleo', age = 80, nickname = NULL, active = true, marks = {0, 5}, friends = [];";

async fn with_people() -> (Surreal, Session) {
    let (db, session) = place().await;
    session.execute(PEOPLE).await.unwrap();
    (db, session)
}

/// The keys of the people that meet the condition.
async fn who<C: surreal_session::query::IntoCondition<Person>>(
    session: &Session,
    condition: impl FnOnce(Fields<Person>) -> C,
) -> Vec<String> {
    let found = session.select::<Person>().filter(condition).await.unwrap();
    found.into_iter().map(|person| person.id.into_key()).collect()
}

#[async_test]
async fn paths_through_a_missing_link_are_none() {
    let (_db, session) = with_people().await;
    assert_eq!(who(&session, |p| p.employer.name.eq("Initech")).await, ["ada"]);
    assert_eq!(who(&session, |p| p.employer.boss.friends.contains(p.id)).await, ["ada"]);
    assert_eq!(who(&session, |p| p.employer.boss.age.lt(p.age)).await, ["ada"]);
    // `company:gone` does not exist, and `cleo` has no employer at all.
    assert_eq!(who(&session, |p| p.employer.name.is_none()).await, ["bob", "cleo"]);
    assert_eq!(who(&session, |p| p.employer.name.lt("Z")).await, ["ada"]);
    assert_eq!(who(&session, |p| p.employer.name.starts_with("")).await, ["ada"]);
    assert_eq!(who(&session, |p| p.employer.name.ne("Initech")).await, ["bob", "cleo"]);
    assert_eq!(who(&session, |p| p.friends.any(|friend| friend.age.gt(30))).await, ["bob"]);
    assert_eq!(who(&session, |p| p.friends.each(|friend| friend.name).contains("Bob")).await, ["ada"]);
    assert_eq!(who(&session, |p| p.friends.at::<0>().active).await, ["bob"]);
}

#[async_test]
async fn null_and_none_are_both_missing() {
    let (_db, session) = with_people().await;
    assert_eq!(who(&session, |p| p.nickname.is_none()).await, ["ada", "cleo"]);
    assert_eq!(who(&session, |p| p.nickname.eq(None)).await, ["ada", "cleo"]);
    assert_eq!(who(&session, |p| p.nickname.is_some()).await, ["bob"]);
    assert_eq!(who(&session, |p| p.nickname.is_null()).await, ["cleo"]);
    assert_eq!(who(&session, |p| p.nickname.lt("zzz")).await, ["bob"]);
}

#[async_test]
async fn sets_are_searched_like_arrays() {
    let (_db, session) = with_people().await;
    assert_eq!(who(&session, |p| p.marks.contains(1)).await, ["ada"]);
    assert_eq!(who(&session, |p| p.marks.contains_any([2, 5])).await, ["ada", "cleo"]);
    assert_eq!(who(&session, |p| p.marks.contains_all([1, 2])).await, ["ada"]);
    assert_eq!(who(&session, |p| p.marks.len().eq(2)).await, ["ada", "cleo"]);
    assert_eq!(who(&session, |p| p.marks.is_empty()).await, ["bob"]);
    // An element that is 0 is an element, though SurrealQL's `count` would leave it out.
    assert_eq!(who(&session, |p| p.marks.any(|mark| mark.lt(1))).await, ["cleo"]);
    assert_eq!(who(&session, |p| p.marks.all(|mark| mark.gt(0))).await, ["ada", "bob"]);
}

#[async_test]
async fn rows_of_any_shape_do_not_fail_a_condition() {
    let (_db, session) = with_people().await;
    session.execute("CREATE person:odd SET name = 7, age = 'old', active = 1").await.unwrap();
    let keys = async |condition: Condition<Person>| {
        let found = session.select::<Person>().filter(|_| condition).view::<Key>().await.unwrap();
        found.into_iter().map(|found| found.id.into_key()).collect::<Vec<_>>()
    };
    let p: Fields<Person> = *Person::fields();
    assert_eq!(keys(p.name.starts_with("B")).await, ["bob"]);
    assert_eq!(keys(p.name.lowercase().eq("bob")).await, ["bob"]);
    assert_eq!(keys(p.friends.len().eq(1)).await, ["bob"]);
    assert_eq!(keys(p.marks.any(|mark| mark.eq(1))).await, ["ada"]);
    assert_eq!(keys(p.age.lt(18)).await, ["bob"]);
}

#[derive(Debug, Deserialize, View)]
#[record(of = Person)]
struct Key {
    id: Id<Person>,
}

#[async_test]
async fn long_lists_of_conditions_are_accepted() {
    let (_db, session) = with_people().await;
    let ages = |count: u32| (0..count).map(|number| if number % 2 == 0 { 36 } else { 200 });
    for count in [1, 16, 17, 1_000, 10_000] {
        assert_eq!(who(&session, |p| any(ages(count).map(|age| p.age.eq(age)))).await, ["ada"], "{count}");
        assert_eq!(who(&session, |p| all(ages(count).map(|age| p.age.ne(age)))).await, ["bob", "cleo"], "{count}");
    }
    let mut select = session.select::<Person>();
    for _ in 0..300 {
        select = select.filter(|p| p.age.gt(18) & p.age.lt(40));
    }
    assert_eq!(select.await.unwrap().len(), 1);
    assert_eq!(
        who(&session, |p| p.age.is_in((0..10_000_u16).map(|number| (number % 50).to_le_bytes()[0]))).await,
        ["ada", "bob"]
    );
}

#[async_test]
async fn conditions_nested_too_deep_are_refused() {
    let (_db, session) = with_people().await;
    let mut deep = {
        let p: Fields<Person> = *Person::fields();
        p.age.eq(36)
    };
    for _ in 0..12 {
        deep = !(deep & Condition::raw("true")) | Condition::raw("false");
    }
    let deeper =
        (0..5_000).fold(deep.clone(), |deeper, _| !(deeper & Condition::raw("true")) | Condition::raw("false"));
    assert!(format!("{deeper:?}").len() < 100_000);
    let error = session.select::<Person>().filter(|_| deeper.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent), "{error:?}");
    let error = session.delete::<Person>().filter(|_| deeper).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent), "{error:?}");
    let error = session.select::<Person>().filter(|_| deep).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Validation, Delivery::Answered), "{error:?}");
    assert!(error.to_string().contains("depth"), "{error}");
}

#[async_test]
async fn matches_uses_the_full_text_index_and_fails_without_one() {
    let (_db, session) = with_people().await;
    let error = session.select::<Person>().filter(|p| p.name.matches("ada")).await.unwrap_err();
    assert!(error.to_string().contains("index"), "{error}");
    let index = "DEFINE ANALYZER words TOKENIZERS blank FILTERS lowercase;
        DEFINE INDEX by_name ON person FIELDS name FULLTEXT ANALYZER words";
    session.execute(index).await.unwrap();
    assert_eq!(who(&session, |p| p.name.matches("ada")).await, ["ada"]);
    assert_eq!(who(&session, |p| p.name.matches("ada") | p.age.eq(80)).await, ["ada", "cleo"]);
    assert_eq!(who(&session, |p| !p.name.matches("ada")).await, ["bob", "cleo"]);
}

#[async_test]
async fn raw_condition_binds_its_values_and_cannot_leave_its_clause() {
    let (_db, session) = with_people().await;
    let long = || Condition::raw("string::len(name) > $min").bind("min", 4);
    assert_eq!(who(&session, |p| long() & p.active).await, ["ada"]);
    assert_eq!(who(&session, |p| !long() & p.age.lt(100)).await, ["bob", "cleo"]);
    let select = session.select::<Person>().filter(|p| long() & p.name.ne("x"));
    assert_eq!(
        select.to_surql(),
        "SELECT * FROM $_0 WHERE ((string::len(name) > $min)) AND (name != $_1) -- $_0, $_1, $min"
    );
    // The text cannot end the condition and begin another clause.
    let error = session.select::<Person>().filter(|_| Condition::raw("true LIMIT 1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation, "{error:?}");
    let error = session.select::<Person>().filter(|_| long() & long()).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent), "{error:?}");
    assert!(error.to_string().contains("`$min` is bound twice"), "{error}");
}

#[async_test]
async fn indexes_are_used_in_spite_of_parentheses_and_guards() {
    let (_db, session) = with_people().await;
    session.execute("DEFINE INDEX by_age ON person FIELDS age").await.unwrap();
    let p: Fields<Person> = *Person::fields();
    for condition in [
        p.age.eq(36),
        p.age.gt(18),
        p.age.lt(18),
        p.age.lte(18),
        p.age.between(18, 40),
        p.age.is_in([17, 36]),
        p.age.gte(18) & p.active,
        p.age.is_none(),
        any([p.age.eq(17), p.age.eq(36)]),
    ] {
        let shown = format!("{condition:?}");
        let plan = session.select::<Person>().filter(|_| condition).explain().await.unwrap();
        assert!(plan.contains("IndexScan"), "{shown}: {plan}");
    }
    let plan = session.select::<Person>().filter(|p| p.active).explain().await.unwrap();
    assert!(plan.contains("TableScan"), "{plan}");
}
