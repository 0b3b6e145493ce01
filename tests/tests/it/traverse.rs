//! Graph traversal.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::{ErrorKind, RecordId};
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Person {
    id: Id<Person>,
    name: String,
    boss: Option<Id<Person>>,
    friends: Vec<Id<Person>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "the `post`")]
struct Post {
    id: Id<Post, i64>,
    title: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Wrote {
    id: Id<Wrote>,
    r#in: Id<Person>,
    out: Id<Post, i64>,
    at: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Knows {
    id: Id<Knows>,
    r#in: Id<Person>,
    out: Id<Person>,
    since: i64,
}

#[derive(Debug, Clone, PartialEq, LinkTo)]
enum Subject {
    Person(Id<Person>),
    Post(Id<Post, i64>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Likes {
    id: Id<Likes>,
    r#in: Id<Person>,
    out: Subject,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Touches {
    id: Id<Touches>,
    r#in: RecordId,
    out: RecordId,
}

fn person(name: &str) -> NewPerson {
    NewPerson { name: name.into(), boss: None, friends: Vec::new() }
}

/// Ada knows Bob, who knows Cy, who knows Ada and Dan; Ada wrote the posts 1 and 2, the second twice; Bob wrote 3.
async fn with_people_and_posts() -> (Surreal, Session) {
    let (db, session) = place().await;
    for name in ["ada", "bob", "cy", "dan"] {
        session.create::<Person>().id(name).content(person(name)).await.unwrap();
    }
    for (key, title) in [(1, "one"), (2, "two"), (3, "three")] {
        session.create::<Post>().id(key).content(NewPost { title: title.into() }).await.unwrap();
    }
    let wrote = |name: &str, post: i64, at| NewWrote { r#in: Id::new(name), out: Id::new(post), at };
    let wrote = vec![wrote("ada", 1, 1), wrote("ada", 2, 2), wrote("ada", 2, 5), wrote("bob", 3, 3)];
    session.insert(wrote).relation().await.unwrap();
    let knows = |one: &str, other: &str, since| NewKnows { r#in: Id::new(one), out: Id::new(other), since };
    let knows = vec![knows("ada", "bob", 1), knows("bob", "cy", 2), knows("cy", "ada", 3), knows("cy", "dan", 4)];
    session.insert(knows).relation().await.unwrap();
    (db, session)
}

fn ada() -> Id<Person> {
    Id::new("ada")
}

fn names(people: Vec<Person>) -> BTreeSet<String> {
    let count = people.len();
    let names: BTreeSet<String> = people.into_iter().map(|person| person.name).collect();
    assert_eq!(names.len(), count, "each record comes once");
    names
}

fn these<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(String::from).into()
}

#[async_test]
async fn out_and_in_follow_edges_in_both_directions() {
    let (_db, session) = with_people_and_posts().await;
    let mut posts: Vec<Post> = session.traverse(&ada()).out::<Wrote>().to::<Post>().await.unwrap();
    posts.sort_by_key(|post| *post.id.key());
    assert_eq!(posts.iter().map(|post| post.title.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    let authors = session.traverse(&posts[1].id).in_::<Wrote>().to::<Person>().await.unwrap();
    assert_eq!(names(authors), these(["ada"]));
    let mut ids = session.traverse(ada()).out::<Wrote>().to::<Post>().ids().await.unwrap();
    ids.sort();
    assert_eq!(ids, [Id::new(1), Id::new(2)]);
    let nobody = session.traverse(Id::<Person>::new("dan")).out::<Knows>().to::<Person>().await.unwrap();
    assert_eq!(nobody, []);
}

#[async_test]
async fn edges_are_read_as_records() {
    let (_db, session) = with_people_and_posts().await;
    let edges: Vec<Wrote> = session.traverse(&ada()).out::<Wrote>().edges().order_by(|w| w.at.desc()).await.unwrap();
    assert_eq!(edges.iter().map(|edge| (edge.at, *edge.out.key())).collect::<Vec<_>>(), [(5, 2), (2, 2), (1, 1)]);
    assert_eq!(session.traverse(&ada()).out::<Wrote>().await.unwrap().len(), 3);
    let late = session.traverse(&ada()).out::<Wrote>().filter(|w| w.at.gt(1)).edges();
    let late = late.fetch(|w| w.out).order_by(|w| w.at.asc()).await.unwrap();
    let titles: Vec<_> = late.into_iter().map(|(edge, post)| (edge.at, post.into_record().unwrap().title)).collect();
    assert_eq!(titles, [(2, "two".to_owned()), (5, "two".to_owned())]);
}

#[async_test]
async fn each_step_has_its_own_filter() {
    let (_db, session) = with_people_and_posts().await;
    let walk = session
        .traverse(&ada())
        .out::<Wrote>()
        .filter(|w| w.at.gt(1))
        .filter(|w| w.out.title.ne("one"))
        .to::<Post>()
        .filter(|p| p.title.starts_with("t"))
        .in_::<Wrote>()
        .to::<Person>();
    assert_eq!(names(walk.await.unwrap()), these(["ada"]));
    let none = session.traverse(&ada()).out::<Wrote>().filter(|w| w.at.gt(5)).to::<Post>().await.unwrap();
    assert_eq!(none, []);
    let hostile = session.traverse(&ada()).out::<Wrote>().to::<Post>().filter(|p| p.title.eq("') OR true --"));
    assert_eq!(hostile.await.unwrap(), []);
}

#[async_test]
async fn traversal_starts_from_several_records() {
    let (_db, session) = with_people_and_posts().await;
    let both = [ada(), Id::new("bob")];
    let posts = |walk: surreal_session::graph::Traverse<Post, Person>| async move { walk.ids().await.unwrap().len() };
    assert_eq!(posts(session.traverse(&both).out::<Wrote>().to::<Post>()).await, 3);
    assert_eq!(posts(session.traverse(both.to_vec()).out::<Wrote>().to::<Post>()).await, 3);
    assert_eq!(posts(session.traverse(&both[..1]).out::<Wrote>().to::<Post>()).await, 2);
    assert_eq!(posts(session.traverse(Vec::<Id<Person>>::new()).out::<Wrote>().to::<Post>()).await, 0);
    let known = session.select::<Person>().filter(|p| p.name.ne("ada"));
    assert_eq!(posts(session.traverse(known).out::<Wrote>().to::<Post>()).await, 1);
    let first_two = session.select::<Person>().order_by(|p| p.name.asc()).limit(2);
    assert_eq!(posts(session.traverse(first_two).out::<Wrote>().to::<Post>()).await, 3);
    assert_eq!(names(session.traverse(&both).await.unwrap()), these(["ada", "bob"]));
}

#[async_test]
async fn missing_records_and_tables_yield_nothing() {
    let (_db, session) = with_people_and_posts().await;
    let nobody: Id<Person> = Id::new("nobody");
    assert_eq!(session.traverse(&nobody).out::<Wrote>().to::<Post>().await.unwrap(), []);
    assert_eq!(session.traverse(&nobody).await.unwrap(), []);
    // There is no table of likes yet.
    assert_eq!(session.traverse(&ada()).out::<Likes>().to::<Post>().await.unwrap(), []);
    assert_eq!(session.traverse(&ada()).out::<Likes>().await.unwrap(), []);
}

#[async_test]
async fn several_steps_return_each_record_once() {
    let (_db, session) = with_people_and_posts().await;
    let colleagues = session.traverse(&ada()).out::<Knows>().to::<Person>().out::<Knows>().to::<Person>();
    assert_eq!(names(colleagues.await.unwrap()), these(["cy"]));
    let round = session.traverse(&[ada(), Id::new("bob")]).out::<Wrote>().to::<Post>().in_::<Wrote>().to::<Person>();
    let posts = round.clone().out::<Wrote>().to::<Post>();
    assert_eq!(names(round.await.unwrap()), these(["ada", "bob"]));
    assert_eq!(posts.select().count().await.unwrap(), 3);
}

#[async_test]
async fn depth_repeats_the_last_step() {
    let (_db, session) = with_people_and_posts().await;
    let known = || session.traverse(&ada()).out::<Knows>().to::<Person>();
    for (walk, expected) in [
        (known().depth(1..=1), these(["bob"])),
        (known().depth(1..=2), these(["bob", "cy"])),
        (known().depth(2..=2), these(["cy"])),
        (known().depth(2..4), these(["cy", "ada", "dan"])),
        (known().depth(3..=3), these(["ada", "dan"])),
        (known().depth(..), these(["ada", "bob", "cy", "dan"])),
        (known().depth(1..=256), these(["ada", "bob", "cy", "dan"])),
        (known().filter(|p| p.name.ne("cy")).depth(..), these(["bob"])),
        (
            session.traverse(&ada()).out::<Knows>().filter(|k| k.since.lt(4)).to::<Person>().depth(..),
            these(["ada", "bob", "cy"]),
        ),
        (session.traverse(&ada()).in_::<Knows>().to::<Person>().depth(1..=2), these(["bob", "cy"])),
        (known().out::<Knows>().to::<Person>().depth(1..=2), these(["ada", "cy", "dan"])),
    ] {
        let surql = walk.to_surql();
        assert_eq!(names(walk.await.unwrap()), expected, "{surql}");
    }
    let posts = known().depth(1..=3).out::<Wrote>().to::<Post>().ids().await.unwrap();
    assert_eq!(posts.into_iter().collect::<BTreeSet<_>>(), [1, 2, 3].map(Id::new).into());
}

#[async_test]
async fn impossible_depth_is_refused_before_it_is_sent() {
    let (_db, session) = with_people_and_posts().await;
    let known = || session.traverse(&ada()).out::<Knows>().to::<Person>();
    for (walk, given) in [
        (known().depth(0..=2), "0..=2"),
        (known().depth(1..=257), "1..=257"),
        (known().depth(2..2), "2..=1"),
        (known().depth(300..), "300.."),
    ] {
        let error = walk.await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent), "{error}");
        assert_eq!(error.to_string(), format!("a depth of {given} is not a range between 1 and 256"));
    }
}

#[async_test]
async fn to_selects_one_of_several_end_types() {
    let (_db, session) = with_people_and_posts().await;
    let liked = vec![
        NewLikes { r#in: ada(), out: Subject::Post(Id::new(3)) },
        NewLikes { r#in: ada(), out: Id::<Person>::new("bob").into() },
    ];
    let edges = session.insert(liked).relation().await.unwrap();
    assert_eq!(
        edges.iter().map(|edge| &edge.out).collect::<Vec<_>>(),
        [&Subject::Post(Id::new(3)), &Subject::Person(Id::new("bob"))]
    );
    let posts = session.traverse(&ada()).out::<Likes>().to::<Post>().await.unwrap();
    assert_eq!(posts.iter().map(|post| post.title.as_str()).collect::<Vec<_>>(), ["three"]);
    let people = session.traverse(&ada()).out::<Likes>().to::<Person>().await.unwrap();
    assert_eq!(names(people), these(["bob"]));
    let fans = session.traverse(Id::<Post, i64>::new(3)).in_::<Likes>().to::<Person>().await.unwrap();
    assert_eq!(names(fans), these(["ada"]));
    let of_a_post =
        session.traverse(&ada()).out::<Likes>().filter(|l| l.out.eq(Subject::Post(Id::new(3)))).await.unwrap();
    assert_eq!(of_a_post, edges[..1]);

    let touch = NewTouches { r#in: ada().into(), out: Subject::Post(Id::new(1)).into() };
    session.relate(touch).await.unwrap();
    assert_eq!(session.traverse(&ada()).out::<Touches>().to::<Post>().ids().await.unwrap(), [Id::new(1)]);
    assert_eq!(session.traverse(&ada()).out::<Touches>().to::<Person>().ids().await.unwrap(), []);
}

#[async_test]
async fn references_are_followed_back() {
    let (_db, session) = with_people_and_posts().await;
    let schema = "DEFINE FIELD boss ON person TYPE option<record<person>> REFERENCE;
        DEFINE FIELD friends ON person TYPE array<record<person>> REFERENCE";
    session.execute(schema).await.unwrap();
    let bob = PersonPatch { boss: set(Some(ada())), ..keep() };
    session.update::<Person>().id("bob").merge(bob).await.unwrap();
    let cy = PersonPatch { friends: set(vec![ada(), Id::new("bob")]), ..keep() };
    session.update::<Person>().id("cy").merge(cy).await.unwrap();

    let led = session.traverse(&ada()).referenced_by::<Person>().via(|p| p.boss);
    assert_eq!(names(led.clone().await.unwrap()), these(["bob"]));
    assert_eq!(led.out::<Wrote>().to::<Post>().ids().await.unwrap(), [Id::new(3)]);
    let friends = session.traverse(&[ada(), Id::new("bob")]).referenced_by::<Person>().via(|p| p.friends);
    assert_eq!(names(friends.clone().await.unwrap()), these(["cy"]));
    assert_eq!(friends.filter(|p| p.name.eq("ada")).await.unwrap(), []);
}

#[async_test]
async fn links_without_reference_yield_no_referrers() {
    let (_db, session) = with_people_and_posts().await;
    let bob = PersonPatch { boss: set(Some(ada())), ..keep() };
    session.update::<Person>().id("bob").merge(bob).await.unwrap();
    assert_eq!(session.traverse(&ada()).referenced_by::<Person>().via(|p| p.boss).await.unwrap(), []);
    assert_eq!(session.select::<Person>().filter(|p| p.boss.eq(ada())).count().await.unwrap(), 1);
}

#[async_test]
async fn traversal_result_takes_select_clauses() {
    #[derive(Debug, PartialEq, Deserialize, View)]
    #[record(of = Post)]
    struct Title {
        title: String,
    }

    let (_db, session) = with_people_and_posts().await;
    let found =
        || session.traverse(&ada()).out::<Knows>().to::<Person>().depth(..).out::<Wrote>().to::<Post>().select();
    let titles = found().order_by(|p| p.title.asc()).limit(2).view::<Title>().await.unwrap();
    assert_eq!(titles.iter().map(|view| view.title.as_str()).collect::<Vec<_>>(), ["one", "three"]);
    assert_eq!(found().filter(|p| p.title.ne("one")).count().await.unwrap(), 2);
    assert_eq!(found().filter(|p| p.title.eq("two")).one().await.unwrap().id, Id::new(2));
    assert!(!found().filter(|p| p.title.eq("four")).exists().await.unwrap());
    assert_eq!(found().order_by(|p| p.title.desc()).first().await.unwrap().unwrap().title, "two");
}

#[async_test]
async fn eighteen_steps_are_accepted_and_more_refused() {
    let (_db, session) = with_people_and_posts().await;
    let mut walk = session.traverse(&ada()).out::<Knows>().to::<Person>();
    for _ in 1..18 {
        walk = walk.out::<Knows>().to::<Person>();
    }
    assert_eq!(names(walk.clone().await.unwrap()), these(["ada", "dan"]));
    let error = walk.out::<Knows>().to::<Person>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation, "{error}");
}

#[async_test]
async fn thousands_of_edges_are_followed() {
    let (_db, session) = with_people_and_posts().await;
    let wrote = |at| NewWrote { r#in: Id::new("dan"), out: Id::new(at % 3 + 1), at };
    session.insert((0..2000).map(wrote).collect::<Vec<_>>()).relation().return_none().await.unwrap();
    let edges = || session.traverse(Id::<Person>::new("dan")).out::<Wrote>();
    assert_eq!(edges().await.unwrap().len(), 2000);
    assert_eq!(edges().to::<Post>().ids().await.unwrap().len(), 3);
}

#[async_test]
async fn to_surql_and_debug_of_a_traversal_show_no_values() {
    let (_db, session) = place().await;
    let walk = session
        .traverse(&ada())
        .out::<Knows>()
        .filter(|k| k.since.gt(3))
        .to::<Person>()
        .depth(1..=3)
        .out::<Wrote>()
        .to::<Post>();
    let surql = "SELECT * FROM { array::group(array::group($_0.{1..3+collect}(->(knows WHERE since >= $_1)->(person)))\
                 ->(wrote)->(`the \\`post\\``)) } -- $_0, $_1";
    assert_eq!(walk.to_surql(), surql);
    assert!(!format!("{walk:?}{:?}", session.traverse(&ada()).out::<Knows>()).contains("ada"));
    let ids = walk.ids();
    assert!(ids.to_surql().starts_with("RETURN array::group("), "{ids:?}");
}

#[async_test]
async fn steps_along_references_can_be_repeated() {
    let (_db, session) = place().await;
    session
        .execute("DEFINE TABLE person; DEFINE FIELD boss ON person TYPE option<record<person>> REFERENCE")
        .await
        .unwrap();
    for (name, boss) in [("ada", None), ("bob", Some("ada")), ("cy", Some("bob")), ("dan", Some("cy"))] {
        let new = NewPerson { boss: boss.map(Id::new), ..person(name) };
        session.create::<Person>().id(name).content(new).await.unwrap();
    }
    let staff = session.traverse(&ada()).referenced_by::<Person>().via(|p| p.boss);
    assert_eq!(names(staff.clone().await.unwrap()), these(["bob"]));
    assert_eq!(names(staff.clone().depth(1..=2).await.unwrap()), these(["bob", "cy"]));
    assert_eq!(names(staff.depth(2..).await.unwrap()), these(["cy", "dan"]));
}

#[async_test]
async fn optional_clauses_of_a_traversal_apply_only_if_there_is_a_value() {
    let (_db, session) = with_people_and_posts().await;
    let posts = async |at: Option<i64>, title: Option<&str>| {
        let edges = session.traverse(&ada()).out::<Wrote>().filter_opt(at, |w, at| w.at.gt(at));
        let posts = edges.to::<Post>().filter_opt(title, |p, title| p.title.eq(title));
        posts.deadline(std::time::Duration::from_secs(20)).await.unwrap().len()
    };
    assert_eq!((posts(None, None).await, posts(None, Some("two")).await, posts(Some(99), None).await), (2, 1, 0));
    let edges = session.traverse(&ada()).out::<Wrote>();
    assert_eq!(edges.apply_if(Some(99), |q, at| q.filter(|w| w.at.gt(at))).await.unwrap(), []);
}

#[async_test]
async fn edges_are_a_statement_with_a_deadline_and_text() {
    let (_db, session) = with_people_and_posts().await;
    let edges = session.traverse(&ada()).out::<Wrote>().filter(|w| w.at.gt(0));
    let surql = edges.to_surql();
    assert!(surql.starts_with("SELECT * FROM { array::group($_0->(wrote WHERE at >= $_1)) }"), "{surql}");
    let back = session.traverse(&Id::<Post, i64>::new(1)).in_::<Wrote>().deadline(std::time::Duration::from_secs(20));
    let (edges, back) = session.batch((edges, back)).await.unwrap();
    assert_eq!((edges.len(), back.len()), (3, 1));
}
