//! Sets, NaN, missing values and optional bools in conditions and assignments.

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, is_version_in, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Item {
    id: Id<Item>,
    tags: HashSet<String>,
    sorted: Option<BTreeSet<i64>>,
    f: f64,
    level: Option<i64>,
    admin: Option<bool>,
    other: RecordId,
}

fn texts(texts: &[&str]) -> HashSet<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn item() -> NewItem {
    NewItem {
        tags: (0..20).map(|number| number.to_string()).collect(),
        sorted: Some(BTreeSet::from([3, 1])),
        f: 1.0,
        level: None,
        admin: None,
        other: RecordId::new("item", "a"),
    }
}

async fn counted(session: &Session, condition: impl FnOnce(Fields<Item>) -> Condition<Item>) -> u64 {
    session.select::<Item>().filter(condition).count().await.unwrap()
}

const SCHEMAS: [&str; 4] = [
    "",
    "DEFINE FIELD tags ON item TYPE array<string>; DEFINE FIELD sorted ON item TYPE option<array<int>>;",
    "DEFINE FIELD tags ON item TYPE set<string>; DEFINE FIELD sorted ON item TYPE option<set<int>>;",
    "DEFINE INDEX tags ON item FIELDS tags.*; DEFINE INDEX sorted ON item FIELDS sorted;",
];

#[async_test]
async fn sets_compare_as_sets_whatever_is_stored() {
    // Before, an array is not taken for a set.
    let may_be_sets = is_version_in("3.3"..).await;
    for schema in SCHEMAS.into_iter().filter(|schema| may_be_sets || !schema.contains("set<")) {
        let (_db, session) = place().await;
        session.execute(Surql::dynamic(format!("DEFINE TABLE item; {schema}"))).await.unwrap();
        let stored = session.create::<Item>().id("a").content(item()).await.unwrap();
        assert_eq!(stored.tags, item().tags, "{schema}");
        assert_eq!(counted(&session, |t| t.tags.eq(item().tags)).await, 1, "{schema}");
        assert_eq!(counted(&session, |t| t.tags.ne(item().tags)).await, 0, "{schema}");
        assert_eq!(counted(&session, |t| t.tags.is_in([item().tags])).await, 1, "{schema}");
        assert_eq!(counted(&session, |t| t.tags.eq(texts(&["0"]))).await, 0, "{schema}");
        assert_eq!(counted(&session, |t| t.sorted.eq(BTreeSet::from([1, 3]))).await, 1, "{schema}");
        let update = || session.update::<Item>().id("a");
        update().set(|t| (t.sorted.push(2), t.sorted.push(2), t.sorted.push(1))).await.unwrap();
        assert_eq!(counted(&session, |t| t.sorted.len().eq(3)).await, 1, "{schema}");
        assert_eq!(counted(&session, |t| t.sorted.eq(BTreeSet::from([1, 2, 3]))).await, 1, "{schema}");
        let changed = update().set(|t| t.sorted.remove(1)).await.unwrap();
        assert_eq!(changed.sorted, Some(BTreeSet::from([2, 3])), "{schema}");
        let changed = update().set(|t| t.sorted.unset()).await.unwrap();
        assert_eq!(changed.sorted, None, "{schema}");
        assert_eq!(counted(&session, |t| t.sorted.eq(None)).await, 1, "{schema}");
        assert_eq!(counted(&session, |t| t.sorted.is_in([None, Some(BTreeSet::new())])).await, 1, "{schema}");
        assert_eq!(counted(&session, |t| t.sorted.contains_all([0; 0])).await, 0, "{schema}");
    }
}

#[surreal_session_embedded::test]
async fn difference_of_equal_sets_is_empty(session: Session) {
    session.create::<Item>().id("a").content(item()).await.unwrap();
    let (one, two) = (session.select::<Item>().id("a").await.unwrap(), session.select::<Item>().id("a").await.unwrap());
    let (one, mut two) = (one.unwrap(), two.unwrap());
    two.tags = item().tags;
    let patch = ItemPatch::diff(&one, &two);
    assert!(format!("{patch:?}").contains("tags: Keep"), "{patch:?}");
}

#[surreal_session_embedded::test]
async fn nan_is_neither_less_nor_greater_than_a_number(session: Session) {
    for (key, f) in [("a", 1.0), ("nan", f64::NAN), ("negative", -f64::NAN), ("inf", f64::INFINITY)] {
        session.create::<Item>().id(key).content(NewItem { f, ..item() }).await.unwrap();
    }
    assert_eq!(counted(&session, |t| t.f.lt(f64::NAN)).await, 0);
    assert_eq!(counted(&session, |t| t.f.eq(f64::NAN)).await, 0);
    assert_eq!(counted(&session, |t| t.f.ne(f64::NAN)).await, 4);
    assert_eq!(counted(&session, |t| t.f.gte(1.0)).await, 2);
    assert_eq!(counted(&session, |t| t.f.gt(1.0)).await, 1);
    assert_eq!(counted(&session, |t| t.f.lte(1.0)).await, 1);
    assert_eq!(counted(&session, |t| t.f.lt(f64::INFINITY)).await, 1);
}

#[surreal_session_embedded::test]
async fn comparisons_with_missing_values_are_false(session: Session) {
    session.create::<Item>().id("a").content(item()).await.unwrap();
    let changed = session.update::<Item>().id("a").set(|t| (t.level.mul(2), t.level.div(2))).await.unwrap();
    assert_eq!(changed.level, None);
    assert_eq!(session.select::<Item>().filter(|t| t.admin).count().await.unwrap(), 0);
    assert_eq!(counted(&session, |t| !t.admin).await, 1);
    let changed = session.update::<Item>().id("a").set(|t| (t.level.set(4), t.admin.set(true))).await.unwrap();
    assert_eq!((changed.level, changed.admin), (Some(4), Some(true)));
    let changed = session.update::<Item>().id("a").set(|t| t.level.mul(3)).await.unwrap();
    assert_eq!(changed.level, Some(12));
    assert_eq!(counted(&session, |t| t.admin & t.level.eq(12)).await, 1);
    assert_eq!(counted(&session, |t| t.other.eq(Id::<Item>::new("a"))).await, 1);
    let ordered = session.select::<Item>().order_by(|t| (t.f, t.level, t.admin, t.other, t.id)).await.unwrap();
    assert_eq!(ordered.len(), 1);
}
