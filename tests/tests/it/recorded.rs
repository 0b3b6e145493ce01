//! Records replies of the server, from which unit tests of the client read the errors of each version.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use ciborium::{Value, cbor};
use surreal_session_tests::{Raw, connect, unique};

/// Statements, each with the name of its reply. Those before them prepare the database.
const STATEMENTS: [(&str, &str); 13] = [
    ("thrown", "THROW 'no'"),
    ("unique", "CREATE user:bob SET mail = 'a@x.io'"),
    ("assert", "UPDATE user:ada SET age = 17"),
    ("type", "UPDATE user:ada SET age = 'old'"),
    ("read_only", "UPDATE user:ada SET born = 2"),
    ("unknown_field", "CREATE full:1 SET other = 1"),
    ("reference", "DELETE user:ada"),
    ("table_type", "CREATE wrote:2"),
    ("exists", "CREATE user:ada"),
    ("no_table", "SELECT * FROM nowhere"),
    ("no_function", "RETURN fn::nothing()"),
    ("regex", "RETURN /a/"),
    ("syntax", "SELEC 1"),
];

const SCHEMA: &str = "DEFINE TABLE user PERMISSIONS FOR create, update, delete FULL; DEFINE TABLE nobody;
    DEFINE INDEX user_mail ON user FIELDS mail UNIQUE; DEFINE FIELD age ON user TYPE option<int> ASSERT $value >= 18;
    DEFINE FIELD born ON user TYPE option<int> READONLY; DEFINE TABLE full SCHEMAFULL;
    DEFINE TABLE wrote TYPE RELATION; DEFINE TABLE post; DEFINE TABLE guide PERMISSIONS FULL;
    DEFINE FIELD author ON post TYPE option<record<user>> REFERENCE ON DELETE REJECT;
    DEFINE FIELD by ON post TYPE option<record<guide>> REFERENCE ON DELETE REJECT;
    CREATE user:ada SET mail = 'a@x.io', age = 36, born = 1; CREATE user:carl; CREATE guide:1;
    CREATE post:1 SET author = user:ada, by = guide:1; RELATE user:ada->wrote:1->post:1;
    DEFINE USER vera ON DATABASE PASSWORD 'v' ROLES VIEWER;
    DEFINE ACCESS account ON DATABASE TYPE RECORD SIGNUP (CREATE guide SET name = $name)";

/// Run it by itself, against each version: it writes to the sources of the client.
#[tokio::test]
#[ignore = "writes the recorded replies of the server under test"]
async fn replies_are_recorded() {
    let version = connect().await.server_version().await.unwrap();
    let mut raw = Raw::place().await;
    let place = raw.query(None, "RETURN [session::ns(), session::db()]").await[0].clone().unwrap();
    let [namespace, database] = &place.as_array().unwrap()[..] else { panic!("{place:?}") };
    for (index, outcome) in raw.query(None, SCHEMA).await.iter().enumerate() {
        assert!(outcome.is_ok(), "statement {index}: {outcome:?}");
    }
    let mut recorded = Vec::new();
    for (name, text) in STATEMENTS {
        recorded.push((name, raw.exchange("query", None, vec![text.into()]).await));
    }
    let user = |user: &str| cbor!({"NS" => namespace, "DB" => database, "user" => user, "pass" => "v"}).unwrap();
    recorded.push(("method", raw.exchange("no_such_method", None, vec![]).await));
    recorded.push(("password", raw.exchange("signin", None, vec![user("nobody")]).await));
    recorded.push(("begun", raw.exchange("begin", None, vec![]).await));
    recorded.push(("begun_with_options", raw.exchange("begin", None, vec![read_only()]).await));
    let unknown = raw.call("begin", None, vec![]).await.unwrap();
    raw.call("cancel", None, vec![unknown.clone()]).await.unwrap();
    recorded.push(("no_transaction", raw.exchange("commit", None, vec![unknown]).await));
    recorded.push(("conflict", conflict(&mut raw).await));
    raw.query(None, "LIVE SELECT * FROM user").await;
    raw.query(None, "CREATE user:dora SET age = 40").await;
    recorded.push(("event", raw.event().await));
    raw.call("signin", None, vec![user("vera")]).await.unwrap();
    recorded.push(("forbidden", raw.exchange("query", None, vec!["DEFINE TABLE x".into()]).await));
    let name = cbor!({"name" => unique("guide")}).unwrap();
    let account = cbor!({"NS" => namespace, "DB" => database, "AC" => "account", "name" => name}).unwrap();
    raw.call("signup", None, vec![account]).await.unwrap();
    let hidden = [("hidden_unique", "CREATE user:eve SET mail = 'a@x.io'"), ("hidden_reference", "DELETE guide:1")];
    for (name, text) in hidden {
        recorded.push((name, raw.exchange("query", None, vec![text.into()]).await));
    }
    // Last: further frames of a stream follow.
    recorded.push(("stream", raw.exchange("query_stream", None, vec!["RETURN 1".into()]).await));
    write(&version.to_string(), &recorded);
}

fn read_only() -> Value {
    cbor!({"read_only" => {}}).unwrap()
}

/// The reply to the commit that comes second.
async fn conflict(raw: &mut Raw) -> Vec<u8> {
    let first = raw.call("begin", None, vec![]).await.unwrap();
    let second = raw.call("begin", None, vec![]).await.unwrap();
    for transaction in [&first, &second] {
        raw.query(Some(transaction), "UPDATE user:carl SET age = 20").await;
    }
    raw.call("commit", None, vec![first]).await.unwrap();
    raw.exchange("commit", None, vec![second]).await
}

fn write(version: &str, recorded: &[(&str, Vec<u8>)]) {
    let mut text = String::new();
    for (name, frame) in recorded {
        write!(text, "{name} ").unwrap();
        for byte in frame {
            write!(text, "{byte:02x}").unwrap();
        }
        text.push('\n');
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../surreal-session/src/protocol/recorded");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{version}.txt")), text).unwrap();
}
