//! Edges of the graph: related, inserted, changed and deleted, with typed ends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::query::PatchAction;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Post {
    id: Id<Post, i64>,
    title: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Wrote {
    id: Id<Wrote>,
    r#in: Id<User>,
    out: Id<Post, i64>,
    year: u16,
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, LinkTo)]
enum Subject {
    User(Id<User>),
    Post(Id<Post, i64>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation, table = "has `seen`")]
struct Seen {
    id: Id<Seen, i64>,
    #[serde(rename = "in")]
    from: Id<User>,
    #[serde(rename = "out")]
    to: Subject,
}

fn wrote(user: &str, post: i64, year: u16) -> NewWrote {
    NewWrote { r#in: Id::new(user), out: Id::new(post), year, note: None }
}

/// A session with two users, three posts, and a table of edges.
async fn graph() -> (Surreal, Session) {
    let (db, session) = place().await;
    session.execute("DEFINE TABLE wrote TYPE RELATION IN user OUT post ENFORCED").await.unwrap();
    session.insert(["ada", "bob"].map(|key| (key, NewUser { name: key.into() }))).return_none().await.unwrap();
    let posts: Vec<_> = (1..=3).map(|key| (key, NewPost { title: format!("Post {key}") })).collect();
    session.insert(posts).return_none().await.unwrap();
    (db, session)
}

async fn posts_of(session: &Session, user: &str) -> Vec<i64> {
    let query = session.query("RETURN array::sort($user->wrote->post.map(|$post| $post.id()))");
    query.bind("user", RecordId::new("user", user)).await.unwrap().take(0).unwrap()
}

#[async_test]
async fn related_edge_is_returned_and_traversed() {
    let (_db, session) = graph().await;
    let edge = session.relate(wrote("ada", 1, 1843)).await.unwrap();
    assert_eq!((&edge.r#in, &edge.out, edge.year), (&Id::new("ada"), &Id::new(1), 1843));
    assert_eq!(posts_of(&session, "ada").await, [1]);
    assert_eq!(session.select::<Wrote>().id(&edge.id).await.unwrap(), Some(edge.clone()));
    // Two edges between the same records are two edges.
    assert_ne!(session.relate(wrote("ada", 1, 1843)).await.unwrap().id, edge.id);
}

#[async_test]
async fn edge_keeps_its_own_id() {
    let (_db, session) = graph().await;
    let edge = session.relate(wrote("ada", 1, 1843)).id("first").await.unwrap();
    assert_eq!(edge.id, Id::new("first"));
    let error = session.relate(wrote("bob", 2, 2000)).id("first").await.unwrap_err();
    assert!(error.is_already_exists(), "{error:?}");
    assert_eq!(session.select::<Wrote>().await.unwrap(), [edge]);
}

#[async_test]
async fn inserted_edges_come_back_in_the_order_of_the_rows() {
    let (_db, session) = graph().await;
    let made =
        session.insert(vec![wrote("ada", 3, 1), wrote("bob", 1, 2), wrote("ada", 2, 3)]).relation().await.unwrap();
    assert_eq!(made.iter().map(|edge| edge.year).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((posts_of(&session, "ada").await, posts_of(&session, "bob").await), (vec![2, 3], vec![1]));
    let named = session.insert([("x", wrote("bob", 3, 4))]).relation().await.unwrap();
    assert_eq!(named[0].id, Id::new("x"));
    let again = session.insert([("x", wrote("bob", 3, 5)), ("y", wrote("bob", 3, 6))]).relation();
    assert_eq!(again.ignore().await.unwrap().len(), 1);
    let again = session.insert([("x", wrote("bob", 3, 7))]).relation().on_duplicate_with(|w, new| w.year.set(new.year));
    assert_eq!(again.await.unwrap()[0].year, 7);
    assert_eq!(session.insert(Vec::<NewWrote>::new()).relation().await.unwrap(), []);
}

#[async_test]
async fn many_edges_are_inserted_in_chunks() {
    let (_db, session) = graph().await;
    let made =
        session.insert((0..1_200).map(|year| wrote("ada", 1, year)).collect::<Vec<_>>()).relation().await.unwrap();
    assert!(made.iter().map(|edge| edge.year).eq(0..1_200));
}

#[async_test]
async fn enforced_edge_to_a_missing_record_is_not_found() {
    let (_db, session) = graph().await;
    for error in [
        session.relate(wrote("ada", 99, 1)).await.map(drop).unwrap_err(),
        session.relate(wrote("nobody", 1, 1)).optional().await.map(drop).unwrap_err(),
        session.insert([wrote("ada", 1, 1), wrote("ada", 99, 1)]).relation().await.map(drop).unwrap_err(),
    ] {
        assert!(error.is_not_found(), "{error:?}");
        assert_eq!(error.server().unwrap().details().unwrap().kind(), "Record");
    }
    assert_eq!(session.select::<Wrote>().await.unwrap(), []);
}

#[async_test]
async fn edges_may_lead_to_records_of_several_tables() {
    let (_db, session) = graph().await;
    let to = |to| NewSeen { from: Id::new("ada"), to };
    let (post, user) = (Subject::Post(Id::new(1)), Subject::User(Id::new("bob")));
    assert_eq!(session.relate(to(post.clone())).id(1).await.unwrap().to, post);
    let made = session.insert([(2, to(user.clone()))]).relation().await.unwrap();
    assert_eq!((made[0].id, &made[0].to), (Id::new(2), &user));
    let query = session
        .query(Surql::dynamic("SELECT VALUE ->`has ``seen```->(user, post) FROM ONLY user:ada".replace("``", "\\`")));
    let seen: Vec<RecordId> = query.await.unwrap().take(0).unwrap();
    assert_eq!(seen.len(), 2, "{seen:?}");
}

#[async_test]
async fn data_of_an_edge_changes_but_not_its_ends() {
    let (_db, session) = graph().await;
    session.relate(wrote("ada", 1, 1)).id("e").await.unwrap();
    let ends = |edge: &Wrote| (edge.r#in.key().clone(), *edge.out.key());
    let update = || session.update::<Wrote>().id("e");
    let edge = update().merge(WrotePatch { year: set(2), note: set(Some("x".into())) }).await.unwrap();
    assert_eq!((ends(&edge), edge.year, edge.note.as_deref()), (("ada".to_owned(), 1), 2, Some("x")));
    let edge = update().set(|w| (w.year.add(1), w.note.unset())).await.unwrap();
    assert_eq!((edge.year, edge.note), (3, None));
    let edge = update().content(wrote("ada", 1, 4)).await.unwrap();
    assert_eq!((ends(&edge), edge.year), (("ada".to_owned(), 1), 4));
    let error = update().content(wrote("bob", 2, 5)).await.map(|edge| ends(&edge));
    assert_eq!(error.unwrap(), ("ada".to_owned(), 1), "the server leaves the ends as they are");
    assert_eq!(posts_of(&session, "ada").await, [1]);
}

#[async_test]
async fn edges_are_deleted_with_their_records() {
    let (_db, session) = graph().await;
    session.insert([wrote("ada", 1, 1), wrote("ada", 2, 2), wrote("bob", 3, 3)]).relation().await.unwrap();
    let gone = session.delete::<Wrote>().filter(|w| w.out.eq(Id::new(2))).await.unwrap();
    assert_eq!(gone.len(), 1);
    assert_eq!(posts_of(&session, "ada").await, [1]);
    session.delete::<User>().id("ada").await.unwrap();
    let left = session.select::<Wrote>().await.unwrap();
    assert_eq!(left.iter().map(|edge| edge.year).collect::<Vec<_>>(), [3]);
}

#[async_test]
async fn relate_returns_what_its_return_clause_selects() {
    let (db, session) = graph().await;
    let relate = || session.relate(wrote("ada", 1, 1));
    assert_eq!(relate().return_before().await.unwrap(), None);
    let diff = relate().return_diff().await.unwrap();
    assert_eq!((diff.len(), diff[0].action(), diff[0].path()), (1, PatchAction::Replace, ""));
    let () = relate().return_none().await.unwrap();
    assert_eq!(relate().optional().return_none().await.unwrap(), Some(()));
    assert_eq!(posts_of(&session, "ada").await.len(), 4);

    session.execute("DEFINE ACCESS m ON DATABASE TYPE RECORD SIGNUP (CREATE m SET n = $n)").await.unwrap();
    let member = db.new_session().await.unwrap();
    let (ns, database) = (session.namespace().unwrap(), session.database().unwrap());
    member.signup(RecordAccess::new(ns, database, "m", BTreeMap::from([("n", 1)]))).await.unwrap();
    let error = member.relate(wrote("ada", 1, 1)).await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    let message = "no record came back for `wrote`: this session may not create or read it";
    assert_eq!(error.to_string(), message);
    assert_eq!(member.relate(wrote("ada", 1, 1)).optional().await.unwrap(), None);
    assert_eq!(member.insert([wrote("ada", 1, 1)]).relation().await.unwrap(), []);
    assert_eq!(posts_of(&session, "ada").await.len(), 4);
}

#[async_test]
async fn to_surql_and_debug_of_relate_show_no_values() {
    let (_db, session) = place().await;
    let edge = || NewWrote { note: Some("hunter2".into()), ..wrote("ada", 1, 1) };
    for (shown, expected) in [
        (session.relate(edge()).to_surql(), "INSERT RELATION INTO $_0 $_1 RETURN AFTER -- $_0, $_1"),
        (
            session.relate(edge()).id("e").return_none().to_surql(),
            "INSERT RELATION INTO $_0 object::extend($_1, { id: $_2 }) RETURN NULL -- $_0, $_1, $_2",
        ),
        (session.insert([edge()]).relation().to_surql(), "INSERT RELATION INTO $_0 $_1 RETURN AFTER -- $_0, $_1"),
    ] {
        assert_eq!(shown, expected);
    }
    assert!(!format!("{:?}", session.relate(edge())).contains("hunter2"));
}

#[async_test]
async fn unencodable_edge_is_refused_before_sending() {
    #[derive(Debug, Serialize, Deserialize, Record)]
    #[record(relation)]
    struct Big {
        id: Id<Big>,
        r#in: Id<User>,
        out: Id<User>,
        number: u64,
    }

    let (_db, session) = place().await;
    let edge = NewBig { r#in: Id::new("a"), out: Id::new("b"), number: u64::MAX };
    let error = session.relate(edge).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Encode, Delivery::NotSent));
}
