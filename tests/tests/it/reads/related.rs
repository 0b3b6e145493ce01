//! Conditions on edges, other selects, text, maps, geometries; and the words of a select that choose how it reads.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::value::Geometry;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User, i64>,
    name: String,
    bio: Option<String>,
    settings: Option<BTreeMap<String, i64>>,
    marks: HashMap<String, Option<String>>,
    at: Option<Geometry>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Post {
    id: Id<Post, i64>,
    author: Option<Id<User, i64>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation, table = "has `read`")]
struct HasRead {
    id: Id<HasRead>,
    r#in: Id<User, i64>,
    out: Id<Post, i64>,
    stars: u8,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading, (String, i64, i64)>,
    value: i64,
}

async fn with_users() -> (Surreal, Session) {
    let (db, session) = place().await;
    for key in 0..5_i64 {
        let settings = (key % 2 == 0).then(|| BTreeMap::from([("theme".to_owned(), key), ("a b".to_owned(), 1)]));
        let marks = HashMap::from([("seen".to_owned(), (key > 2).then(|| "yes".to_owned()))]);
        let place = f64::from(i32::try_from(key).unwrap());
        let new = NewUser {
            name: format!(" Näme{key} "),
            bio: (key > 1).then(|| "é".repeat(usize::try_from(key).unwrap())),
            settings,
            marks,
            at: (key < 4).then_some(Geometry::Point([place, place])),
        };
        session.create::<User>().id(key).content(new).await.unwrap();
        session.create::<Post>().id(key).content(NewPost { author: (key > 0).then(|| Id::new(key)) }).await.unwrap();
        for out in 0..key {
            let stars = u8::try_from(out).unwrap();
            session.relate(NewHasRead { r#in: Id::new(key), out: Id::new(out), stars }).await.unwrap();
        }
    }
    (db, session)
}

async fn who(session: &Session, condition: impl FnOnce(Fields<User>) -> Condition<User>) -> Vec<i64> {
    session.select::<User>().filter(condition).values(|u| u.id).await.unwrap().into_iter().map(Id::into_key).collect()
}

#[async_test]
async fn edges_are_conditions_and_numbers() {
    let (_db, session) = with_users().await;
    assert_eq!(who(&session, |u| u.id.out::<HasRead>().exists()).await, [1, 2, 3, 4]);
    assert_eq!(who(&session, |u| !u.id.out::<HasRead>().exists()).await, [0]);
    assert_eq!(who(&session, |u| u.id.out::<HasRead>().filter(|r| r.stars.gte(2)).count().eq(1)).await, [3]);
    assert_eq!(
        who(&session, |u| u.id.out::<HasRead>().filter(|r| r.stars.gte(1)).filter(|r| r.stars.lt(2)).exists()).await,
        [2, 3, 4]
    );
    let readers = session.select::<Post>().values(|p| (p.id, p.id.in_::<HasRead>().count())).await.unwrap();
    let readers: Vec<(i64, u64)> = readers.into_iter().map(|(id, count)| (id.into_key(), count)).collect();
    assert_eq!(readers, [(0, 4), (1, 3), (2, 2), (3, 1), (4, 0)]);
    let read = session.select::<HasRead>().filter(|r| r.r#in.out::<HasRead>().count().eq(1)).count().await.unwrap();
    assert_eq!(read, 1);
    // In a write, the records are found before the first one changes.
    let deleted = session.delete::<Post>().filter(|p| p.id.in_::<HasRead>().count().gte(3)).await.unwrap();
    assert_eq!(deleted.len(), 2);
    // With a record, the server deletes its edges.
    assert_eq!(who(&session, |u| u.id.out::<HasRead>().exists()).await, [3, 4]);
}

#[async_test]
async fn results_of_another_select_are_a_list() {
    let (_db, session) = with_users().await;
    let long = session.select::<User>().filter(|u| u.bio.char_count().gte(3)).values(|u| u.id);
    let posts = session.select::<Post>().filter(|p| p.author.is_in_select(long.clone()));
    let keys = |posts: Vec<Post>| posts.into_iter().map(|post| post.id.into_key()).collect::<Vec<_>>();
    assert_eq!(keys(posts.clone().await.unwrap()), [3, 4]);
    assert_eq!((posts.clone().count().await.unwrap(), posts.clone().exists().await.unwrap()), (2, true));
    assert_eq!(keys(posts.clone().page(1, None).await.unwrap().rows), [3]);
    let not = session.select::<Post>().filter(|p| !p.author.is_in_select(long.clone()));
    assert_eq!(keys(not.await.unwrap()), [0, 1, 2]);
    let streamed: Vec<Post> = futures_util::TryStreamExt::try_collect(posts.clone().stream().chunk(1)).await.unwrap();
    assert_eq!(keys(streamed), [3, 4]);
    let one = session
        .update::<Post>()
        .id(3)
        .filter(|p| p.author.is_in_select(long.clone()))
        .set(|p| p.author.set(Id::new(3)));
    assert_eq!(session.batch((one, posts.clone().count())).atomic().await.unwrap().1, 2);
    let locked = session.select::<Post>().ids([3]).for_update().values(|p| p.id).await.unwrap_err();
    assert_eq!(locked.kind(), ErrorKind::InvalidArgument);
    // A list in a list.
    let authors = session.select::<Post>().filter(|p| p.author.is_in_select(long.clone())).values(|p| p.author);
    assert_eq!(who(&session, |u| u.id.is_in_select(authors.clone())).await, [3, 4]);
    let (listed, count) = session.batch((posts.clone().values(|p| p.id), posts.clone().count())).await.unwrap();
    assert_eq!((listed.len(), count), (2, 2));
    let updated =
        session.update::<Post>().filter(|p| p.author.is_in_select(long.clone())).set(|p| p.author.unset()).await;
    assert_eq!(keys(updated.unwrap()), [3, 4]);
    let tx = session.begin_transaction().await.unwrap();
    let error = tx.select::<Post>().filter(|p| p.author.is_in_select(long.clone())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let inside = tx.select::<User>().values(|u| u.id);
    assert_eq!(tx.select::<Post>().filter(|p| p.author.is_in_select(inside)).count().await.unwrap(), 2);
    tx.cancel().await.unwrap();
    let other = session.fork().await.unwrap();
    let error = other.select::<Post>().filter(|p| p.author.is_in_select(long.clone())).await.unwrap_err();
    assert!(error.to_string().contains("another session"), "{error}");
    let error = session.live::<Post>().filter(|p| p.author.is_in_select(long.clone())).await.unwrap_err();
    assert!(error.to_string().contains("live query"), "{error}");
}

#[derive(Debug, Clone, PartialEq, LinkTo)]
enum Owner {
    User(Id<User, i64>),
    Post(Id<Post, i64>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Thing {
    id: Id<Thing, i64>,
    owner: Option<Owner>,
    any: RecordId,
}

#[async_test]
async fn links_to_several_tables_lead_to_each() {
    let (_db, session) = with_users().await;
    for (key, owner) in [(0, None), (1, Some(Owner::User(Id::new(3)))), (2, Some(Owner::Post(Id::new(3))))] {
        session.create::<Thing>().id(key).content(NewThing { owner, any: RecordId::new("user", key) }).await.unwrap();
    }
    let things = || session.select::<Thing>();
    let keys = |things: Vec<Thing>| things.into_iter().map(|thing| thing.id.into_key()).collect::<Vec<_>>();
    assert_eq!(keys(things().filter(|t| t.owner.to::<User>().name.trim().eq("Näme3")).await.unwrap()), [1]);
    assert_eq!(keys(things().filter(|t| t.owner.to::<Post>().author.name.is_some()).await.unwrap()), [2]);
    assert_eq!(keys(things().filter(|t| t.owner.to::<User>().is_none()).await.unwrap()), [0, 2]);
    assert!(things().filter(|t| t.any.to::<Post>().is_some()).await.unwrap().is_empty());
    assert_eq!(keys(things().order_by(|t| t.any.to::<User>().name.desc()).await.unwrap()), [2, 1, 0]);
    let names = things().values(|t| t.any.to::<User>().name).await.unwrap();
    assert_eq!(names, [0, 1, 2].map(|key| Some(format!(" Näme{key} "))));
    let fetched = things().fetch(|t| (t.owner.to::<User>(), t.any.to::<User>())).await.unwrap();
    let owners: Vec<_> =
        fetched.iter().map(|(_, owner, any)| (owner.is_some(), any.as_ref().unwrap().record().is_some())).collect();
    assert_eq!(owners, [(false, true), (true, true), (false, true)]);
}

#[async_test]
async fn text_is_measured_trimmed_and_matched() {
    let (_db, session) = with_users().await;
    assert_eq!(who(&session, |u| u.name.trim().eq("Näme2")).await, [2]);
    assert_eq!(who(&session, |u| u.name.trim().char_count().eq(5)).await, [0, 1, 2, 3, 4]);
    assert_eq!(who(&session, |u| u.bio.char_count().lt(3)).await, [2]);
    assert_eq!(who(&session, |u| u.name.is_match("me[12] $")).await, [1, 2]);
    assert_eq!(who(&session, |u| u.bio.is_match("^é*$")).await, [2, 3, 4]);
    let error = session.select::<User>().filter(|u| u.name.is_match("(")).await.unwrap_err();
    assert!(error.to_string().contains("regex"), "{error}");
}

#[async_test]
async fn maps_have_entries() {
    let (_db, session) = with_users().await;
    assert_eq!(who(&session, |u| u.settings.entry("theme").gte(2)).await, [2, 4]);
    assert_eq!(who(&session, |u| u.settings.entry("theme").is_none()).await, [1, 3]);
    assert_eq!(who(&session, |u| u.settings.contains_key("a b")).await, [0, 2, 4]);
    assert_eq!(who(&session, |u| !u.settings.contains_key("it's")).await, [0, 1, 2, 3, 4]);
    assert_eq!(who(&session, |u| u.marks.entry("seen").eq(Some("yes".to_owned()))).await, [3, 4]);
    let themes = session.select::<User>().values(|u| u.settings.entry("theme")).await.unwrap();
    assert_eq!(themes, [Some(0), None, Some(2), None, Some(4)]);
}

#[async_test]
async fn geometries_have_distances_and_areas() {
    let (_db, session) = with_users().await;
    let square = Geometry::Polygon(vec![vec![[0.5, 0.5], [2.5, 0.5], [2.5, 2.5], [0.5, 2.5], [0.5, 0.5]]]);
    assert_eq!(who(&session, |u| u.at.is_inside(&square)).await, [1, 2]);
    assert_eq!(who(&session, |u| !u.at.intersects(&square)).await, [0, 3, 4]);
    assert_eq!(who(&session, |u| u.at.distance_to(Geometry::Point([0.0, 0.0])).lt(200_000.0)).await, [0, 1]);
    let distances = session.select::<User>().values(|u| u.at.distance_to(&square)).await.unwrap();
    assert_eq!(distances, [None; 5]);
}

#[async_test]
async fn select_says_how_it_reads() {
    let (_db, session) = with_users().await;
    session.execute("DEFINE INDEX `by name` ON user FIELDS name").await.unwrap();
    let named = || session.select::<User>().filter(|u| u.name.eq(" Näme2 "));
    assert_eq!(named().without_index().count().await.unwrap(), 1);
    assert_eq!(named().with_index(["by name", "no `such`"]).count().await.unwrap(), 1);
    assert!(!named().without_index().explain().await.unwrap().contains("by name"));
    assert!(named().with_index(["by name"]).explain().await.unwrap().contains("by name"));
    let short = session.select::<User>().omit(|u| (u.bio, u.settings)).order_by(|u| u.name.desc()).await.unwrap();
    assert!(short.len() == 5 && short.iter().all(|user| user.bio.is_none() && user.settings.is_none()));
    assert!(short.iter().any(|user| user.at.is_some()));
    let page = session.select::<User>().omit(|u| u.bio).page(5, None).await.unwrap();
    assert!(page.rows.iter().all(|user| user.bio.is_none()) && page.rows[0].settings.is_some());
    let mut orders = Vec::new();
    for _ in 0..20 {
        let order = session.select::<User>().order_random().values(|u| u.id).await.unwrap();
        assert_eq!(order.len(), 5);
        orders.push(order.into_iter().map(Id::into_key).collect::<Vec<_>>());
    }
    orders.sort();
    orders.dedup();
    assert!(orders.len() > 1, "{orders:?}");
    let error = session.select::<User>().order_random().order_by(|u| u.name.asc()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let error = session.select::<User>().version(Datetime::now()).await.unwrap_err();
    assert!(error.to_string().contains("version"), "{error}");
}

#[async_test]
async fn prefix_of_a_key_is_a_range() {
    let (_db, session) = place().await;
    for (a, b) in [("a", 1), ("a", 2), ("aa", 1), ("b", i64::MIN), ("b", i64::MAX), ("", 0)] {
        for c in [-1, 5] {
            session.create::<Reading>().id((a, b, c)).content(NewReading { value: c }).await.unwrap();
        }
    }
    let of = async |select: surreal_session::query::Select<Reading>| {
        select.values(|r| r.id).await.unwrap().into_iter().map(Id::into_key).collect::<Vec<_>>()
    };
    let key = |a: &str, b, c| (a.to_owned(), b, c);
    assert_eq!(
        of(session.select::<Reading>().prefix(("a",))).await,
        [key("a", 1, -1), key("a", 1, 5), key("a", 2, -1), key("a", 2, 5)]
    );
    assert_eq!(
        of(session.select::<Reading>().prefix(("b", i64::MAX))).await,
        [key("b", i64::MAX, -1), key("b", i64::MAX, 5)]
    );
    assert!(of(session.select::<Reading>().prefix(("c",))).await.is_empty());
    assert_eq!(of(session.select::<Reading>().prefix(("",)).limit(1)).await, [key("", 0, -1)]);
}
