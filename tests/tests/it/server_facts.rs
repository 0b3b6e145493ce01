//! Facts about the server that the client relies on. One of these failing means that a new server needs a look.

use std::collections::BTreeSet;

use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{connect, place};

#[tokio::test]
async fn version_is_the_one_that_the_docs_speak_of() {
    let db = connect().await;
    assert_eq!(db.version().await.unwrap(), "surrealdb-3.3.5");
}

#[tokio::test]
async fn default_session_has_the_id_of_the_connection() {
    let db = connect().await;
    let seen: Value = db.query("RETURN session::id()").await.unwrap().take(0).unwrap();
    let text = match seen {
        Value::Uuid(id) => id.to_string(),
        Value::String(text) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(text, db.id().to_string());
    let session = db.new_session().await.unwrap();
    assert_ne!(session.id(), db.id());
}

#[tokio::test]
async fn sessions_lists_the_attached_and_not_the_default() {
    let db = connect().await;
    assert_eq!(db.sessions().await.unwrap(), []);
    let (a, b) = (db.new_session().await.unwrap(), db.new_session().await.unwrap());
    let listed: BTreeSet<_> = db.sessions().await.unwrap().into_iter().collect();
    assert_eq!(listed, BTreeSet::from([a.id(), b.id()]));
    let elsewhere = connect().await;
    assert_eq!(elsewhere.sessions().await.unwrap(), []);
}

#[tokio::test]
async fn selecting_only_a_namespace_keeps_the_old_database() {
    let (_db, session) = place().await;
    session.use_ns("facts_other").await.unwrap();
    assert_eq!(session.database().as_deref(), Some("test"));
}

#[tokio::test]
async fn database_without_a_namespace_is_refused() {
    let db = connect().await;
    let session = db.new_session().await.unwrap();
    let error = session.use_db("alone").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation, "{error:?}");
    assert_eq!((session.namespace(), session.database()), (None, None));
}

#[tokio::test]
async fn invalidate_keeps_place_and_variables() {
    let (_db, session) = place().await;
    session.set("v", 1).await.unwrap();
    session.invalidate().await.unwrap();
    let seen: (Option<String>, Option<String>, Option<i64>) =
        session.query("RETURN [session::ns(), session::db(), $v]").await.unwrap().take(0).unwrap();
    assert_eq!(seen, (session.namespace(), session.database(), Some(1)));
}

#[tokio::test]
async fn statement_errors_have_no_code_and_request_errors_have() {
    let (_db, session) = place().await;
    let statement = session.query("THROW 'x'").await.unwrap().check().unwrap_err();
    assert_eq!(statement.server().unwrap().code(), None);
    let request = session.query("not surql").await.unwrap_err();
    assert_eq!(request.server().unwrap().code(), Some(-32000));
}

#[tokio::test]
async fn echoes_of_a_failed_block_are_not_executed_or_cancelled() {
    let (_db, session) = place().await;
    let response = session.query("BEGIN; CREATE a:1; THROW 'x'; CREATE a:2; COMMIT").await.unwrap();
    assert_eq!(response.len(), 5);
    let error = session.query("SELECT * FROM a").await.unwrap().check().unwrap_err();
    assert!(error.is_not_found(), "the block was rolled back: {error:?}");
}

#[tokio::test]
async fn nesting_is_accepted_up_to_the_clients_limit() {
    let (_db, session) = place().await;
    let mut value = Value::from(1_i64);
    for depth in 1.. {
        value = Value::Array(vec![value]);
        match session.query("RETURN $v").bind("v", &value).await {
            Ok(response) => assert_eq!(response.take::<Value>(0).unwrap(), value),
            Err(error) => {
                assert_eq!((error.kind(), error.delivery()), (ErrorKind::Encode, Delivery::NotSent), "{error:?}");
                assert!(depth > 90, "only {depth} levels");
                break;
            }
        }
    }
}

#[tokio::test]
async fn contextual_names_hide_variables() {
    let (_db, session) = place().await;
    let names = ["this", "parent", "value", "input", "before", "after", "event"];
    let variables = names.map(|name| format!("LET ${name} = 'variable'; ")).concat();
    session
        .query(
            "DEFINE FIELD f ON t VALUE [$this, $value, $input, $before, $after];
             DEFINE EVENT e ON t THEN { CREATE log SET seen = [$this, $value, $input, $before, $after, $event] }",
        )
        .await
        .unwrap()
        .check()
        .unwrap();
    let text = "CREATE t:1 SET f = 'set'; SELECT VALUE seen FROM log; SELECT VALUE f FROM t;
        SELECT VALUE (SELECT VALUE [$this, $parent] FROM ONLY log LIMIT 1) FROM ONLY t:1";
    let response = session.query(variables + text).await.unwrap().check().unwrap();
    for index in names.len()..response.len() {
        let seen = response.take::<Value>(index).unwrap().to_string();
        assert!(seen.contains("t:1") && !seen.contains("variable"), "statement {index}: {seen}");
    }
}
