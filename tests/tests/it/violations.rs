//! Violated constraints in the wording of server 3.3.5: each part is found, whatever the values and names contain.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::query::IntoSurql;
use surreal_session::value::Uuid;
use surreal_session::{Error, ErrorKind};
use surreal_session_tests::{async_test, is_skipped, is_version_in, place};

/// The error of a query of which one statement is refused.
async fn refused(session: &Session, text: impl IntoSurql) -> Error {
    session.query(text).await.unwrap().check().unwrap_err()
}

async fn run(session: &Session, text: impl IntoSurql) {
    session.execute(text).await.unwrap();
}

/// A name in backticks.
fn name(text: &str) -> String {
    format!("`{}`", text.replace('\\', "\\\\").replace('`', "\\`"))
}

/// The name without backticks, as the table of a record id shows it.
fn unescaped(name: &str) -> String {
    format!("{name}:1").parse::<RecordId>().unwrap().table().to_owned()
}

/// Checks the properties that all violations share, and returns the error.
#[track_caller]
fn checked(error: Error) -> Error {
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Violation, Delivery::Answered), "{error:?}");
    assert_eq!(error.violation(), error.server().unwrap().violation());
    let unique = matches!(error.violation(), Some(Violation::Unique { .. }));
    assert_eq!(error.is_unique_violation(), unique, "{error:?}");
    assert!(!error.is_already_exists() && !error.is_not_found() && !error.is_retryable() && !error.is_auth());
    error
}

#[surreal_session_embedded::test]
async fn unique_violation_names_index_value_and_record(session: Session) {
    run(
        &session,
        "DEFINE INDEX by_mail ON user FIELDS mail UNIQUE; DEFINE INDEX pair ON seat FIELDS row, place UNIQUE",
    )
    .await;
    run(&session, "CREATE user:ada SET mail = 'a@x.io'; CREATE seat:1 SET row = 'A', place = 7").await;
    for text in [
        "CREATE user:bob SET mail = 'a@x.io'",
        "INSERT INTO user { id: 'bob', mail: 'a@x.io' }",
        "UPSERT user:bob SET mail = 'a@x.io'",
        "CREATE user:c SET mail = 'c@x.io'; UPDATE user:c SET mail = 'a@x.io'",
    ] {
        let error = checked(refused(&session, text).await);
        let Some(Violation::Unique { index, value: Some(value), record: Some(record), .. }) = error.violation() else {
            panic!("{text}: {error:?}")
        };
        assert_eq!((index, value, record), ("by_mail", "'a@x.io'", "user:ada"), "{text}");
    }
    let error = checked(refused(&session, "CREATE seat:2 SET row = 'A', place = 7").await);
    let Some(Violation::Unique { index, value: Some(value), record: Some(record), .. }) = error.violation() else {
        panic!("{error:?}")
    };
    assert_eq!((index, value, record), ("pair", "['A', 7]", "seat:1"));
}

#[surreal_session_embedded::test]
async fn unique_violation_is_parsed_for_every_type_of_value_and_key(session: Session) {
    run(&session, "DEFINE INDEX i ON t FIELDS v UNIQUE").await;
    let values = r#"1, 1.5, 1.5dec, 'it\'s', true, d'2024-01-01T00:00:00.5Z', 1h30m, b"00FF", a:`b c`, (1, 2),
        u'018f0000-0000-7000-8000-000000000000', { type: 'LineString', coordinates: [[1, 2], [3, 4]] }, 1..5, 1>..=5,
        { a: [1, ['x']] }, { a: { `b c`: 1 } }, { a: {1, 2} }, { a: [1>..5, '`'] }"#;
    let values: Vec<Value> =
        session.query(Surql::dynamic(format!("RETURN [{values}]"))).await.unwrap().take(0).unwrap();
    let keys: [RecordId; 10] = [
        ("t", 1).into(),
        ("t", -1).into(),
        ("t", "plain").into(),
        ("t", "1").into(),
        ("t", "").into(),
        ("t", "a` b").into(),
        ("t", Uuid::new_v7()).into(),
        ("t", vec![Value::from("x]"), Value::from(1_i64)]).into(),
        ("t", vec![Value::Null, Value::from("it's \"`\\")]).into(),
        "t:{ a: 'b`', \"c d\": [1] }".parse().unwrap(),
    ];
    for (number, value) in values.iter().enumerate() {
        let key = &keys[number % keys.len()];
        let create = |id: RecordId| session.query("CREATE $id SET v = $v").bind("id", id).bind("v", value);
        drop(create(key.clone()).await.unwrap().check().unwrap());
        let error = checked(create(("t", "other").into()).await.unwrap().check().unwrap_err());
        let Some(Violation::Unique { value: Some(text), record: Some(record), .. }) = error.violation() else {
            panic!("{error:?}")
        };
        assert_eq!(record.parse::<RecordId>().unwrap(), *key, "{error}");
        let told: Value = session.query(Surql::dynamic(format!("RETURN {text}"))).await.unwrap().take(0).unwrap();
        assert_eq!(told, *value, "{error}");
        run(&session, "DELETE t").await;
    }
}

#[surreal_session_embedded::test]
async fn assert_violation_names_field_record_value_and_condition(session: Session) {
    run(
        &session,
        "DEFINE FIELD age ON user TYPE option<int> ASSERT $value >= 18 AND $value < 130;
         DEFINE FIELD address ON user TYPE option<object>;
         DEFINE FIELD address.zip ON user TYPE option<string> ASSERT string::len($value) = 5;
         DEFINE FIELD tags ON user TYPE option<array<string>>;
         DEFINE FIELD OVERWRITE tags.* ON user TYPE string ASSERT $value != 'bad'",
    )
    .await;
    for (text, expected) in [
        ("CREATE user:a SET age = 17", ("age", "user:a", "17", "$value >= 18 AND $value < 130")),
        ("CREATE user:a SET address.zip = '1'", ("address.zip", "user:a", "'1'", "string::len($value) = 5")),
        ("CREATE user:a SET tags = ['ok', 'bad']", ("tags.*", "user:a", "'bad'", "$value != 'bad'")),
    ] {
        let error = checked(refused(&session, text).await);
        let Some(Violation::Assert { field, record, value, condition, .. }) = error.violation() else {
            panic!("{text}: {error:?}")
        };
        assert_eq!((field, record, value, condition), expected, "{text}");
    }
}

#[surreal_session_embedded::test]
async fn type_violation_names_field_record_and_both_types(session: Session) {
    run(
        &session,
        "DEFINE FIELD age ON user TYPE option<int>; DEFINE FIELD boss ON user TYPE option<record<user | `odd \\``>>;
         DEFINE FIELD tags ON list TYPE array<string>; DEFINE FIELD pair ON pair TYPE array<int, 2>;
         DEFINE FIELD size ON user TYPE option<'small' | { width: int }>;
         DEFINE FIELD id ON numbered TYPE int; DEFINE FIELD twice ON user COMPUTED age + 'x' TYPE option<int>",
    )
    .await;
    for (text, expected) in [
        ("CREATE user:a SET age = 'old'", ("age", "user:a", "none | int", "'old'")),
        (
            "CREATE user:a SET boss = other:`x \\``",
            ("boss", "user:a", "none | record<user | `odd \\``>", "other:`x \\``"),
        ),
        ("CREATE user:a SET boss = 'x'", ("boss", "user:a", "none | record<user | `odd \\``>", "'x'")),
        ("CREATE list:a SET tags = ['a', 1]", ("tags", "list:a", "string", "1")),
        ("CREATE pair:a SET pair = [1, 2, 3]", ("pair", "pair:a", "array<int,2>", "a collection of length `3`")),
        ("CREATE user:a SET size = 'large'", ("size", "user:a", "none | 'small' | { width: int }", "'large'")),
        ("CREATE numbered:x", ("id", "numbered:x", "int", "'x'")),
    ] {
        let error = checked(refused(&session, text).await);
        let Some(Violation::Type { field, record, expected: kind, found, .. }) = error.violation() else {
            panic!("{text}: {error:?}")
        };
        assert_eq!((field, record, kind, found), expected, "{text}");
    }
}

#[surreal_session_embedded::test]
async fn read_only_unknown_field_reference_and_table_type_are_named(session: Session) {
    run(
        &session,
        "DEFINE TABLE user SCHEMAFULL TYPE NORMAL; DEFINE FIELD born ON user READONLY TYPE option<int>;
         DEFINE FIELD address ON user TYPE option<object>; DEFINE FIELD address.zip ON user TYPE option<string>;
         DEFINE TABLE wrote TYPE RELATION IN user OUT post; DEFINE TABLE post;
         DEFINE FIELD author ON post TYPE option<record<user>> REFERENCE ON DELETE REJECT;
         CREATE user:a SET born = 1; CREATE post:1 SET author = user:a",
    )
    .await;
    for (text, expected) in [
        ("UPDATE user:a SET born = 2", r#"ReadOnly { field: "born", record: "user:a" }"#),
        ("UPDATE user:a REPLACE {}", r#"ReadOnly { field: "born", record: "user:a" }"#),
        ("CREATE user:b SET nick = 1", r#"UnknownField { field: "nick", table: "user" }"#),
        (
            "CREATE user:b SET address = { zip: '1', city: 'x' }",
            r#"UnknownField { field: "address.city", table: "user" }"#,
        ),
        ("DELETE user:a", r#"Reference { record: "user:a", referrer: Some("post:1") }"#),
        ("CREATE wrote:1", r#"TableType { record: "wrote:1", expected: "RELATION IN user OUT post" }"#),
        ("INSERT INTO wrote { id: 1 }", r#"TableType { record: "wrote:1", expected: "RELATION IN user OUT post" }"#),
        ("RELATE post:1->user:e->post:1", r#"TableType { record: "user:e", expected: "NORMAL" }"#),
    ] {
        let error = checked(refused(&session, text).await);
        assert_eq!(format!("{:?}", error.violation().unwrap()), expected, "{text}");
    }
}

/// Text that imitates the words around it.
const HOSTILE: [&str; 12] = [
    "` already contains 1, with record `t:1",
    "', with record `t:1`",
    ", with record `",
    " for field `f`, with record `t:1`, but field must conform to: true",
    "`, but field must conform to: ",
    "', but no such field exists for table 'x",
    "` of `t:1`: Expected `int` but found `1`",
    "` with an ON DELETE REJECT clause",
    "it's \"all\" `quotes`",
    "back\\slash\\",
    "line\nbreak\ttab",
    "]}>)/|日本⟨⟩",
];

#[surreal_session_embedded::test]
async fn violations_are_parsed_beside_hostile_values_and_keys(session: Session) {
    run(
        &session,
        "DEFINE INDEX i ON t FIELDS v UNIQUE; DEFINE FIELD a ON t TYPE option<string> ASSERT $value = NONE;
         DEFINE FIELD n ON t TYPE option<int>; DEFINE FIELD r ON t TYPE option<int> READONLY",
    )
    .await;
    for text in HOSTILE {
        let id = RecordId::new("t", text);
        let with = |statement: &'static str| session.query(statement).bind("id", &id).bind("v", text);
        drop(with("CREATE $id SET v = $v, r = 1").await.unwrap().check().unwrap());
        let error = checked(with("CREATE t:other SET v = $v").await.unwrap().check().unwrap_err());
        let Some(Violation::Unique { index: "i", value: Some(value), record: Some(record), .. }) = error.violation()
        else {
            panic!("{error:?}")
        };
        assert_eq!(record.parse::<RecordId>().unwrap(), id);
        let told: String = session.query(Surql::dynamic(format!("RETURN {value}"))).await.unwrap().take(0).unwrap();
        assert_eq!(told, text);

        let error = checked(with("UPDATE $id SET a = $v").await.unwrap().check().unwrap_err());
        let Some(Violation::Assert { field: "a", value: again, record, condition: "$value = NONE", .. }) =
            error.violation()
        else {
            panic!("{error:?}")
        };
        assert_eq!((record.parse::<RecordId>().unwrap(), again), (id.clone(), value));

        let error = checked(with("UPDATE $id SET n = $v").await.unwrap().check().unwrap_err());
        let Some(Violation::Type { field: "n", record, expected: "none | int", found, .. }) = error.violation() else {
            panic!("{error:?}")
        };
        assert_eq!((record.parse::<RecordId>().unwrap(), found), (id.clone(), value));

        let error = checked(with("UPDATE $id SET n = $id").await.unwrap().check().unwrap_err());
        let Some(Violation::Type { record, found, .. }) = error.violation() else { panic!("{error:?}") };
        assert_eq!((record.parse::<RecordId>().unwrap(), found), (id.clone(), record));

        let error = checked(with("UPDATE $id SET r = 2").await.unwrap().check().unwrap_err());
        let Some(Violation::ReadOnly { field: "r", record, .. }) = error.violation() else { panic!("{error:?}") };
        assert_eq!(record.parse::<RecordId>().unwrap(), id);
        run(&session, "DELETE t").await;
    }
}

#[surreal_session_embedded::test]
async fn violations_are_parsed_beside_hostile_names(session: Session) {
    for text in HOSTILE {
        let name = name(text);
        let id = RecordId::new(text, 1);
        run(
            &session,
            Surql::dynamic(format!(
                "DEFINE TABLE {name} SCHEMAFULL; DEFINE FIELD {name} ON {name} TYPE option<int>;
                 DEFINE FIELD deep ON {name} TYPE option<object>;
                 DEFINE FIELD deep.{name} ON {name} TYPE option<int> READONLY;
                 DEFINE FIELD mail ON {name} TYPE option<int>; DEFINE INDEX {name} ON {name} FIELDS mail UNIQUE;
                 CREATE {name}:1 SET mail = 1, deep = {{ {name}: 1 }}"
            )),
        )
        .await;
        let error = checked(refused(&session, Surql::dynamic(format!("CREATE {name}:2 SET mail = 1"))).await);
        let Some(Violation::Unique { index, value: Some("1"), record: Some(record), .. }) = error.violation() else {
            panic!("{error:?}")
        };
        assert_eq!((index, record.parse().unwrap()), (text, id.clone()), "{error}");
        let error = checked(refused(&session, Surql::dynamic(format!("UPDATE {name}:1 SET {name} = 'x'"))).await);
        let Some(Violation::Type { field, record, .. }) = error.violation() else { panic!("{error:?}") };
        assert_eq!((unescaped(field), record.parse().unwrap()), (text.to_owned(), id.clone()));
        let error = checked(refused(&session, Surql::dynamic(format!("UPDATE {name}:1 SET deep.{name} = 2"))).await);
        let Some(Violation::ReadOnly { field, .. }) = error.violation() else { panic!("{error:?}") };
        assert_eq!(unescaped(field.strip_prefix("deep.").unwrap()), text);
        let error = checked(
            refused(&session, Surql::dynamic(format!("UPDATE {name}:1 SET {} = 2", self::name(&format!("x{text}")))))
                .await,
        );
        let Some(Violation::UnknownField { field, table, .. }) = error.violation() else { panic!("{error:?}") };
        assert_eq!((unescaped(field), table), (format!("x{text}"), text));
    }
}

#[surreal_session_embedded::test]
async fn ambiguous_index_name_is_not_guessed(session: Session) {
    let name = name("i` already contains 1, with record `t:");
    run(&session, Surql::dynamic(format!("DEFINE INDEX {name} ON t FIELDS v UNIQUE; CREATE t:1 SET v = 1"))).await;
    let error = refused(&session, "CREATE t:2 SET v = 1").await;
    assert_eq!((error.violation(), error.kind()), (None, ErrorKind::Internal), "{error:?}");
    assert!(!error.is_unique_violation());
}

#[derive(Debug, Serialize, Deserialize, Record)]
struct Account {
    id: Id<Account>,
    mail: String,
}

#[async_test]
async fn typed_create_and_text_transaction_report_the_same_violation() {
    let (db, session) = place().await;
    run(&session, "DEFINE INDEX by_mail ON account FIELDS mail UNIQUE; CREATE account:ada SET mail = 'a@x.io'").await;
    let typed = session.create::<Account>().content(NewAccount { mail: "a@x.io".into() }).await.unwrap_err();
    let block = "BEGIN; CREATE account:b SET mail = 'b@x.io'; CREATE account:c SET mail = 'a@x.io'; RETURN 1; COMMIT";
    let response = session.query(block).await.unwrap();
    let taken = response.take::<Value>(3).unwrap_err();
    let checked_block = response.check().unwrap_err();
    assert_eq!((taken.statement(), checked_block.statement(), typed.statement()), (Some(2), Some(2), Some(0)));
    for error in [typed, taken, checked_block] {
        let error = checked(error);
        let Some(Violation::Unique { index: "by_mail", value: Some("'a@x.io'"), record: Some(record), .. }) =
            error.violation()
        else {
            panic!("{error:?}")
        };
        assert_eq!(record.parse::<Id<Account>>().unwrap(), Id::new("ada"));
    }
    assert_eq!(session.select::<Account>().await.unwrap().len(), 1);
    drop(db);
}

#[surreal_session_embedded::test]
async fn violation_in_a_cascading_delete_is_reported(session: Session) {
    run(
        &session,
        "DEFINE FIELD a ON b TYPE option<record<a>> REFERENCE ON DELETE CASCADE;
         DEFINE FIELD b ON c TYPE option<record<b>> REFERENCE ON DELETE REJECT;
         DEFINE FIELD a ON d TYPE record<a> REFERENCE ON DELETE UNSET;
         CREATE a:`1\\``, a:2; CREATE b:1 SET a = a:`1\\``; CREATE c:1 SET b = b:1; CREATE d:1 SET a = a:2",
    )
    .await;
    let error = checked(refused(&session, "DELETE a:`1\\``").await);
    assert!(error.to_string().contains("updating references for `a:`1\\```"), "{error}");
    let Some(Violation::Reference { record: "b:1", referrer: Some("c:1"), .. }) = error.violation() else {
        panic!("{error:?}")
    };
    let error = checked(refused(&session, "DELETE a:2").await);
    let Some(Violation::Type { field: "a", record: "d:1", expected: "record<a>", found: "NONE", .. }) =
        error.violation()
    else {
        panic!("{error:?}")
    };
}

#[surreal_session_embedded::test]
async fn violation_in_an_event_is_reported(session: Session) {
    run(
        &session,
        "DEFINE INDEX i ON log FIELDS about UNIQUE; DEFINE EVENT `a\\`b` ON t THEN { CREATE log SET about = 1 };
         DEFINE EVENT outer ON u THEN { CREATE t }; CREATE log:1 SET about = 1",
    )
    .await;
    for text in ["CREATE t", "CREATE u"] {
        let error = checked(refused(&session, text).await);
        let Some(Violation::Unique { index: "i", value: Some("1"), record: Some("log:1"), .. }) = error.violation()
        else {
            panic!("{error:?}")
        };
    }
}

#[surreal_session_embedded::test]
async fn thrown_texts_and_other_errors_are_not_violations(session: Session) {
    run(
        &session,
        "DEFINE FUNCTION fn::int($a: int) -> string { RETURN $a };
         DEFINE EVENT e ON t THEN { THROW 'Database index `i` already contains 1, with record `t:1`' };
         DEFINE FIELD a ON b TYPE option<record<a>> REFERENCE ON DELETE CASCADE; CREATE a:1; CREATE b:1 SET a = a:1;
         DEFINE EVENT e ON b THEN { THROW 'Found field \\'f\\', but no such field exists for table \\'t\\'' };
         DEFINE TABLE v AS SELECT * FROM t; CREATE u:1; DEFINE INDEX i ON w FIELDS x UNIQUE",
    )
    .await;
    for (text, kind) in [
        ("THROW 'Database index `i` already contains 1, with record `t:1`'", ErrorKind::Thrown),
        ("CREATE t:1", ErrorKind::Thrown),
        ("DELETE a:1", ErrorKind::Thrown),
        ("CREATE u:1", ErrorKind::AlreadyExists),
        ("fn::int('x')", ErrorKind::Internal),
        ("fn::int(1)", ErrorKind::Internal),
        ("LET $x: int = 'x'", ErrorKind::Internal),
        ("CREATE u:2 CONTENT { id: 3 }", ErrorKind::Internal),
        ("CREATE v:1", ErrorKind::Internal),
        ("SELECT * FROM u LIMIT 'x'", ErrorKind::Internal),
        ("DEFINE INDEX i ON w FIELDS x UNIQUE", ErrorKind::AlreadyExists),
        ("RETURN 1 + 'x'", ErrorKind::Validation),
    ] {
        if text == "CREATE v:1" && is_version_in(.."3.2").await {
            // Servers before 3.2 write to views.
            continue;
        }
        let error = refused(&session, text).await;
        assert_eq!((error.violation(), error.kind()), (None, kind), "{text}: {error:?}");
        assert!(!error.is_unique_violation(), "{error:?}");
    }
}

#[surreal_session_embedded::test]
async fn missing_and_existing_definitions_have_their_kind(session: Session) {
    if is_skipped("it::violations::missing_and_existing_definitions_have_their_kind").await {
        return;
    }
    session.execute("DEFINE TABLE t; CREATE t:1").await.unwrap();
    for (definition, name, on) in [
        ("FIELD", "f", "ON t"),
        ("INDEX", "i", "ON t"),
        ("EVENT", "e", "ON t"),
        ("PARAM", "$p", ""),
        ("FUNCTION", "fn::f", ""),
        ("ANALYZER", "a", ""),
        ("SEQUENCE", "s", ""),
        ("API", "'/a'", ""),
        ("CONFIG", "GRAPHQL", ""),
        ("USER", "u", "ON NAMESPACE"),
        ("USER", "u", "ON DATABASE"),
        ("ACCESS", "c", "ON NAMESPACE"),
        ("ACCESS", "c", "ON DATABASE"),
    ] {
        let what = match definition {
            "INDEX" => "FIELDS n",
            "EVENT" => "THEN {}",
            "PARAM" => "VALUE 1",
            "FUNCTION" => "() {}",
            "ANALYZER" => "TOKENIZERS blank",
            "API" => "FOR any THEN { { status: 200 } }",
            "CONFIG" => "AUTO",
            "USER" => "PASSWORD 'x'",
            "ACCESS" => "TYPE JWT ALGORITHM HS512 KEY 'x'",
            _ => "",
        };
        let remove = format!("REMOVE {definition} {name} {on}");
        let error = refused(&session, Surql::dynamic(&remove)).await;
        assert!(error.is_not_found() && error.violation().is_none(), "{remove}: {error:?}");
        let define = format!("DEFINE {definition} {name} {on} {what}");
        session.execute(Surql::dynamic(&define)).await.unwrap();
        let error = refused(&session, Surql::dynamic(&define)).await;
        assert!(error.is_already_exists() && error.violation().is_none(), "{define}: {error:?}");
    }
    for text in ["REMOVE TABLE no", "RETURN fn::no()", "INFO FOR USER no", "ACCESS no ON DATABASE SHOW ALL"] {
        assert!(refused(&session, text).await.is_not_found(), "{text}");
    }
    assert!(refused(&session, "CREATE t:1").await.is_already_exists());
}
