//! Warnings about slow calls.

use std::time::Duration;

use surreal_session::prelude::*;
use surreal_session_tests::{login, unique};
use tracing_core::Level;

use super::recorder::Seen;

#[tokio::test]
async fn slow_call_is_a_warning_with_its_place_and_without_values() {
    let login = login().await;
    let (seen, _guard) = Seen::start();
    let db = Surreal::connect(login.url).slow_statements(Duration::from_millis(40)).await.unwrap();
    let root = Root::new(login.username, login.password);
    let namespace = unique("ns");
    let session = db.new_session().use_ns(&namespace).use_db("test").await.unwrap();
    session.signin(root).deadline(Duration::from_secs(30)).await.unwrap();
    session.use_ns(&namespace).use_db("test").await.unwrap();
    seen.0.lock().unwrap().events.clear();
    session.execute("RETURN 1").await.unwrap();
    session.execute("SLEEP 50ms; RETURN $secret").bind("secret", "s3cr3t").await.unwrap();

    let trace = seen.0.lock().unwrap();
    let warnings: Vec<_> = trace.events.iter().filter(|(_, metadata, _)| *metadata.level() == Level::WARN).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let (_, metadata, fields) = warnings[0];
    assert_eq!(metadata.target(), "surreal_session::slow");
    let id = session.id().to_string();
    for (name, value) in [
        ("summary", "query"),
        ("text", "SLEEP 50ms; RETURN $secret"),
        ("namespace", &namespace),
        ("database", "test"),
        ("session", &id),
    ] {
        assert_eq!(fields.0.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(fields.0["duration"].ends_with("ms"), "{fields:?}");
    assert!(!format!("{trace:?}").contains("s3cr3t"));
}
