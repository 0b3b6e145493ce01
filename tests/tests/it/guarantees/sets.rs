//! Patch operations on elements of sets, which Rust and the server order differently.

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::query::{Apply, PatchOp};
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Inner {
    ids: BTreeSet<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Holder {
    id: Id<Holder>,
    name: String,
    list: Vec<i64>,
    tree: BTreeSet<i64>,
    hash: HashSet<i64>,
    some: Option<BTreeSet<String>>,
    inner: Inner,
    many: Vec<HashSet<i64>>,
}

fn new() -> NewHolder {
    NewHolder {
        name: "a".into(),
        list: vec![5, 1],
        tree: [5, 1].into(),
        hash: [5, 1].into(),
        some: Some(["y".to_owned(), "b".to_owned()].into()),
        inner: Inner { ids: [9, 4].into() },
        many: vec![[5, 1].into(), [2].into()],
    }
}

/// Changes one element, and applies the difference that the server returns to the old record.
#[async_test]
async fn operation_on_an_element_of_a_set_is_refused() {
    type Change = fn(Fields<Holder>) -> Assign<Holder>;
    for schema in ["DEFINE TABLE holder", "DEFINE TABLE holder; DEFINE FIELD tree ON holder TYPE set<int>"] {
        let (_db, session) = place().await;
        session.execute(schema).await.unwrap();
        let before = session.create::<Holder>().id("h").content(new()).await.unwrap();
        let changes: [Change; 5] = [
            |h| h.tree.push(2),
            |h| h.hash.push(2),
            |h| h.some.push("a"),
            |h| h.inner.ids.push(1),
            |h| h.hash.remove(5),
        ];
        for change in changes {
            let ops = session.update::<Holder>().id("h").set(change).return_diff().await.unwrap();
            let after = session.select::<Holder>().id("h").one().await.unwrap();
            let mut mine = before.clone();
            match mine.apply(&ops) {
                Ok(()) => assert_eq!(mine, after, "{schema}: {ops:?}"),
                Err(error) => {
                    assert!(error.to_string().contains("the elements of a set have no index here"), "{error}");
                    assert_eq!(mine, before);
                }
            }
            session.update::<Holder>().id("h").content(new()).await.unwrap();
        }
    }
}

#[async_test]
async fn operations_on_whole_sets_and_other_fields_are_applied() {
    let (_db, session) = place().await;
    let mut mine = session.create::<Holder>().id("h").content(new()).await.unwrap();
    let update = session.update::<Holder>().id("h");
    let ops = update.set(|h| (h.list.push(7), h.some.unset())).return_diff().await.unwrap();
    mine.apply(&[PatchOp::replace("/tree", vec![3, 2]), PatchOp::add("/many/0", vec![4, 3])]).unwrap();
    assert_eq!((&mine.tree, &mine.many[0]), (&[2, 3].into(), &[3, 4].into()));
    mine.apply(&ops).unwrap();
    assert_eq!((mine.list, mine.some), (vec![5, 1, 7], None));
}

#[test]
fn every_kind_of_operation_on_an_element_of_a_set_is_refused() {
    let id = Id::new("h");
    let NewHolder { name, list, tree, hash, some, inner, many } = new();
    let before = Holder { id, name, list, tree, hash, some, inner, many };
    for op in [
        PatchOp::add("/tree/0", 2),
        PatchOp::add("/tree/-", 2),
        PatchOp::replace("/hash/1", 2),
        PatchOp::remove("/some/0"),
        PatchOp::remove("/inner/ids/1"),
        PatchOp::test("/many/0/0", 1),
        PatchOp::copy("/tree/0", "/list/0"),
        PatchOp::move_to("/hash/0", "/list/0"),
    ] {
        let mut record = before.clone();
        let error = record.apply(std::slice::from_ref(&op)).unwrap_err();
        assert!(error.to_string().contains("the elements of a set have no index here"), "{op:?}: {error}");
        assert_eq!(record, before);
    }
}
