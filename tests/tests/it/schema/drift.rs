//! Each difference between a model and a database is found, and removed.

use surreal_session::prelude::*;
use surreal_session::schema::Part;
use surreal_session_tests::async_test;

use super::{Account, English, Likes, Person, Thing, empty};

type All = (English, (Person, Thing, Likes), Account);

/// A statement, and the difference that it makes: table, part, aspect, in the models, in the database.
type Drift = (&'static str, &'static str, Part, &'static str, &'static str, &'static str);

fn drifts() -> Vec<Drift> {
    let field = |path: &str| Part::Field(path.to_owned());
    vec![
        ("ALTER TABLE person SCHEMALESS", "person", Part::Table, "mode", "SCHEMAFULL", "SCHEMALESS"),
        ("ALTER TABLE person COMMENT 'b'", "person", Part::Table, "comment", "it's a `table`", "b"),
        ("ALTER TABLE person DROP COMMENT", "person", Part::Table, "comment", "it's a `table`", "-"),
        ("ALTER TABLE person DROP CHANGEFEED", "person", Part::Table, "changefeed", "3d INCLUDE ORIGINAL", "-"),
        ("ALTER TABLE person PERMISSIONS FULL", "person", Part::Table, "permissions", "", ""),
        ("ALTER TABLE thing TYPE ANY", "thing", Part::Table, "type", "NORMAL", "ANY"),
        (
            "DEFINE TABLE OVERWRITE likes TYPE RELATION IN person OUT thing",
            "likes",
            Part::Table,
            "type",
            "RELATION IN person OUT person | thing ENFORCED",
            "RELATION IN person OUT thing",
        ),
        ("ALTER FIELD age ON person TYPE string | int", "person", field("age"), "kind", "int", "string | int"),
        ("ALTER FIELD age ON person DROP TYPE", "person", field("age"), "kind", "int", "-"),
        ("ALTER FIELD age ON person DROP DEFAULT", "person", field("age"), "default", "18", "-"),
        ("ALTER FIELD age ON person DEFAULT 19", "person", field("age"), "default", "18", "19"),
        ("ALTER FIELD always ON person DEFAULT 'x'", "person", field("always"), "default_always", "true", "-"),
        ("ALTER FIELD age ON person DEFAULT ALWAYS 18", "person", field("age"), "default_always", "-", "true"),
        ("ALTER FIELD name ON person DROP ASSERT", "person", field("name"), "assert", "string::len($value) > 0", "-"),
        ("ALTER FIELD age ON person ASSERT $value > 3", "person", field("age"), "assert", "-", "$value > 3"),
        ("ALTER FIELD email ON person DROP VALUE", "person", field("email"), "value", "string::lowercase($value)", "-"),
        ("ALTER FIELD age ON person VALUE 7", "person", field("age"), "value", "-", "7"),
        ("ALTER FIELD at ON person DROP READONLY", "person", field("at"), "readonly", "true", "-"),
        ("ALTER FIELD age ON person READONLY", "person", field("age"), "readonly", "-", "true"),
        ("DEFINE FIELD OVERWRITE next ON person TYPE int", "person", field("next"), "computed", "age + 1", "-"),
        (
            "DEFINE FIELD OVERWRITE next ON person TYPE int COMPUTED age + 2",
            "person",
            field("next"),
            "computed",
            "age + 1",
            "age + 2",
        ),
        (
            "ALTER FIELD boss ON person REFERENCE ON DELETE CASCADE",
            "person",
            field("boss"),
            "reference",
            "ON DELETE UNSET",
            "ON DELETE CASCADE",
        ),
        ("ALTER FIELD boss ON person DROP REFERENCE", "person", field("boss"), "reference", "ON DELETE UNSET", "-"),
        ("ALTER FIELD meta ON person DROP FLEXIBLE", "person", field("meta"), "flexible", "true", "-"),
        ("ALTER FIELD address ON person FLEXIBLE", "person", field("address"), "flexible", "-", "true"),
        ("ALTER FIELD published ON person PERMISSIONS FULL", "person", field("published"), "permissions", "", ""),
        ("ALTER FIELD name ON person COMMENT 'b'", "person", field("name"), "comment", "not empty", "b"),
        ("ALTER FIELD address.city ON person TYPE int", "person", field("address.city"), "kind", "string", "int"),
        ("REMOVE FIELD IF EXISTS address.city ON person", "person", field("address.city"), "definition", "string", "-"),
        ("REMOVE FIELD IF EXISTS kind ON thing", "thing", field("kind"), "definition", "string", "-"),
        (
            "REMOVE INDEX email_unique ON person",
            "person",
            Part::Index("email_unique".into()),
            "definition",
            "email UNIQUE",
            "-",
        ),
        (
            "DEFINE INDEX OVERWRITE email_unique ON person FIELDS email",
            "person",
            Part::Index("email_unique".into()),
            "definition",
            "email UNIQUE",
            "email",
        ),
        (
            "DEFINE INDEX OVERWRITE `by place` ON person FIELDS address.city, name COMMENT 'where'",
            "person",
            Part::Index("by place".into()),
            "definition",
            "name, address.city COMMENT 'where'",
            "address.city, name COMMENT 'where'",
        ),
        (
            "DEFINE INDEX OVERWRITE embedding_hnsw ON person FIELDS embedding HNSW DIMENSION 4 DIST EUCLIDEAN M 8",
            "person",
            Part::Index("embedding_hnsw".into()),
            "definition",
            "",
            "",
        ),
        (
            "DEFINE INDEX OVERWRITE bio_fulltext ON person FIELDS bio FULLTEXT ANALYZER english BM25",
            "person",
            Part::Index("bio_fulltext".into()),
            "definition",
            "",
            "",
        ),
    ]
}

#[async_test(not_send)]
async fn each_difference_is_found_and_removed() {
    let session = empty().await;
    session.define::<All>().await.unwrap();
    for (statement, table, part, aspect, model, database) in drifts() {
        session.execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        let report = session.verify::<All>().await.unwrap();
        let differences: Vec<_> = report.iter().collect();
        assert_eq!(differences.len(), 1, "{statement}: {report}");
        let difference = differences[0];
        assert_eq!(difference.table.as_deref(), Some(table), "{statement}");
        assert_eq!((&difference.part, difference.aspect), (&part, aspect), "{statement}");
        assert!(difference.is_certain, "{statement}");
        let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        if !(model.is_empty() && database.is_empty()) {
            assert_eq!([shown(&difference.model), shown(&difference.database)], [model, database], "{statement}");
        }
        let mismatch = report.clone().check().unwrap_err();
        assert!(mismatch.to_string().contains(aspect) && report.to_string().contains("IN THE DATABASE"));
        let defined = session.define::<All>().await.unwrap();
        assert_eq!((defined.changes.len(), defined.is_complete()), (1, true), "{statement}: {defined}");
        let report = session.verify::<All>().await.unwrap();
        assert!(report.is_clean(), "{statement}: {report}");
    }
}

#[async_test(not_send)]
async fn what_the_model_does_not_say_stays() {
    let session = empty().await;
    session.define::<All>().await.unwrap();
    for statement in [
        "ALTER TABLE thing PERMISSIONS FULL COMMENT 'hands off' CHANGEFEED 1d",
        "ALTER TABLE thing SCHEMAFULL",
        "ALTER FIELD more ON thing FLEXIBLE",
        "ALTER FIELD kind ON thing PERMISSIONS FOR select NONE COMMENT 'mine'",
        "DEFINE TABLE elsewhere SCHEMAFULL; DEFINE FIELD a ON elsewhere TYPE int",
        "DEFINE FIELD OVERWRITE next ON person TYPE string COMPUTED 'x' PERMISSIONS FOR select NONE COMMENT 'kept'",
    ] {
        session.execute(statement).await.unwrap();
    }
    let before: Value = session.query("INFO FOR TABLE thing STRUCTURE").await.unwrap().take(0).unwrap();
    let report = session.define::<All>().await.unwrap();
    assert!(report.is_complete(), "{report}");
    let after: Value = session.query("INFO FOR TABLE thing STRUCTURE").await.unwrap().take(0).unwrap();
    assert_eq!(before, after);
    let next = "RETURN (INFO FOR TABLE person).fields.next";
    let next: String = session.query(next).await.unwrap().take(0).unwrap();
    assert!(next.contains("COMPUTED age + 1") && next.contains("'kept'") && next.contains("FOR select NONE"), "{next}");
}

#[async_test(not_send)]
async fn what_the_model_does_not_have_is_left_to_the_program() {
    let session = empty().await;
    session.define::<All>().await.unwrap();
    let extra = "DEFINE FIELD extra ON thing TYPE option<object>; DEFINE FIELD extra.a ON thing TYPE int; \
                 DEFINE INDEX another ON thing FIELDS kind, extra; CREATE thing:1 SET kind = 'a', more = {}, extra = { a: 1 }; \
                 CREATE thing:2 SET kind = 'b', more = {}";
    session.execute(extra).await.unwrap();
    let report = session.define::<All>().await.unwrap();
    assert!(report.changes.is_empty() && !report.is_complete());
    let pending: Vec<_> = report.pending.iter().map(|pending| (pending.statement.as_str(), pending.rows)).collect();
    assert_eq!(
        pending,
        [
            ("REMOVE FIELD IF EXISTS extra ON thing", Some(1)),
            ("REMOVE FIELD IF EXISTS extra.a ON thing", Some(1)),
            ("REMOVE INDEX another ON thing", None),
        ]
    );
    let error = report.clone().check().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert!(error.to_string().contains("not done (1 rows: the model does not have the field)"), "{error}");
    let mismatch = session.verify::<All>().await.unwrap().check().map_err(Error::from).unwrap_err();
    assert_eq!(mismatch.kind(), ErrorKind::SchemaMismatch);
    for pending in &report.pending {
        session.execute(Surql::dynamic(&pending.statement)).await.unwrap();
    }
    assert!(session.verify::<All>().await.unwrap().is_clean());
}

#[async_test(not_send)]
async fn changed_analyzers_and_access_methods() {
    let session = empty().await;
    session.define::<All>().await.unwrap();
    session.execute("DEFINE ANALYZER OVERWRITE english TOKENIZERS blank").await.unwrap();
    let report = session.define::<All>().await.unwrap();
    assert!(
        report.is_complete() && report.changes[0].statement.contains("REBUILD INDEX IF EXISTS bio_fulltext"),
        "{report}"
    );
    let access = "DEFINE ACCESS OVERWRITE account ON DATABASE TYPE RECORD SIGNUP (CREATE person) DURATION FOR TOKEN 1h";
    session.execute(access).await.unwrap();
    let report = session.define::<All>().await.unwrap();
    assert!(report.changes.is_empty());
    assert_eq!(report.pending[0].difference.part, Part::Access("account".into()));
    assert!(report.pending[0].reason.contains("tokens become invalid"));
    session.execute(Surql::dynamic(&report.pending[0].statement)).await.unwrap();
    assert!(session.verify::<All>().await.unwrap().is_clean());
}
