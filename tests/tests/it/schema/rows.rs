//! A change that would lose or refuse data is not made, and the rows in its way are counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::schema::DefineReport;
use surreal_session_tests::{async_test, is_version_in};

use super::empty;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Part {
    weight: f64,
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(schemafull)]
struct Item {
    id: Id<Item>,
    #[record(unique)]
    code: String,
    #[record(assert = "$value > 0")]
    amount: i64,
    parts: Vec<Part>,
    main: Option<Part>,
    tags: Vec<String>,
    #[record(default = "0")]
    price: i64,
    #[record(computed = "amount * 2")]
    double: i64,
}

/// The statements that are not done, with the numbers of rows in their way.
fn pending(report: &DefineReport) -> Vec<(&str, Option<u64>)> {
    report.pending.iter().map(|pending| (pending.statement.as_str(), pending.rows)).collect()
}

#[async_test(not_send)]
async fn rows_in_the_way_are_counted_and_stay() {
    let session = empty().await;
    let fine = "code = 'a', amount = 1, parts = [{ weight: 1.5 }], tags = ['x'], price = 5";
    session
        .execute(Surql::dynamic(format!("CREATE item:a SET {fine}; CREATE item:b SET {fine}, code = 'b'")))
        .await
        .unwrap();
    session
        .execute(
            "CREATE item:c SET code = 3, amount = 0, parts = [{ weight: 'heavy' }], main = { weight: NONE }, tags = [1], price = 1;
             CREATE item:d SET code = 'a', amount = 2, parts = NONE, main = { weight: 2, odd: 1 }, tags = [], double = 7",
        )
        .await
        .unwrap();
    let before: Value = session.query("SELECT * FROM item").await.unwrap().take(0).unwrap();
    let report = session.define::<Item>().await.unwrap();
    let fill = match is_version_in("4.0"..).await {
        true => " MIGRATE EXISTING ROWS AS price_default USING $value ?? 0 FALLBACK 0",
        false => "; UPDATE item SET price = 0 WHERE price = NONE",
    };
    let price = format!("DEFINE FIELD OVERWRITE price ON item TYPE int DEFAULT 0{fill}");
    assert_eq!(
        pending(&report),
        [
            ("ALTER TABLE item SCHEMAFULL", Some(1)),
            ("DEFINE FIELD OVERWRITE code ON item TYPE string", Some(1)),
            ("DEFINE FIELD OVERWRITE amount ON item TYPE int ASSERT $value > 0", Some(1)),
            ("DEFINE FIELD OVERWRITE parts ON item TYPE array<object>", Some(1)),
            ("DEFINE FIELD OVERWRITE parts.*.weight ON item TYPE float", Some(1)),
            ("DEFINE FIELD OVERWRITE main.weight ON item TYPE float", Some(1)),
            ("DEFINE FIELD OVERWRITE tags ON item TYPE array<string>", Some(1)),
            (price.as_str(), Some(1)),
            ("DEFINE FIELD OVERWRITE double ON item TYPE int COMPUTED amount * 2", Some(1)),
            ("DEFINE FIELD OVERWRITE parts.*.note ON item TYPE option<string>", None),
            ("DEFINE INDEX IF NOT EXISTS code_unique ON item FIELDS code UNIQUE", Some(2)),
        ],
        "{report}"
    );
    let after: Value = session.query("SELECT * FROM item").await.unwrap().take(0).unwrap();
    assert_eq!(before, after);
    // With the rows mended, the rest is done.
    session.execute("DELETE item:c, item:d").await.unwrap();
    let report = session.define::<Item>().await.unwrap();
    assert!(report.is_complete(), "{report}");
    assert!(session.verify::<Item>().await.unwrap().is_clean());
    assert_eq!(session.select::<Item>().await.unwrap().len(), 2);
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(schemafull)]
struct Narrowed {
    id: Id<Narrowed>,
    code: String,
    note: Option<String>,
}

#[async_test(not_send)]
async fn change_that_the_server_asks_about_is_pending() {
    let session = empty().await;
    let wide = "DEFINE TABLE narrowed SCHEMAFULL; DEFINE FIELD code ON narrowed TYPE string | int; CREATE narrowed:a SET code = 'a'";
    session.execute(wide).await.unwrap();
    let report = session.define::<Narrowed>().await.unwrap();
    if is_version_in(.."4.0").await {
        assert!(report.is_complete(), "{report}");
        return;
    }
    let [pending] = &report.pending[..] else { panic!("{report}") };
    assert_eq!(
        (pending.statement.as_str(), pending.rows),
        ("ALTER FIELD code ON narrowed TYPE string", None),
        "{report}"
    );
    assert!(pending.reason.contains("add MIGRATE EXISTING ROWS"), "{report}");
    assert_eq!(report.changes.len(), 1, "{report}");
    let decided = format!("{} MIGRATE EXISTING ROWS AS code_string USING $value FALLBACK ''", pending.statement);
    session.execute(Surql::dynamic(decided)).await.unwrap();
    assert!(session.verify::<Narrowed>().await.unwrap().is_clean());
    assert_eq!(session.select::<Narrowed>().one().await.unwrap().code, "a");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(schemafull)]
struct Loose {
    id: Id<Loose>,
    code: String,
    data: BTreeMap<String, i64>,
}

#[async_test(not_send)]
async fn table_with_rows_becomes_schemafull() {
    let session = empty().await;
    session.execute("CREATE loose:a SET code = 'a', data = { x: 1 }").await.unwrap();
    let report = session.define::<Loose>().await.unwrap();
    assert!(report.is_complete(), "{report}");
    assert!(session.verify::<Loose>().await.unwrap().is_clean());
    assert_eq!(session.select::<Loose>().one().await.unwrap().data, BTreeMap::from([("x".to_owned(), 1)]));
    session.create::<Loose>().content(NewLoose { code: "b".into(), data: BTreeMap::new() }).await.unwrap();
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(schemafull, index(fields(serial, code)))]
struct Grown {
    id: Id<Grown>,
    code: String,
    #[record(unique)]
    serial: i64,
}

#[async_test(not_send)]
async fn index_waits_for_its_field() {
    let session = empty().await;
    let before = "DEFINE TABLE grown SCHEMAFULL; DEFINE FIELD code ON grown TYPE string; CREATE grown:a SET code = 'a'";
    session.execute(before).await.unwrap();
    let report = session.define::<Grown>().await.unwrap();
    let places: Vec<_> = report.pending.iter().map(|pending| pending.difference.to_string()).collect();
    assert_eq!(pending(&report).iter().map(|(_, rows)| *rows).collect::<Vec<_>>(), [Some(1), None, None], "{places:?}");
    assert!(report.pending[1].reason.contains("'serial' does not exist"), "{report}");
    session.execute("DELETE grown").await.unwrap();
    assert!(session.define::<Grown>().await.unwrap().is_complete());
    assert!(session.verify::<Grown>().await.unwrap().is_clean());
}

/// Two records of one table, one of them with a default that only the database knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "shared", schemafull)]
struct Whole {
    id: Id<Whole>,
    name: String,
    #[record(default)]
    level: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "shared", index(fields(note)))]
struct Noted {
    id: Id<Noted>,
    name: String,
    note: Option<String>,
}

#[async_test(not_send)]
async fn statement_of_a_pending_field_fills_the_rows() {
    let session = empty().await;
    session.execute("CREATE item:a SET code = 'a', amount = 1, parts = [], tags = []").await.unwrap();
    let report = session.define::<Item>().await.unwrap();
    let [pending] = &report.pending[..] else { panic!("{report}") };
    session.execute(Surql::dynamic(&pending.statement)).await.unwrap();
    assert!(session.verify::<Item>().await.unwrap().is_clean());
    assert_eq!(session.select::<Item>().one().await.unwrap().price, 0);
}

#[async_test(not_send)]
async fn records_of_one_table_are_one_definition() {
    let session = empty().await;
    session.define::<(Whole, Noted)>().await.unwrap().check().unwrap();
    session.execute("ALTER FIELD level ON shared DEFAULT 7").await.unwrap();
    assert!(session.verify::<(Whole, Noted)>().await.unwrap().is_clean(), "the default is the database's own");
    assert!(session.define::<(Noted, Whole)>().await.unwrap().changes.is_empty());
    let whole = session.create::<Whole>().content(NewWhole { name: "a".into(), level: None }).await.unwrap();
    assert_eq!(whole.level, 7);
    // One of them alone does not know the fields of the other.
    let report = session.verify::<Whole>().await.unwrap();
    assert_eq!(report.iter().count(), 2, "{report}");
}

#[async_test(not_send)]
async fn table_with_other_records_becomes_no_edge() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
    #[record(relation)]
    struct Joined {
        id: Id<Joined>,
        r#in: Id<Item>,
        out: Id<Item>,
    }
    let session = empty().await;
    session.execute("CREATE joined:a SET note = 'no edge'").await.unwrap();
    let report = session.define::<Joined>().await.unwrap();
    assert_eq!(pending(&report), [("ALTER TABLE joined TYPE RELATION IN item OUT item", Some(1))]);
    session.execute("DELETE joined").await.unwrap();
    assert!(session.define::<Joined>().await.unwrap().is_complete());
    assert!(session.verify::<Joined>().await.unwrap().is_clean());
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(schemafull)]
struct Bag {
    id: Id<Bag>,
    things: BTreeMap<String, i64>,
    #[record(computed = "object::len(things)")]
    count: i64,
    #[record(default = "0", assert = "$value < 9")]
    size: i64,
}

#[async_test(not_send)]
async fn field_changes_as_a_whole_or_not_at_all() {
    let session = empty().await;
    let before = "DEFINE TABLE bag SCHEMALESS; DEFINE FIELD count ON bag TYPE string; \
                  DEFINE FIELD size ON bag TYPE string DEFAULT 'none'; \
                  CREATE bag:a SET things = { a: 1 }, count = 'many', size = 'big', odd = true";
    session.execute(before).await.unwrap();
    let report = session.define::<Bag>().await.unwrap();
    let done: Vec<_> = report.changes.iter().map(|change| change.statement.as_str()).collect();
    assert_eq!(done, ["ALTER TABLE bag TYPE NORMAL", "DEFINE FIELD OVERWRITE things ON bag TYPE object"]);
    let all: Vec<_> = report.pending.iter().map(|pending| pending.difference.aspect).collect();
    assert_eq!(all, ["mode", "kind", "computed", "kind", "assert", "default"], "{report}");
    let bag: Value = session.query("SELECT * FROM ONLY bag:a").await.unwrap().take(0).unwrap();
    assert_eq!((bag.get("count"), bag.get("odd")), (Some(&Value::from("many")), Some(&Value::from(true))));
    session.execute("DELETE bag").await.unwrap();
    let report = session.define::<Bag>().await.unwrap();
    assert!(report.is_complete(), "{report}");
    assert!(session.verify::<Bag>().await.unwrap().is_clean());
    let new = NewBag { things: BTreeMap::from([("a".to_owned(), 1)]), size: None };
    assert_eq!(session.create::<Bag>().content(new).await.unwrap().count, 1);
}
