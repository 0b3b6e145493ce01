//! A change that would lose or refuse data is not made, and the rows in its way are counted.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::schema::DefineReport;
use surreal_session_tests::async_test;

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
            ("DEFINE FIELD OVERWRITE price ON item TYPE int DEFAULT 0", Some(1)),
            ("DEFINE FIELD OVERWRITE double ON item TYPE int COMPUTED amount * 2", Some(1)),
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
