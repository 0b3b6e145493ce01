//! Migrations are applied in their order, each exactly once, whole or not at all.

use std::time::Duration;

use futures_util::future::join_all;
use surreal_session::ErrorKind;
use surreal_session::blocking::Wait;
use surreal_session::migration::{MigrationState, Migrations};
use surreal_session::prelude::*;
use surreal_session_tests::{Loss, Proxy, async_test, login, place};
use tokio::time::{sleep, timeout};

static EMBEDDED: Migrations = surreal_session::migrate!("migrations");

/// Counts how often each file ran.
const TABLE: &str =
    "DEFINE TABLE ran; CREATE ran:1 SET times = 0; CREATE ran:2 SET times = 0; CREATE ran:3 SET times = 0";

fn counting() -> Migrations {
    let count = |number: u8| format!("UPDATE ran:{number} SET times += 1");
    Migrations::from_files([
        ("0001_table.surql", TABLE.to_owned()),
        ("0002_one.surql", count(1)),
        ("0003_two.surql", format!("{}; SLEEP 20ms", count(2))),
        ("0010_three.surql", count(3)),
    ])
    .unwrap()
}

async fn times(session: &Session) -> Vec<i64> {
    session.query("SELECT VALUE times FROM ran").await.unwrap().take(0).unwrap()
}

fn message(error: &Error) -> String {
    assert_eq!(error.kind(), ErrorKind::Migration, "{error}");
    error.to_string()
}

#[async_test]
async fn files_are_applied_once_and_in_order() {
    let (_db, session) = place().await;
    let status = EMBEDDED.status(&session).await.unwrap();
    assert!(!status.is_current() && status.entries.iter().all(|entry| entry.state == MigrationState::Pending));
    let report = EMBEDDED.run(&session).await.unwrap();
    let names: Vec<_> = report.applied.iter().map(|applied| (applied.number, applied.name.as_str())).collect();
    assert_eq!(names, [(1, "0001_users.surql"), (2, "0002_ada.surql")]);
    assert!(report.to_string().contains("applied 0001_users.surql in "));
    let names: Vec<String> = session.query("SELECT VALUE name FROM user").await.unwrap().take(0).unwrap();
    assert_eq!(names, ["Ada; Countess"]);
    assert!(EMBEDDED.run(&session).await.unwrap().applied.is_empty());
    let status = EMBEDDED.status(&session).await.unwrap();
    assert!(status.is_current(), "{status}");
    assert!(status.to_string().starts_with("0001_users.surql  applied at "), "{status}");
    assert_eq!(EMBEDDED.iter().count(), 2);
    // A program with one file more.
    let mut files: Vec<_> = EMBEDDED.iter().map(|file| (file.name().to_owned(), file.text().to_owned())).collect();
    files.push(("3_more.surql".into(), "CREATE user:alan SET name = 'Alan'".into()));
    let more = Migrations::from_files(files).unwrap();
    assert_eq!(more.run(&session).await.unwrap().applied[0].name, "3_more.surql");
}

#[async_test]
async fn changed_missing_and_late_files_are_refused_before_anything_runs() {
    let (_db, session) = place().await;
    let files = |files: &[(&str, &str)]| Migrations::from_files(files.iter().copied()).unwrap();
    let (a, c) = (("1_a.surql", "CREATE a"), ("3_c.surql", "CREATE c"));
    files(&[a, c]).run(&session).await.unwrap();
    let changed = files(&[("1_a.surql", "CREATE a SET b = 1"), c, ("4_d.surql", "CREATE d")]);
    let error = message(&changed.run(&session).await.unwrap_err());
    assert!(error.contains("`1_a.surql` was changed after it was applied"), "{error}");
    assert_eq!(changed.status(&session).await.unwrap().entries[0].state, MigrationState::Changed);
    // The ends of lines do not matter.
    let crlf = files(&[("1_a.surql", "CREATE a"), c]);
    assert!(crlf.run(&session).await.unwrap().applied.is_empty());
    let missing = files(&[c, ("4_d.surql", "CREATE d")]);
    let error = message(&missing.run(&session).await.unwrap_err());
    assert!(error.contains("`1_a.surql` is applied, and is not in this program"), "{error}");
    assert_eq!(missing.status(&session).await.unwrap().entries[0].state, MigrationState::Missing);
    let late = files(&[a, ("2_b.surql", "CREATE b"), c]);
    let error = message(&late.run(&session).await.unwrap_err());
    assert!(error.contains("`2_b.surql` is not applied, and one with a higher number is"), "{error}");
    let tables = "RETURN object::keys((INFO FOR DB).tables)";
    let tables: Vec<String> = session.query(tables).await.unwrap().take(0).unwrap();
    assert_eq!(tables, ["a", "c", "migration"]);
    assert_eq!(late.allow_out_of_order().run(&session).await.unwrap().applied[0].name, "2_b.surql");
    assert_eq!(missing.ignore_missing().run(&session).await.unwrap().applied.len(), 1);
}

#[async_test]
async fn file_that_fails_leaves_nothing() {
    let (_db, session) = place().await;
    let bad = "CREATE a:1; DEFINE TABLE b; CREATE a:1; CREATE a:2";
    let files = |second: &'static str| {
        Migrations::from_files([
            ("1_a.surql", "DEFINE TABLE a"),
            ("2_b.surql", second),
            ("3_c.surql", "DEFINE TABLE c"),
        ])
    };
    let error = files(bad).unwrap().run(&session).await.unwrap_err();
    assert!(message(&error).contains("`2_b.surql` failed, and nothing of it is kept: statement 2 failed"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
    let state = "RETURN [object::keys((INFO FOR DB).tables), (SELECT VALUE id FROM a), record::exists(migration:2)]";
    let state: (Vec<String>, Vec<RecordId>, bool) = session.query(state).await.unwrap().take(0).unwrap();
    assert_eq!(state, (vec!["a".into(), "migration".into()], Vec::new(), false));
    let error = files("CREATE a:1; SELECT FROM WHERE").unwrap().run(&session).await.unwrap_err();
    assert!(message(&error).contains("Parse error"), "{error}");
    let report = files("CREATE a:1; DEFINE TABLE b").unwrap().run(&session).await.unwrap();
    assert_eq!(report.applied.len(), 2);
}

#[async_test]
async fn statements_that_leave_the_transaction_are_refused() {
    let (_db, session) = place().await;
    for text in
        ["CREATE a; COMMIT; CREATE b", "BEGIN; CREATE a; COMMIT", "USE DB other; CREATE a", "LIVE SELECT * FROM a"]
    {
        let files = Migrations::from_files([("1_a.surql", "CREATE x"), ("2_b.surql", text)]).unwrap();
        let error = message(&files.run(&session).await.unwrap_err());
        assert!(error.contains("`2_b.surql` cannot be run: `"), "{error}");
        assert!(!EMBEDDED.status(&session).await.unwrap().is_current());
    }
    let tables: i64 = session.query("RETURN object::len((INFO FOR DB).tables)").await.unwrap().take(0).unwrap();
    assert_eq!(tables, 0);
}

#[async_test]
async fn file_without_a_transaction_says_where_it_stopped() {
    let (_db, session) = place().await;
    let files = |last: &str| {
        let second = format!("-- migrate: no transaction\nCREATE a:1; CREATE a:2;\n{last}; CREATE a:4");
        Migrations::from_files([("1_a.surql", "DEFINE TABLE a".to_owned()), ("2_b.surql", second)]).unwrap()
    };
    let bad = files("CREATE a:1");
    let error = message(&bad.run(&session).await.unwrap_err());
    assert!(error.contains("`2_b.surql` failed at statement 2, counted from zero; the statements before it are applied: Database record"), "{error}");
    let ids: Vec<RecordId> = session.query("SELECT VALUE id FROM a").await.unwrap().take(0).unwrap();
    assert_eq!(ids.len(), 2);
    let error = message(&bad.run(&session).await.unwrap_err());
    assert!(
        error.contains("stopped at statement 2, counted from zero: Database record")
            && error.contains("already exists"),
        "{error}"
    );
    assert_eq!(bad.status(&session).await.unwrap().entries[1].state, MigrationState::Unfinished);
    assert!(bad.forget(&session, 1).await.unwrap_err().is_not_found(), "it is applied");
    // Forgotten, another text may run.
    bad.forget(&session, 2).await.unwrap();
    session.execute("DELETE a").await.unwrap();
    let good = files("CREATE a:3");
    assert_eq!(good.run(&session).await.unwrap().applied.len(), 1);
    assert!(good.status(&session).await.unwrap().is_current());
    // Mended by hand.
    session.execute("UPDATE migration:2 SET applied_at = NONE").await.unwrap();
    good.resolve(&session, 2).await.unwrap();
    assert!(good.run(&session).await.unwrap().applied.is_empty());
    assert!(good.resolve(&session, 2).await.unwrap_err().is_not_found());
}

/// Sessions in one database, each on a connection of its own.
async fn programs(count: usize) -> Vec<(Surreal, Session)> {
    let login = login().await;
    let (db, session) = place().await;
    let (namespace, database) = (session.namespace().unwrap(), session.database().unwrap());
    let mut programs = vec![(db, session)];
    for _ in 1..count {
        let db = Surreal::connect(&login.url).await.unwrap();
        let root = Root::new(login.username.clone(), login.password.clone());
        let session = db.new_session().signin(root).use_ns(&*namespace).use_db(&*database).await.unwrap();
        programs.push((db, session));
    }
    programs
}

#[async_test(not_send)]
async fn programs_at_once_apply_each_file_once() {
    for _ in 0..3 {
        let programs = programs(8).await;
        let files = counting();
        let reports = join_all(programs.iter().map(|(_, session)| files.run(session))).await;
        let applied: usize = reports.iter().map(|report| report.as_ref().unwrap().applied.len()).sum();
        assert_eq!(applied, 4, "{reports:?}");
        assert_eq!(times(&programs[0].1).await, [1, 1, 1]);
    }
}

#[async_test(not_send)]
async fn dropped_call_leaves_nothing_and_gives_the_lock_back() {
    let programs = programs(2).await;
    let (session, other) = (&programs[0].1, &programs[1].1);
    let slow = format!("{TABLE}; SLEEP 30s");
    let slow = Migrations::from_files([("0001_table.surql", slow)]).unwrap();
    timeout(Duration::from_secs(1), slow.run(session)).await.unwrap_err();
    let applied = timeout(Duration::from_secs(10), counting().run(other)).await.expect("the lock is still held");
    assert_eq!(applied.unwrap().applied.len(), 4);
    assert_eq!(times(other).await, [1, 1, 1]);
}

#[async_test(not_send)]
async fn lock_expires_and_is_waited_for() {
    let (_db, session) = place().await;
    counting().run(&session).await.unwrap();
    let take = "UPSERT migration:lease SET owner = 'dead', until = time::now() + 2s; UPSERT migration:holder SET owner = 'dead'";
    session.execute(take).await.unwrap();
    let mut files: Vec<_> = counting().iter().map(|file| (file.name().to_owned(), file.text().to_owned())).collect();
    files.push(("11_last.surql".into(), "CREATE last".into()));
    let files = Migrations::from_files(files).unwrap();
    let error = files.run(&session).deadline(Duration::from_millis(800)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("held by dead, until 20"), "{error}");
    assert_eq!(files.run(&session).await.unwrap().applied.len(), 1);
}

#[async_test(not_send)]
async fn program_that_has_lost_the_lock_commits_nothing() {
    let programs = programs(2).await;
    let slow = Migrations::from_files([("1_a.surql", "CREATE a; SLEEP 1500ms; CREATE b")]).unwrap();
    let take = async {
        sleep(Duration::from_millis(700)).await;
        let take = "UPSERT migration:holder SET owner = 'other'; UPSERT migration:lease SET owner = 'other', until = time::now() + 1h";
        programs[1].1.execute(take).await.unwrap();
    };
    let (outcome, ()) = tokio::join!(slow.run(&programs[0].1), take);
    let error = message(&outcome.unwrap_err());
    assert!(error.contains("another process has taken the lock"), "{error}");
    let state = "RETURN [object::keys((INFO FOR DB).tables), record::exists(migration:1)]";
    let state: (Vec<String>, bool) = programs[1].1.query(state).await.unwrap().take(0).unwrap();
    assert_eq!(state, (vec!["migration".into()], false));
}

#[async_test(not_send)]
async fn lost_connections_do_not_apply_a_file_twice() {
    let login = login().await;
    for loss in [Loss::Reply, Loss::Request, Loss::Late(Duration::from_millis(300))] {
        for lost in ["fcommit", "UPDATE ran:1", "CREATE migration:", "UPSERT migration:lease"] {
            let proxy = Proxy::start(&login.url).await;
            let db = Surreal::connect(proxy.url()).await.unwrap();
            let root = Root::new(login.username.clone(), login.password.clone());
            let namespace = surreal_session_tests::unique("ns");
            let session = db.new_session().signin(root).use_ns(namespace).use_db("test").await.unwrap();
            let files = counting();
            files.status(&session).await.unwrap();
            proxy.lose_next(lost, loss);
            if let Err(error) = files.run(&session).await {
                assert!(error.delivery() != Delivery::Answered, "{lost} {loss:?}: {error}");
                // The lock of a run that has ended is free, or expires.
                let _ = session.execute("DELETE migration:lease").await;
                files.run(&session).await.unwrap_or_else(|error| panic!("{lost} {loss:?}: {error}"));
            }
            assert_eq!(times(&session).await, [1, 1, 1], "{lost} {loss:?}");
            assert!(files.status(&session).await.unwrap().is_current());
        }
    }
}

#[async_test]
async fn odd_names_and_many_files() {
    let (_db, session) = place().await;
    let files = (1..=150).map(|number| (format!("{number:05}_f`{number}.surql"), format!("CREATE made:{number}")));
    let files = Migrations::from_files(files).unwrap().table("od`d ⟩ history");
    assert_eq!(files.run(&session).await.unwrap().applied.len(), 150);
    assert!(files.status(&session).await.unwrap().is_current());
    let other = Migrations::from_files([("1_a.surql", "CREATE a")]).unwrap().table("another");
    assert_eq!(other.run(&session).await.unwrap().applied.len(), 1);
    // A table that is something else is left alone.
    let taken = Migrations::from_files([("1_a.surql", "CREATE a")]).unwrap().table("made");
    let error = message(&taken.run(&session).await.unwrap_err());
    assert!(error.contains("the table made is no history of migrations"), "{error}");
    let none = Migrations::from_files([("", ""); 0]).unwrap().table("third");
    assert!(none.run(&session).await.unwrap().applied.is_empty() && none.status(&session).await.unwrap().is_current());
}

#[test]
fn names_of_files_are_checked() {
    for (name, reason) in
        [("a.surql", "`0001_users.surql` is expected"), ("1_a.sql", "is expected"), ("1_.surql", "is expected")]
    {
        let error = Migrations::from_files([(name, "CREATE a")]).unwrap_err();
        assert!(message(&error).contains(reason), "{name}: {error}");
    }
    let error = Migrations::from_files([("1_a.surql", "CREATE a"), ("01_b.surql", "CREATE b")]).unwrap_err();
    assert!(message(&error).contains("`1_a.surql` and `01_b.surql` have the same number"), "{error}");
    let checksum =
        |text: &str| Migrations::from_files([("1_a.surql", text)]).unwrap().iter().next().unwrap().checksum();
    assert_eq!(checksum("a\r\nb"), checksum("a\nb"));
    assert_eq!(checksum(""), "6c62272e07bb014262b821756295c58d");
    assert_eq!(checksum("a"), "d228cb696f1a8caf78912b704e4a8964");
}

#[surreal_session_embedded::test(blocking)]
fn migrations_without_async(db: Session) {
    assert_eq!(EMBEDDED.run(&db).wait().unwrap().applied.len(), 2);
    assert!(EMBEDDED.status(&db).wait().unwrap().is_current());
}
