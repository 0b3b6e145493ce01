//! Guarantees of typed writes: a write leaves every record readable, or writes nothing.

mod flattened;
mod linked;
mod none;
mod random;
mod sets;
mod whole;

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::query::PatchOp;
use surreal_session::value::Uuid;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Task {
    id: Id<Task, i64>,
    state: String,
    parent: Option<Id<Task, i64>>,
}

/// The parent of each task is the task before it; task 1 has none.
async fn tasks() -> (Surreal, Session) {
    let (db, session) = place().await;
    let rows = ["open", "done", "done", "open"].into_iter().zip(1..).map(|(state, key)| {
        let parent = (key > 1).then(|| Id::new(key - 1));
        (key, NewTask { state: state.into(), parent })
    });
    session.insert(rows.collect::<Vec<_>>()).await.unwrap();
    (db, session)
}

fn keys(tasks: &[Task]) -> Vec<i64> {
    tasks.iter().map(|task| *task.id.key()).collect()
}

async fn left(session: &Session) -> Vec<i64> {
    keys(&session.select::<Task>().await.unwrap())
}

#[async_test]
async fn delete_filtered_through_a_link_deletes_the_selected_records() {
    type Filter = fn(Fields<Task>) -> Condition<Task>;
    let filters: [(Filter, &[i64]); 6] = [
        (|t| t.parent.state.is_none(), &[1]),
        (|t| t.parent.state.ne("done"), &[1, 2]),
        (|t| t.parent.state.eq("done"), &[3, 4]),
        (|t| !t.parent.state.eq("open"), &[1, 3, 4]),
        (|t| t.parent.parent.state.is_none(), &[1, 2]),
        (|_| Condition::raw("parent.state = NONE"), &[1]),
    ];
    for (filter, expected) in filters {
        let (_db, session) = tasks().await;
        let found = keys(&session.select::<Task>().filter(filter).await.unwrap());
        assert_eq!(found, expected);
        let delete = session.delete::<Task>().filter(filter);
        let surql = delete.to_surql();
        assert_eq!(keys(&delete.await.unwrap()), expected, "{surql}");
        let rest: Vec<i64> = (1..=4).filter(|key| !expected.contains(key)).collect();
        assert_eq!(left(&session).await, rest, "{surql}");
    }
}

#[async_test]
async fn update_and_upsert_filtered_through_a_link_change_the_selected_records() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
    struct Node {
        id: Id<Node>,
        state: String,
        next: Vec<Id<Node>>,
    }

    let (_db, session) = tasks().await;
    let archived = session.update::<Task>().filter(|t| t.parent.state.eq("done")).set(|t| t.state.set("archived"));
    assert_eq!(keys(&archived.await.unwrap()), [3, 4]);

    let new = |next: &[&str]| NewNode { state: "a".into(), next: next.iter().map(|key| Id::new(*key)).collect() };
    let nodes = [("1", new(&[])), ("2", new(&["1"])), ("3", new(&["2"]))];
    session.insert(nodes).await.unwrap();
    let with_a = || session.upsert::<Node>().filter(|n| n.next.any(|next| next.state.eq("a")));
    let changed = with_a().set(|n| n.state.set("b")).await.unwrap();
    assert_eq!(changed.iter().map(|node| node.id.key().as_str()).collect::<Vec<_>>(), ["2", "3"]);
    // Only 2 passes the filter now, and an upsert that finds nothing creates a record.
    assert_eq!(session.delete::<Node>().ids(["1", "2"]).await.unwrap().len(), 2);
    let made = with_a().content(new(&[])).await.unwrap();
    assert_eq!((made.len(), session.select::<Node>().count().await.unwrap()), (1, 2));
}

#[async_test]
async fn write_filtered_through_a_link_works_in_a_batch_and_a_transaction() {
    let (_db, session) = tasks().await;
    let orphans = |session: &Session| session.delete::<Task>().filter(|t| t.parent.state.is_none());
    let two = (orphans(&session).return_none(), orphans(&session).timeout(std::time::Duration::from_secs(5)));
    let ((), second) = session.batch(two).await.unwrap();
    assert_eq!((keys(&second), left(&session).await), (vec![2], vec![3, 4]));
    let transaction = session.begin_transaction().await.unwrap();
    let gone = transaction.delete::<Task>().filter(|t| t.parent.state.is_none()).await.unwrap();
    assert_eq!(keys(&gone), [3]);
    transaction.commit().await.unwrap();
    assert_eq!(left(&session).await, [4]);
    assert_eq!(session.delete::<Task>().filter(|t| t.parent.state.eq("nothing")).await.unwrap(), []);
}

#[async_test]
async fn ids_and_ranges_limit_a_write() {
    let (_db, session) = tasks().await;
    let closed = session.update::<Task>().ids([3, 1, 99, 3]).set(|t| t.state.set("closed")).await.unwrap();
    assert_eq!(keys(&closed), [3, 1]);
    let closed = session.update::<Task>().range(2..=3).filter(|t| t.state.eq("closed")).set(|t| t.state.set("x"));
    assert_eq!(keys(&closed.await.unwrap()), [3]);
    let linked = session.delete::<Task>().range(2..4).filter(|t| t.parent.state.is_some());
    assert_eq!(keys(&linked.await.unwrap()), [2, 3]);
    assert_eq!(session.delete::<Task>().ids([0_i64; 0]).await.unwrap(), []);
    assert_eq!(left(&session).await, [1, 4]);
    let new = NewTask { state: "new".into(), parent: None };
    assert_eq!(keys(&session.upsert::<Task>().ids([4, 7]).content(new).await.unwrap()), [4, 7]);
    let refused = session.upsert::<Task>().ids([4, 8]).filter(|t| t.parent.state.is_none()).set(|t| t.state.set("x"));
    assert_eq!(refused.await.unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[async_test]
async fn schema_with_generated_keys_needs_no_key() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
    struct Doc {
        #[record(default)]
        id: Id<Doc, Uuid>,
        title: String,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
    struct Book {
        id: Id<Book, i64>,
        title: String,
    }

    let (_db, session) = place().await;
    session.execute("DEFINE TABLE doc; DEFINE FIELD id ON doc TYPE uuid").await.unwrap();
    let new = |title: &str| NewDoc { title: title.into() };
    let made = session.create::<Doc>().content(new("a")).await.unwrap();
    let more = session.insert(vec![new("b"), new("c")]).await.unwrap();
    let upserted = session.upsert::<Doc>().filter(|d| d.title.eq("d")).content(new("d")).await.unwrap();
    let all = session.select::<Doc>().await.unwrap();
    assert_eq!((all.len(), all.contains(&made), more.len(), upserted.len()), (4, true, 2, 1));

    // Other models take the key from the program, before or after the content.
    let new = NewBook { title: "x".into() };
    session.create::<Book>().id(1).content(new.clone()).await.unwrap();
    session.create::<Book>().content(new.clone()).id(2).return_none().await.unwrap();
    session.insert(vec![(3, new.clone())]).await.unwrap();
    session.upsert::<Book>().id(4).content(new).await.unwrap();
    assert_eq!(session.select::<Book>().count().await.unwrap(), 4);
}

#[async_test]
async fn raw_text_with_several_statements_is_refused() {
    let (_db, session) = tasks().await;
    let injected = "true) LIMIT 1; CREATE injected:1; SELECT * FROM task WHERE (true";
    let error = session.select::<Task>().filter(|_| Condition::raw(injected)).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::Answered));
    assert!(error.to_string().contains("3 were carried out"), "{error}");
    let select = session.select::<Task>().filter(|_| Condition::raw("true); CREATE injected:2; RETURN (1"));
    assert!(session.batch((select,)).await.is_err());
}

#[async_test]
async fn failed_patch_test_has_its_own_error() {
    let (_db, session) = tasks().await;
    let update = || session.update::<Task>().id(1);
    let lost = update().patch(|t| [PatchOp::test(t.state, "other"), PatchOp::replace(t.state, "x")]).await.unwrap_err();
    assert!(lost.is_patch_test_failed(), "{lost}");
    let other = session.update::<Task>().id(99).patch(|t| [PatchOp::replace(t.state, "x")]).await.unwrap_err();
    assert!(!other.is_patch_test_failed(), "{other}");
}
