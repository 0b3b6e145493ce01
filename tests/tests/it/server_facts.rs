//! Facts about the server that the client relies on. If one of these tests fails, review the code for the new server.

use std::collections::BTreeSet;

use ciborium::cbor;
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{Raw, async_test, connect, is_version_in, place, unique};

#[async_test]
async fn server_version_is_the_documented_one() {
    let db = connect().await;
    assert_eq!(db.version().await.unwrap(), "surrealdb-3.3.5");
}

/// Writes and, before 3.3, reads find a record once for each element of an array in an index of several fields.
#[async_test]
async fn index_of_several_fields_repeats_the_records_of_an_array() {
    let (_db, session) = place().await;
    let schema = "DEFINE FIELD tags ON t TYPE array<int>; DEFINE INDEX i ON t FIELDS n, tags;
        CREATE t:1 SET n = 1, x = 0, tags = [1, 2, 3]";
    session.execute(schema).await.unwrap();
    let found: Vec<i64> = session.query("SELECT VALUE x FROM t WHERE n = 1").await.unwrap().take(0).unwrap();
    assert_eq!(found.len(), if is_version_in(.."3.3").await { 3 } else { 1 });
    let changed: Vec<i64> =
        session.query("UPDATE t SET x += 1 WHERE n = 1 RETURN VALUE x").await.unwrap().take(0).unwrap();
    assert_eq!(changed, if is_version_in("4.0"..).await { vec![1] } else { vec![1, 2, 3] });
}

#[async_test]
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

#[async_test]
async fn sessions_lists_attached_sessions_without_the_default() {
    let db = connect().await;
    assert_eq!(db.sessions().await.unwrap(), []);
    let (a, b) = (db.new_session().await.unwrap(), db.new_session().await.unwrap());
    let listed: BTreeSet<_> = db.sessions().await.unwrap().into_iter().collect();
    assert_eq!(listed, BTreeSet::from([a.id(), b.id()]));
    let elsewhere = connect().await;
    assert_eq!(elsewhere.sessions().await.unwrap(), []);
}

#[async_test]
async fn selecting_only_a_namespace_keeps_the_old_database() {
    let (_db, session) = place().await;
    session.use_ns(unique("facts_other")).await.unwrap();
    assert_eq!(session.database().as_deref(), Some("test"));
}

#[async_test]
async fn database_without_a_namespace_is_refused() {
    let db = connect().await;
    let session = db.new_session().await.unwrap();
    let error = session.use_db("alone").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation, "{error:?}");
    assert_eq!((session.namespace(), session.database()), (None, None));
}

#[async_test]
async fn invalidate_keeps_namespace_database_and_variables() {
    let (_db, session) = place().await;
    session.set("v", 1).await.unwrap();
    session.invalidate().await.unwrap();
    let seen: (Option<String>, Option<String>, Option<i64>) =
        session.query("RETURN [session::ns(), session::db(), $v]").await.unwrap().take(0).unwrap();
    assert_eq!(seen, (session.namespace(), session.database(), Some(1)));
}

#[async_test]
async fn only_request_errors_have_a_code() {
    let (_db, session) = place().await;
    let statement = session.query("THROW 'x'").await.unwrap().check().unwrap_err();
    assert_eq!(statement.server().unwrap().code(), None);
    let request = session.query("not surql").await.unwrap_err();
    assert_eq!(request.server().unwrap().code(), Some(-32000));
}

#[async_test]
async fn other_statements_of_a_failed_block_are_not_executed_or_cancelled() {
    let (_db, session) = place().await;
    let response = session.query("BEGIN; CREATE a:1; THROW 'x'; CREATE a:2; COMMIT").await.unwrap();
    assert_eq!(response.len(), 5);
    let error = session.query("SELECT * FROM a").await.unwrap().check().unwrap_err();
    assert!(error.is_not_found(), "the block was rolled back: {error:?}");
}

#[async_test]
async fn server_accepts_nesting_up_to_the_clients_limit() {
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

/// The reason why the first failure of a `Transaction` is final.
#[async_test]
async fn server_commits_what_a_refused_create_has_written() {
    let mut raw = Raw::place().await;
    raw.query(None, "DEFINE INDEX mail ON user FIELDS mail UNIQUE; CREATE user:a SET mail = 'x'").await;
    let txn = raw.call("begin", None, vec![]).await.unwrap();
    let refused = raw.query(Some(&txn), "CREATE user:b SET mail = 'x'").await;
    assert!(refused[0].as_ref().unwrap_err().contains("already contains"), "{refused:?}");
    let committed = raw.call("commit", None, vec![txn]).await;
    if is_version_in("4.0"..).await {
        assert!(committed.unwrap_err().contains("the transaction cannot commit"));
        return;
    }
    committed.unwrap();
    let mails = raw.query(None, "SELECT VALUE mail FROM user").await;
    assert_eq!(
        mails[0].clone().unwrap(),
        cbor!(["x", "x"]).unwrap(),
        "the server no longer keeps the refused record: a failure may not have to be final"
    );
}

#[async_test]
async fn transactions_have_uuids_and_are_gone_after_their_end() {
    let mut raw = Raw::place().await;
    for end in ["commit", "cancel"] {
        let txn = raw.call("begin", None, vec![]).await.unwrap();
        assert!(matches!(txn, ciborium::Value::Tag(37, _)), "{txn:?}");
        raw.call(end, None, vec![txn.clone()]).await.unwrap();
        for method in ["commit", "cancel"] {
            assert_eq!(raw.call(method, None, vec![txn.clone()]).await.unwrap_err(), "Transaction not found");
        }
        let gone = raw.call("query", Some(&txn), vec!["RETURN 1".into()]).await.unwrap_err();
        assert_eq!(gone, "Transaction not found");
    }
}

#[async_test]
async fn reset_cancels_the_transactions_of_a_session() {
    let mut raw = Raw::place().await;
    let txn = raw.call("begin", None, vec![]).await.unwrap();
    raw.call("reset", None, vec![]).await.unwrap();
    assert_eq!(raw.call("commit", None, vec![txn]).await.unwrap_err(), "Transaction not found");
}

#[async_test]
async fn too_many_transactions_is_recognised_by_text_only() {
    let mut raw = Raw::place().await;
    for _ in 0..64 {
        raw.call("begin", None, vec![]).await.unwrap();
    }
    assert_eq!(raw.call("begin", None, vec![]).await.unwrap_err(), "Too many open transactions");
}

#[async_test]
async fn statements_after_a_failed_one_still_run_in_a_transaction() {
    let mut raw = Raw::place().await;
    let txn = raw.call("begin", None, vec![]).await.unwrap();
    let results = raw.query(Some(&txn), "THROW 'no'; CREATE a:1; BEGIN; COMMIT; CANCEL").await;
    let failed: Vec<_> = results.iter().map(Result::is_err).collect();
    assert_eq!(failed, [true, false, true, true, true], "{results:?}");
    raw.call("commit", None, vec![txn]).await.unwrap();
    let kept = raw.query(None, "RETURN count(SELECT * FROM a)").await;
    assert_eq!(kept[0].clone().unwrap(), 1.into());
}

#[async_test]
async fn contextual_names_hide_bound_variables() {
    let (_db, session) = place().await;
    let names = ["this", "parent", "value", "input", "before", "after", "event"];
    let variables = names.map(|name| format!("LET ${name} = 'variable'; ")).concat();
    session
        .execute(
            "DEFINE FIELD f ON t VALUE [$this, $value, $input, $before, $after];
             DEFINE EVENT e ON t THEN { CREATE log SET seen = [$this, $value, $input, $before, $after, $event] }",
        )
        .await
        .unwrap();
    let text = "CREATE t:1 SET f = 'set'; SELECT VALUE seen FROM log; SELECT VALUE f FROM t;
        SELECT VALUE (SELECT VALUE [$this, $parent] FROM ONLY log LIMIT 1) FROM ONLY t:1";
    let response = session.query(Surql::dynamic(variables + text)).await.unwrap().check().unwrap();
    for index in names.len()..response.len() {
        let seen = response.take::<Value>(index).unwrap().to_string();
        assert!(seen.contains("t:1") && !seen.contains("variable"), "statement {index}: {seen}");
    }
}

/// The client tells a result that cannot be sent from text that does not parse by this code.
#[async_test]
async fn unserializable_result_has_its_own_error_code() {
    let (_db, session) = place().await;
    let server = session.query("CREATE t:1; RETURN /a/").await.unwrap_err().server().unwrap().clone();
    assert_eq!((server.code(), server.message()), (Some(-32700), "Parse error"));
    assert_eq!(server.details().map(surreal_session::ErrorDetails::kind), Some("Parse"));
    let written: Vec<RecordId> = session.query("SELECT VALUE id FROM t").await.unwrap().take(0).unwrap();
    assert_eq!(written, [RecordId::new("t", 1)]);
    let server = session.query("CREATE t:2; SELEC 1").await.unwrap_err().server().unwrap().clone();
    assert_eq!((server.code(), server.details()), (Some(-32000), None));
}
