//! Filters of live queries agree with plain Rust on tables with indexes of every kind, as do their snapshots.

use std::time::Duration;

use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};
use tokio::time::timeout;

use super::indexed::{Both, LAYOUTS, ROWS, Random, Row, condition, define, fill};

/// The key of the row that is written last, for which every filter is true.
const LAST: i64 = -1;

/// Longer than any event may take.
const HANGS: Duration = Duration::from_secs(20);

/// The time without an event after which none is expected.
const QUIET: Duration = Duration::from_millis(20);

/// The rows of a filter's snapshot, and the rows whose changes it reports.
type Told = (Vec<i64>, Vec<i64>);

/// Returns the stream as well, because a KILL may conflict with the next write (server 3.3.5).
///
/// The server (3.3.5) may send the changes of one transaction after those of a later one.
async fn watch(session: &Session, filter: Condition<Row>, rows: &[Row], expected: &[i64]) -> (Told, LiveStream<Row>) {
    let live = session.live::<Row>().filter(|row| filter | row.k.eq(LAST));
    let (snapshot, mut stream) = live.snapshot().await.unwrap();
    session.update::<Row>().all().set(|row| row.touched.add(1)).return_none().await.unwrap();
    let mut last = rows[0].clone();
    (last.id, last.k) = (Id::new(LAST), LAST);
    session.execute("INSERT INTO row $row RETURN NONE").bind("row", last).await.unwrap();
    let (mut changed, mut has_last) = (Vec::new(), false);
    let mut wait = HANGS;
    while let Ok(Some(event)) = timeout(wait, stream.next()).await {
        let event = event.unwrap();
        let LiveEvent::Change(change) = event else { panic!("{event:?}") };
        if change.data.k == LAST {
            has_last = true;
        } else {
            assert_eq!((change.action, change.data.touched), (Action::Update, 1));
            changed.push(change.data.k);
        }
        let is_complete = has_last && changed.len() >= expected.len();
        wait = if is_complete { QUIET } else { HANGS };
    }
    assert!(has_last);
    changed.sort_unstable();
    let mut read: Vec<i64> = snapshot.iter().map(|row| row.k).collect();
    read.sort_unstable();
    ((read, changed), stream)
}

#[async_test]
async fn live_filters_agree_with_rust_whatever_indexes_exist() {
    let mut wrong = Vec::new();
    for (layout, indexes) in LAYOUTS.iter().enumerate() {
        let (_db, session) = place().await;
        let mut streams = Vec::new();
        let mut random = Random(1_000 + layout as u64);
        define(&session, indexes).await;
        let rows: Vec<Row> = (0..ROWS).map(|key| random.row(key)).collect();
        for _ in 0..3 {
            fill(&session, &rows).await;
            let Both { surql, rust } = condition(&mut random, 2);
            let expected: Vec<i64> = rows.iter().filter(|row| rust(row)).map(|row| row.k).collect();
            let (found, stream) = watch(&session, surql.clone(), &rows, &expected).await;
            streams.push(stream);
            if found != (expected.clone(), expected.clone()) {
                wrong.push(format!("indexes `{indexes}`: {surql:?}: found {found:?}, expected {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong.join("\n"));
}
