//! `None` and NONE inside objects.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wrapped(Option<u8>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Limit {
    Unset,
    Max(Option<u32>),
    Nested(Wrapped),
    Pair(Option<u8>, Option<u8>),
    Named { low: Option<u8> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Inner {
    plain: Option<u8>,
    wrapped: Wrapped,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Holder {
    id: Id<Holder>,
    plain: Option<u8>,
    wrapped: Wrapped,
    limit: Limit,
    limits: Vec<Limit>,
    outcome: Result<Option<u8>, String>,
    map: BTreeMap<String, Option<i64>>,
    maps: Vec<HashMap<String, Option<String>>>,
    list: Vec<Option<u8>>,
    value: Value,
    inner: Inner,
    #[serde(flatten)]
    flat: Flat,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Flat {
    beside: Option<u8>,
    other: Value,
}

fn empty() -> NewHolder {
    NewHolder {
        plain: None,
        wrapped: Wrapped(None),
        limit: Limit::Max(None),
        limits: vec![
            Limit::Unset,
            Limit::Max(None),
            Limit::Nested(Wrapped(None)),
            Limit::Pair(None, Some(1)),
            Limit::Named { low: None },
        ],
        outcome: Ok(None),
        map: BTreeMap::from([("a".into(), None), ("b".into(), Some(1))]),
        maps: vec![HashMap::from([("q".into(), None)])],
        list: vec![None, Some(1)],
        value: Value::None,
        inner: Inner { plain: None, wrapped: Wrapped(None), value: Value::None },
        flat: Flat { beside: None, other: Value::None },
    }
}

fn expected(key: &str) -> Holder {
    let NewHolder { plain, wrapped, limit, limits, outcome, map, maps, list, value, inner, flat } = empty();
    Holder { id: Id::new(key), plain, wrapped, limit, limits, outcome, map, maps, list, value, inner, flat }
}

#[async_test]
async fn none_comes_back_from_every_position() {
    let (_db, session) = place().await;
    assert_eq!(session.create::<Holder>().id("a").content(empty()).await.unwrap(), expected("a"));
    assert_eq!(session.insert(vec![("b", empty())]).await.unwrap(), [expected("b")]);
    assert_eq!(session.update::<Holder>().id("a").content(empty()).await.unwrap(), expected("a"));
    let patch = HolderPatch {
        wrapped: set(Wrapped(None)),
        limit: set(Limit::Max(None)),
        map: set(empty().map),
        value: set(Value::None),
        inner: set(empty().inner),
        flat: set(empty().flat),
        ..keep()
    };
    assert_eq!(session.update::<Holder>().id("a").merge(patch).await.unwrap(), expected("a"));
    let update = session.update::<Holder>().id("a");
    let same = update.set(|h| (h.wrapped.set(Wrapped(None)), h.limit.set(Limit::Max(None)), h.value.set(Value::None)));
    assert_eq!(same.await.unwrap(), expected("a"));
    assert_eq!(session.select::<Holder>().await.unwrap(), [expected("a"), expected("b")]);
    let by_value = session.select::<Holder>().filter(|h| h.map.eq(empty().map) & h.wrapped.eq(Wrapped(None)));
    assert_eq!(by_value.count().await.unwrap(), 2);

    // A field of type `Option` is absent, as schemas expect, and not NULL.
    let stored: Vec<bool> = session
        .query("RETURN [holder:a.plain = NONE, holder:a.beside = NONE, holder:a.wrapped = NULL]")
        .await
        .unwrap()
        .take(0)
        .unwrap();
    assert_eq!(stored, [true, true, true]);
}

#[async_test]
async fn absent_field_reads_as_value_none() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
    struct Note {
        id: Id<Note>,
        meta: Value,
    }

    let (_db, session) = place().await;
    session.execute("CREATE note:a; CREATE note:b SET meta = NULL; CREATE note:c SET meta = [1]").await.unwrap();
    let metas: Vec<Value> = session.select::<Note>().await.unwrap().into_iter().map(|note| note.meta).collect();
    assert_eq!(metas, [Value::None, Value::Null, Value::Array(vec![1.into()])]);
    let rows: Value = session.query("SELECT VALUE id FROM note:a").await.unwrap().take(0).unwrap();
    assert_eq!(rows.to_string(), "[note:a]");
    let none: Value = session.query("SELECT VALUE id FROM note:z").await.unwrap().take(0).unwrap();
    assert_eq!(none, Value::Array(vec![]));
}
