//! Live queries of differences, and records to which they are applied.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::async_test;

use super::{next_change, nothing_is_registered, with_items};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "item")]
struct Rich {
    id: Id<Rich>,
    text: String,
    tags: Vec<String>,
    nickname: Option<String>,
}

#[async_test(not_send)]
async fn differences_applied_to_the_record_give_the_record() {
    let (_db, session) = with_items().await;
    let mut changes = session.live::<Rich>().id("a").diff().await.unwrap();
    let text = "the quick brown fox jumps over the lazy dog, twice — éè";
    session
        .create::<Rich>()
        .id("b")
        .content(NewRich { text: String::new(), tags: vec![], nickname: None })
        .await
        .unwrap();
    let new = NewRich { text: text.into(), tags: vec!["x".into(), "y".into()], nickname: None };
    let mut rich = session.create::<Rich>().id("a").content(new).await.unwrap();
    let created = next_change(&mut changes).await;
    assert_eq!((created.action, created.id), (Action::Create, rich.id.clone()));
    assert_eq!((created.data.len(), created.data[0].path()), (1, ""));
    for statement in [
        "UPDATE item:a SET text = string::replace(text, 'quick', 'very slow')",
        "UPDATE item:a SET text = text + '!', nickname = 'n', tags += 'z'",
        "UPDATE item:a SET text = '', tags = []",
        "UPDATE item:a SET text = 'ünïcode 100% + new\nline', nickname = NONE, tags = ['z', 'y', 'x', 'w']",
        "UPDATE item:a SET text = string::uppercase(text), tags = ['y']",
        // The model has no such field.
        "UPDATE item:a SET extra = { text: 'one' }, nickname = 'm'",
        "UPDATE item:a SET extra.text = 'one and two', nickname = NONE",
        "UPDATE item:a SET extra = NONE, text = 'end'",
    ] {
        session.execute(statement).await.unwrap();
        let change = next_change(&mut changes).await;
        let before = rich.clone();
        rich.apply(&change.data).unwrap();
        let stored = session.select::<Rich>().id("a").await.unwrap();
        assert_eq!(Some(&rich), stored.as_ref(), "{:?}", change.data);
        // The operations apply to one state of the record only, as far as they name what they remove.
        if !before.text.is_empty() && change.data.iter().any(|op| op.path() == "/text") {
            let mut other = Rich { text: format!("other {}", before.text), ..before };
            other.apply(&change.data).unwrap_err();
        }
    }
    session.execute("DELETE item:a").await.unwrap();
    let deleted = next_change(&mut changes).await;
    assert_eq!(deleted.action, Action::Delete);
    assert_eq!(rich.clone().apply(&deleted.data).unwrap_err().kind(), ErrorKind::Decode);
    drop(changes);
    nothing_is_registered(&session).await;
}

/// Writes no field that is empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "item")]
struct Sparse {
    id: Id<Sparse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    text: String,
}

#[test]
fn operations_fit_fields_that_the_model_skips() {
    let sparse = Sparse { id: Id::new("a"), nickname: None, tags: vec![], text: String::new() };
    for (op, nickname) in [
        (PatchOp::replace("/nickname", "n"), Some("n")),
        (PatchOp::add("/nickname", "n"), Some("n")),
        (PatchOp::remove("/nickname"), None),
        (PatchOp::replace("/elsewhere/a", 1), None),
        (PatchOp::add("/elsewhere", 1), None),
    ] {
        let mut applied = sparse.clone();
        applied.apply(std::slice::from_ref(&op)).unwrap();
        assert_eq!(applied, Sparse { nickname: nickname.map(str::to_owned), ..sparse.clone() }, "{op:?}");
    }
    assert_eq!(Sparse::from_ops(&[PatchOp::replace("", &sparse)]).unwrap(), sparse);
    for op in [PatchOp::replace("/tags/0", "t"), PatchOp::test("/nickname", "n"), PatchOp::copy("/elsewhere", "/tags")]
    {
        let error = sparse.clone().apply(std::slice::from_ref(&op)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{op:?}");
    }
}

#[async_test(not_send)]
async fn differences_fit_fields_that_are_not_written_while_they_are_empty() {
    let (_db, session) = with_items().await;
    let new = NewSparse { nickname: None, tags: vec!["x".into()], text: "some text".into() };
    let mut state = session.create::<Sparse>().id("a").content(new).await.unwrap();
    let mut changes = session.live::<Sparse>().diff().await.unwrap();
    for (tags, text) in [(vec![], ""), (vec!["y"], "other text"), (vec!["y", "z"], ""), (vec![], "t")] {
        let tags = tags.into_iter().map(str::to_owned).collect();
        let patch = SparsePatch { tags: set(tags), text: set(text.to_owned()), ..keep() };
        let stored = session.update::<Sparse>().id("a").merge(patch).await.unwrap();
        state.apply(&next_change(&mut changes).await.data).unwrap();
        assert_eq!(state, stored);
    }
    drop(changes);
    nothing_is_registered(&session).await;
}
