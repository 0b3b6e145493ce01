//! Bearer keys: credentials made by ACCESS … GRANT.

use serde::Deserialize;
use surreal_session::prelude::*;
use surreal_session::query::IntoSurql;
use surreal_session::{Error, ErrorKind};
use surreal_session_tests::{async_test, is_version_in, login, place, unique};

/// The part of the result of ACCESS … GRANT that a program needs.
#[derive(Debug, Deserialize)]
struct Grant {
    id: String,
    grant: Key,
}

#[derive(Debug, Deserialize)]
struct Key {
    key: String,
}

/// Runs `schema`, and the statement that grants a key.
async fn granted(session: &Session, schema: impl IntoSurql, grant: impl IntoSurql) -> Grant {
    session.execute(schema).await.unwrap();
    session.query(grant).await.unwrap().take(0).unwrap()
}

/// The namespace, the database and the name of a session's identity.
async fn whoami(session: &Session) -> (Option<String>, Option<String>, Option<String>) {
    session.query("RETURN [session::ns(), session::db(), $token.ID]").await.unwrap().take(0).unwrap()
}

fn expected(ns: &str, db: Option<&str>, id: &str) -> (Option<String>, Option<String>, Option<String>) {
    (Some(ns.to_owned()), db.map(str::to_owned), Some(id.to_owned()))
}

/// The user that the server names when it refuses a statement.
async fn actor(session: &Session, statement: &'static str) -> String {
    let refused = session.query(statement).await.unwrap().check().unwrap_err();
    refused.server().unwrap().details().unwrap().inner().unwrap().field("actor").unwrap().to_owned()
}

#[async_test]
async fn key_of_a_user_signs_in_on_each_level() {
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    let on_db = granted(
        &session,
        "DEFINE USER dora ON DATABASE PASSWORD 'd' ROLES EDITOR; DEFINE ACCESS api ON DATABASE TYPE BEARER FOR USER",
        "ACCESS api ON DATABASE GRANT FOR USER dora",
    )
    .await;
    let dora = db.new_session().signin(Bearer::new("api", on_db.grant.key).on_database(&ns, "test")).await.unwrap();
    assert_eq!((dora.namespace().as_ref(), dora.database().as_deref()), (Some(&ns), Some("test")));
    dora.execute("CREATE thing").await.unwrap();
    dora.query("DEFINE USER x ON DATABASE PASSWORD 'x'").await.unwrap().check().unwrap_err();

    let on_ns = granted(
        &session,
        "DEFINE USER nina ON NAMESPACE PASSWORD 'n' ROLES VIEWER; DEFINE ACCESS api ON NAMESPACE TYPE BEARER FOR USER",
        "ACCESS api ON NAMESPACE GRANT FOR USER nina",
    )
    .await;
    let nina = db.new_session().await.unwrap();
    nina.signin(Bearer::new("api", on_ns.grant.key).on_namespace(&ns)).await.unwrap();
    assert_eq!((nina.namespace().as_ref(), nina.database()), (Some(&ns), None));
    for nina in [&nina, &nina.fork().await.unwrap()] {
        assert!(actor(nina, "DEFINE DATABASE x").await.contains("nina(Viewer)"));
    }

    let name = unique("robot");
    let on_root = granted(
        &session,
        Surql::dynamic(format!(
            "DEFINE USER {name} ON ROOT PASSWORD 'r'; DEFINE ACCESS {name} ON ROOT TYPE BEARER FOR USER"
        )),
        Surql::dynamic(format!("ACCESS {name} ON ROOT GRANT FOR USER {name}")),
    )
    .await;
    db.signin(Bearer::new(&name, on_root.grant.key)).await.unwrap();
    for robot in [&db, &db.fork().await.unwrap()] {
        assert!(actor(robot, "DEFINE NAMESPACE x").await.contains(&format!("{name}(Viewer)")));
    }
    session.execute(Surql::dynamic(format!("REMOVE ACCESS {name} ON ROOT; REMOVE USER {name} ON ROOT"))).await.unwrap();
}

#[async_test]
async fn key_of_a_record_signs_in_that_record_user() {
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    let schema = "DEFINE TABLE robot PERMISSIONS FOR select WHERE id = $auth.id; CREATE robot:r2, robot:c3;
        DEFINE ACCESS robots ON DATABASE TYPE BEARER FOR RECORD";
    let grant = granted(&session, schema, "ACCESS robots GRANT FOR RECORD robot:r2").await;
    let robot = db.new_session().await.unwrap();
    let tokens = robot.signin(Bearer::new("robots", grant.grant.key).on_database(&ns, "test")).await.unwrap();
    let seen: Vec<RecordId> = robot.query("SELECT VALUE id FROM robot").await.unwrap().take(0).unwrap();
    assert_eq!(seen, [RecordId::new("robot", "r2")]);
    let twin = robot.fork().await.unwrap();
    assert_eq!(whoami(&twin).await, expected(&ns, Some("test"), "robot:r2"));
    assert_eq!(whoami(&twin.fork().await.unwrap()).await, whoami(&robot).await);
    if is_version_in("4.0"..).await {
        return twin.authenticate(&tokens).await.unwrap();
    }
    let refused = twin.authenticate(&tokens).await.unwrap_err();
    assert!(refused.is_auth() && refused.to_string().contains("sign in with the key"), "{refused:?}");
    assert!(!format!("{tokens:?}").contains(tokens.access.as_str()));
}

#[async_test]
async fn refused_keys_name_the_reason_and_no_secret() {
    #[track_caller]
    fn says(error: Result<Tokens, Error>, why: &str, secret: &str) {
        let error = error.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Auth, Delivery::Answered), "{error:?}");
        assert!(error.to_string().starts_with("cannot sign in with a key of access method `"), "{error}");
        assert!(error.to_string().contains(why), "{error}");
        assert!(!format!("{error:?}").contains(secret), "{error:?}");
    }
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    let schema = "DEFINE USER dora ON DATABASE PASSWORD 'd'; DEFINE ACCESS api ON DATABASE TYPE BEARER FOR USER;
        DEFINE ACCESS other ON DATABASE TYPE BEARER FOR USER;
        DEFINE TABLE member; DEFINE ACCESS account ON DATABASE TYPE RECORD SIGNIN (SELECT * FROM member)";
    let Grant { id, grant: Key { key } } = granted(&session, schema, "ACCESS api GRANT FOR USER dora").await;
    let user = db.new_session().await.unwrap();
    let on = |access: &str, key: &str| Bearer::new(access, key).on_database(&ns, "test");
    user.signin(on("api", &key)).await.unwrap();
    let (most, last) = key.split_at(key.len() - 1);
    let wrong = most.to_owned() + if last == "x" { "y" } else { "x" };
    says(user.signin(on("api", "hunter2")).await, "not one that ACCESS … GRANT gives", "hunter2");
    says(user.signin(on("api", &wrong)).await, "was revoked or has expired", &wrong);
    says(user.signin(on("other", &key)).await, "is of another access method", &key);
    says(user.signin(on("account", &key)).await, "nobody", &key);
    says(user.signin(on("unknown", &key)).await, "does not exist", &key);
    says(user.signin(Bearer::new("api", &key)).await, "of the whole server: The access method does not exist", &key);
    says(user.signin(Bearer::new("api", &key).on_namespace(&ns)).await, &format!("of namespace `{ns}`"), &key);
    assert_eq!(whoami(&user).await, expected(&ns, Some("test"), "dora"));
    session.execute(Surql::dynamic(format!("ACCESS api REVOKE GRANT {id}"))).await.unwrap();
    says(user.signin(on("api", &key)).await, "was revoked", &key);
    // The fork signs in with the key, so that a revoked key opens no further session.
    let refused = user.fork().await.unwrap_err();
    assert!(refused.is_auth() && !format!("{refused:?} {user:?}").contains(&key), "{refused:?}");
    let login = login().await;
    user.signin(Root::new(login.username, login.password)).await.unwrap();
    user.fork().await.unwrap();
}
