//! The spans of calls, by the names of OpenTelemetry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{is_skipped, login, place};

use super::recorder::Seen;
use super::{User, new};

/// The fields of a span, without those whose values are not known beforehand.
fn known(fields: &BTreeMap<&'static str, String>) -> Vec<(&'static str, String)> {
    let is_known = |name: &str| !name.starts_with("server.") && !name.starts_with("surreal_session.");
    let known = fields.iter().filter(|(name, _)| is_known(name) && **name != "db.namespace");
    known.map(|(name, value)| (*name, value.clone())).collect()
}

#[tokio::test]
async fn call_is_a_span_with_the_names_of_opentelemetry() {
    let (_db, session) = place().await;
    session.create::<User>().id("ada").content(new("Ada")).await.unwrap();
    let (seen, _guard) = Seen::start();
    session.select::<User>().filter(|u| u.age.gt(18)).await.unwrap();
    let calls = seen.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let expected = [
        ("db.collection.name", "user"),
        ("db.operation.name", "SELECT"),
        ("db.query.summary", "SELECT user"),
        ("db.query.text", "SELECT * FROM $_0 WHERE age >= $_1"),
        ("db.response.returned_rows", "1"),
        ("db.system.name", "surrealdb"),
        ("otel.kind", "client"),
        ("otel.name", "SELECT user"),
    ];
    assert_eq!(known(&calls[0]), expected.map(|(name, value)| (name, value.to_owned())));
    let url = login().await.url;
    let (host, port) = url.strip_prefix("ws://").unwrap().trim_end_matches("/rpc").split_once(':').unwrap();
    let place = format!("{}|test", session.namespace().unwrap());
    for (name, value) in [
        ("db.namespace", place.as_str()),
        ("server.address", host),
        ("server.port", port.trim_end_matches('/')),
        ("surreal_session.session.id", &session.id().to_string()),
        ("surreal_session.requests", "1"),
    ] {
        assert_eq!(calls[0].get(name).map(String::as_str), Some(value), "{name}");
    }
    for name in ["surreal_session.queue.duration", "surreal_session.round_trip.duration"] {
        let seconds: f64 = calls[0][name].parse().unwrap();
        assert!((0.0..10.0).contains(&seconds), "{name} {seconds}");
    }
}

#[tokio::test]
async fn each_call_is_one_span() {
    if is_skipped("it::observability::spans::each_call_is_one_span").await {
        return;
    }
    let (_db, session) = place().await;
    let (seen, _guard) = Seen::start();
    session.set("a", 1).await.unwrap();
    session.ping().await.unwrap();
    session.insert((0..1_200).map(|_| new("Ada")).collect::<Vec<_>>()).await.unwrap();
    session.batch((session.select::<User>().id("a"), session.run::<i64>("array::len").args(([1],)))).await.unwrap();
    session.batch(vec![session.select::<User>().id("a")]).await.unwrap();
    drop(session.query("RETURN 1").await.unwrap());
    session.execute("RETURN 1").await.unwrap();
    session.untyped().update(RecordId::new("user", "a")).merge([("age", 1)]).optional().await.unwrap();
    session.delete::<User>().all().await.unwrap();
    session.run::<i64>("array::len").args(([1],)).await.unwrap();
    session.transaction().run(async |tx| tx.execute("RETURN 1").await).await.unwrap();
    session.live::<User>().await.unwrap().kill().await.unwrap();
    let of = |name: &'static str| seen.calls().iter().map(|call| call.get(name).cloned()).collect::<Vec<_>>();
    let names = of("otel.name").into_iter().flatten().collect::<Vec<_>>();
    let expected = [
        "set",
        "ping",
        "INSERT user",
        "BATCH",
        "BATCH",
        "query",
        "query",
        "UPDATE user",
        "DELETE user",
        "RUN array::len",
        "begin",
        "query",
        "commit",
        "LIVE SELECT user",
        "kill",
    ];
    assert_eq!(names, expected);
    assert_eq!(of("db.operation.batch.size").into_iter().flatten().collect::<Vec<_>>(), ["2"]);
    assert_eq!(of("db.stored_procedure.name").into_iter().flatten().collect::<Vec<_>>(), ["array::len"]);
    assert_eq!(of("surreal_session.requests")[2].as_deref(), Some("3"));
    assert_eq!(of("surreal_session.transaction.id").iter().flatten().count(), 2);
}

#[tokio::test]
async fn failure_has_its_kind_and_the_code_of_the_server() {
    let (_db, session) = place().await;
    session.create::<User>().id("ada").content(new("Ada")).await.unwrap();
    let (seen, _guard) = Seen::start();
    session.create::<User>().id("ada").content(new("Ada")).await.unwrap_err();
    session.execute("THROW 'no'").await.unwrap_err();
    drop(session.query("THROW 'no'").await.unwrap());
    session.execute("SELECT FROM").await.unwrap_err();
    session.signin(Root::new("root", "wrong")).await.unwrap_err();
    session.select::<User>().id("none").one().await.unwrap_err();
    let of = |call: &BTreeMap<_, String>, name| call.get(name).cloned().unwrap_or_default();
    let calls = seen.calls();
    let calls = calls.iter().map(|call| (of(call, "error.type"), of(call, "db.response.status_code")));
    let calls: Vec<_> = calls.collect();
    let expected = [
        ("AlreadyExists", "AlreadyExists/Record"),
        ("Thrown", "Thrown"),
        ("Thrown", "Thrown"),
        ("Validation", "-32000"),
        ("Auth", "-32002"),
        ("NotFound", ""),
    ];
    assert_eq!(calls, expected.map(|(kind, code)| (kind.to_owned(), code.to_owned())));
}

#[tokio::test]
async fn dropped_call_is_marked() {
    let (_db, session) = place().await;
    let (seen, _guard) = Seen::start();
    let call = session.execute("SLEEP 1s").into_future();
    tokio::time::timeout(std::time::Duration::from_millis(20), call).await.unwrap_err();
    let calls = seen.calls();
    assert_eq!(calls[0].get("surreal_session.dropped").map(String::as_str), Some("true"), "{calls:?}");
    assert_eq!(calls[0].get("error.type"), None);
}

#[tokio::test]
async fn only_text_without_values_is_shown_unless_all_is_asked_for() {
    let (_db, session) = place().await;
    let login = login().await;
    let root = Root::new(login.username, login.password);
    let open = Surreal::connect(login.url).show_all_texts().await.unwrap();
    let open = open.new_session().signin(root).use_ns("texts").use_db("test").await.unwrap();
    session.execute("DEFINE TABLE user").await.unwrap();
    let (seen, _guard) = Seen::start();
    session.execute("RETURN 1").await.unwrap();
    session.execute(surql!("RETURN $a", a = 1)).await.unwrap();
    session.execute(Surql::dynamic("RETURN 2")).await.unwrap();
    session.select::<User>().filter(|_| Condition::raw(Surql::dynamic("age = 3"))).await.unwrap();
    open.execute(Surql::dynamic("RETURN 4")).await.unwrap();
    let texts: Vec<_> = seen.calls().iter().map(|call| call.get("db.query.text").cloned()).collect();
    let expected = [Some("RETURN 1"), Some("RETURN $a"), None, None, Some("RETURN 4")];
    assert_eq!(texts, expected.map(|text| text.map(str::to_owned)));
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Profile {
    id: Id<Profile>,
    level: u32,
    settings: BTreeMap<String, u32>,
}

#[tokio::test]
async fn keys_of_maps_are_not_shown() {
    let (_db, session) = place().await;
    let settings = BTreeMap::from([("s3cr3t".to_owned(), 1)]);
    let before = session.create::<Profile>().id("a").content(NewProfile { level: 1, settings }).await.unwrap();
    let mut after = before.clone();
    after.settings.insert("s3cr3t".to_owned(), 2);
    let (seen, _guard) = Seen::start();
    session.update::<Profile>().id("a").merge(ProfilePatch::diff(&before, &after)).await.unwrap();
    after.settings.clone_from(&before.settings);
    after.level = 2;
    session.update::<Profile>().id("a").merge(ProfilePatch::diff(&before, &after)).await.unwrap();
    let texts: Vec<_> = seen.calls().iter().map(|call| call.contains_key("db.query.text")).collect();
    assert_eq!(texts, [false, true]);
    let trace = seen.0.lock().unwrap();
    assert!(!format!("{trace:?}").contains("s3cr3t"), "{trace:?}");
}

#[tokio::test]
async fn transaction_run_by_a_closure_is_one_span_with_its_attempts_as_events() {
    let (_db, session) = place().await;
    session.execute("CREATE account:a SET balance = 0").await.unwrap();
    let other = session.fork().await.unwrap();
    let mut conflict = true;
    let (seen, _guard) = Seen::start();
    let run = session.transaction().run(|tx| {
        let (conflict, other) = (std::mem::take(&mut conflict), &other);
        async move {
            tx.execute("UPDATE account:a SET balance += 1").await?;
            if conflict {
                other.execute("UPDATE account:a SET balance += 1").await?;
            }
            Ok(())
        }
    });
    run.await.unwrap();
    session.transaction().run(async |_| Err::<(), _>(session.execute("THROW 1").await.unwrap_err())).await.unwrap_err();
    let trace = seen.0.lock().unwrap();
    let runs: Vec<_> = trace.spans.iter().enumerate().filter(|(_, (metadata, _))| metadata.name() == "run").collect();
    assert_eq!(runs.len(), 2);
    let field = |index: usize, name| runs[index].1.1.0.get(name).map(String::as_str);
    assert_eq!((field(0, "surreal_session.attempts"), field(0, "error.type")), (Some("2"), None));
    assert_eq!((field(1, "surreal_session.attempts"), field(1, "error.type")), (Some("1"), Some("_OTHER")));
    let attempts: Vec<_> =
        trace.events.iter().filter(|(_, _, fields)| fields.0["message"] == "another attempt").collect();
    assert_eq!(attempts.len(), 1);
    let (within, metadata, fields) = attempts[0];
    assert_eq!((*within, metadata.target()), (Some(runs[0].0), "surreal_session::call"));
    assert_eq!((fields.0["attempts"].as_str(), fields.0["error.type"].as_str()), ("1", "Conflict"));
}
