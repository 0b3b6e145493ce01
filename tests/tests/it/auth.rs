//! Sign-in, sign-up, tokens and rights of sessions.

use std::collections::BTreeMap;

use surreal_session::prelude::*;
use surreal_session::{Error, ErrorKind};
use surreal_session_embedded::Embedded;
use surreal_session_tests::{async_test, connect, eventually, is_version_in, login, place, unique};

async fn may_rule(session: &Session) -> bool {
    session.query("INFO FOR ROOT").await.unwrap().check().is_ok()
}

fn named(name: &str) -> BTreeMap<&str, &str> {
    BTreeMap::from([("name", name), ("pass", "hunter2")])
}

/// Checks that an error is an authentication error, contains all `words`, and no secret.
#[track_caller]
fn says(error: Error, words: &[&str]) {
    assert!(error.is_auth(), "{error:?}");
    assert_eq!(error.delivery(), Delivery::Answered, "{error:?}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    for word in words {
        assert!(error.to_string().contains(word), "{word}: {error}");
    }
}

#[async_test]
async fn failed_signin_names_the_user_and_changes_nothing() {
    let (_db, session) = place().await;
    let login = login().await;
    let ns = session.namespace().unwrap();
    session.execute("DEFINE USER dora ON DATABASE PASSWORD 'd'").await.unwrap();
    let why = "unknown user or wrong password";
    for (error, who) in [
        (session.signin(Root::new(&login.username, "hunter2")).await, format!("as root user `{}`: ", login.username)),
        (session.signin(Root::new("nobody", "hunter2")).await, "as root user `nobody`: ".to_owned()),
        (session.signin(Namespace::new(&ns, "nobody", "hunter2")).await, format!("`nobody` of namespace `{ns}`: ")),
        (session.signin(Namespace::new("nowhere", "a", "hunter2")).await, "`a` of namespace `nowhere`: ".to_owned()),
        (
            session.signin(Database::new(&ns, "test", "dora", "hunter2")).await,
            format!("database `test` in namespace `{ns}`"),
        ),
        (session.signin(Database::new(&ns, "nowhere", "dora", "hunter2")).await, "database `nowhere`".to_owned()),
    ] {
        says(error.unwrap_err(), &["cannot sign in as ", &who, why]);
    }
    assert!(may_rule(&session).await);
    assert_eq!(session.namespace(), Some(ns));
}

/// Access methods that refuse, each for another reason.
const REFUSING: &str = "
    DEFINE TABLE member PERMISSIONS FOR select FULL;
    DEFINE ACCESS whole ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name)
        SIGNIN (SELECT * FROM member WHERE name = $name);
    DEFINE ACCESS bare ON DATABASE TYPE RECORD;
    DEFINE ACCESS empty ON DATABASE TYPE RECORD SIGNUP NONE SIGNIN NONE;
    DEFINE ACCESS failing ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name + 1) SIGNIN (RETURN 1 + $name);
    DEFINE ACCESS throwing ON DATABASE TYPE RECORD SIGNUP { THROW 'closed' } SIGNIN { THROW 'closed' };
    DEFINE ACCESS banning ON DATABASE TYPE RECORD SIGNUP (CREATE member) AUTHENTICATE { RETURN NONE };
    DEFINE ACCESS jwt ON DATABASE TYPE JWT ALGORITHM HS512 KEY 'k';
    DEFINE ACCESS bearer ON DATABASE TYPE BEARER FOR USER;
";

#[async_test]
async fn failed_record_signin_names_the_method_and_the_remedy() {
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    session.execute(REFUSING).await.unwrap();
    let user = db.new_session().await.unwrap();
    let access = |name: &str| RecordAccess::new(&ns, "test", name, named("ada"));
    user.signup(access("whole")).await.unwrap();
    let me: BTreeMap<String, Value> = user.info().await.unwrap();
    let forward = "SURREAL_INSECURE_FORWARD_ACCESS_ERRORS";
    for (name, signup, signin) in [
        ("unknown", "does not exist", "does not exist"),
        ("bare", "without SIGNUP", "without SIGNIN"),
        ("empty", "nobody for these parameters", "nobody for these parameters"),
        ("failing", forward, forward),
        ("throwing", "closed", "closed"),
        ("banning", "AUTHENTICATE", "without SIGNIN"),
        ("jwt", "another TYPE", "another TYPE"),
        ("bearer", "another TYPE", "sign in with a `Bearer`"),
    ] {
        let method = format!("by access method `{name}` of database `test` in namespace `{ns}`: ");
        says(user.signup(access(name)).await.unwrap_err(), &["cannot sign up ", &method, signup]);
        says(user.signin(access(name)).await.unwrap_err(), &["cannot sign in ", &method, signin]);
        assert_eq!(user.info::<BTreeMap<String, Value>>().await.unwrap(), me, "{name}");
    }
    let nobody = RecordAccess::new(&ns, "test", "whole", named("bob"));
    says(user.signin(nobody).await.unwrap_err(), &["nobody for these parameters"]);
    let thrown = user.signup(access("throwing")).await.unwrap_err();
    assert_eq!(thrown.thrown(), Some("closed"), "{thrown:?}");
    for (ns, database) in [(ns.as_str(), "nowhere"), ("nowhere", "test")] {
        let access = || RecordAccess::new(ns, database, "whole", named("ada"));
        says(user.signin(access()).await.unwrap_err(), &["does not exist", ns, database]);
        says(user.signup(access()).await.unwrap_err(), &["does not exist", ns, database]);
    }
}

#[async_test]
async fn conflict_in_a_signup_clause_is_a_conflict() {
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    let schema = "DEFINE TABLE member; CREATE counter:1 SET n = 0;
        DEFINE ACCESS slow ON DATABASE TYPE RECORD
            SIGNUP { LET $n = counter:1.n; sleep(300ms); UPDATE counter:1 SET n = $n + 1; CREATE member }";
    session.execute(schema).await.unwrap();
    let user = db.new_session().await.unwrap();
    let mut signup = user.signup(RecordAccess::new(&ns, "test", "slow", named("ada")));
    let refused = loop {
        tokio::select! {
            signed_up = &mut signup => break signed_up.unwrap_err(),
            response = session.query("UPDATE counter:1 SET n += 1") => drop(response.unwrap().check().unwrap()),
        }
    };
    assert!(refused.is_conflict() && refused.is_retryable(), "{refused:?}");
    assert!(refused.to_string().contains("concurrent write: try again"), "{refused}");
    user.signup(RecordAccess::new(&ns, "test", "slow", named("ada"))).await.unwrap();
}

#[async_test]
async fn invalid_tokens_are_refused_and_change_nothing() {
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    session.execute("DEFINE USER dora ON DATABASE PASSWORD 'd'").await.unwrap();
    let dora = db.new_session().await.unwrap().signin(Database::new(&ns, "test", "dora", "d")).await.unwrap();
    session.execute("REMOVE USER dora ON DATABASE").await.unwrap();
    let why = "the token is malformed or not valid yet";
    for token in ["", "hunter2", "a.b.c", dora.access.as_str()] {
        says(session.authenticate(token).await.unwrap_err(), &["cannot authenticate with a token: ", why]);
    }
    assert!(may_rule(&session).await);
    assert_eq!(session.namespace(), Some(ns));
}

#[async_test(not_send)]
async fn expired_token_and_session_name_the_remedy() {
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    let schema =
        "DEFINE TABLE member; DEFINE ACCESS short ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name)
        DURATION FOR TOKEN 1s, FOR SESSION 1s";
    session.execute(schema).await.unwrap();
    let user = db.new_session().await.unwrap();
    let tokens = user.signup(RecordAccess::new(&ns, "test", "short", named("ada"))).await.unwrap();
    let other = db.new_session().await.unwrap();
    eventually("the token expires", async || other.authenticate(&tokens).await.is_err()).await;
    says(session.authenticate(&tokens).await.unwrap_err(), &["The token has expired; sign in again, or refresh it"]);
    eventually("the session expires", async || user.query("RETURN 1").await.is_err()).await;
    let advice = "The session has expired; sign in again, or open another session";
    says(user.query("RETURN 1").await.unwrap_err(), &[advice]);
    says(user.set("v", 1).await.unwrap_err(), &[advice]);
    says(user.info::<Value>().await.unwrap_err(), &[advice]);
    says(user.run::<Value>("count").await.unwrap_err(), &[advice]);
    says(user.fork().await.unwrap_err(), &["The token has expired"]);
    // Invalidating an expired session does not end the expiry; signing in does.
    user.reset().await.unwrap();
    says(user.query("RETURN 1").await.unwrap_err(), &[advice]);
    let login = login().await;
    user.signin(Root::new(login.username, login.password)).await.unwrap();
    assert!(may_rule(&user).await);
}

#[async_test]
async fn missing_right_names_the_actor_and_the_action() {
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    let schema = "DEFINE USER dora ON DATABASE PASSWORD 'd' ROLES VIEWER; DEFINE TABLE member;
        DEFINE FUNCTION fn::f() { RETURN 1 } PERMISSIONS NONE; DEFINE PARAM $p VALUE 1 PERMISSIONS NONE;
        DEFINE ACCESS whole ON DATABASE TYPE RECORD SIGNUP (CREATE member)";
    session.execute(schema).await.unwrap();
    let dora = db.new_session().signin(Database::new(&ns, "test", "dora", "d")).await.unwrap();
    let refused = async |session: &Session, text| session.query(text).await.unwrap().check().unwrap_err();
    says(
        refused(&dora, "DEFINE TABLE x").await,
        &["statement 0 failed: ", "dora(Viewer) may not Edit /ns:", "/db:test/Table"],
    );
    // Server 4.0 asks for the right to make the table first.
    let first = if is_version_in("4.0"..).await {
        ["statement 1 failed: ", "may not Edit"]
    } else {
        ["statement 2 failed: ", "may not View"]
    };
    says(refused(&dora, "BEGIN; CREATE y; INFO FOR NS; COMMIT").await, &first);
    says(refused(&dora, "USE DB other").await, &["permission to change to the other database"]);
    says(dora.use_db("other").await.unwrap_err(), &["permission to change to the other database"]);
    says(dora.use_ns("other").await.unwrap_err(), &["permission to change to the other namespace"]);
    assert_eq!((dora.namespace(), dora.database().as_deref()), (Some(ns.clone()), Some("test")));
    let user = db.new_session().await.unwrap();
    user.signup(RecordAccess::new(&ns, "test", "whole", named("ada"))).await.unwrap();
    says(refused(&user, "RETURN $p").await, &["permission to view the $p parameter"]);
    says(refused(&user, "DEFINE TABLE x").await, &["may not Edit"]);
    says(user.run::<Value>("fn::f").await.unwrap_err(), &["permission to run the fn::f function"]);
    let nobody = db.new_session().use_ns(&ns).use_db("test").await.unwrap();
    says(refused(&nobody, "DEFINE TABLE x").await, &["may not Edit"]);
}

#[async_test]
async fn refused_guest_is_advised_to_sign_in() {
    let server = Embedded::builder().deny_guests().start().await.unwrap();
    let db = Surreal::connect(server.url()).await.unwrap();
    let guest = db.new_session().use_ns("ns").use_db("db").set("v", 1).await.unwrap();
    for session in [&guest, &db] {
        says(session.query("RETURN 1").await.unwrap_err(), &["sign in first: the server refuses anonymous sessions"]);
        says(session.run::<Value>("count").await.unwrap_err(), &["sign in first"]);
        assert_eq!(session.info::<Option<Value>>().await.unwrap(), None);
        session.signin(Root::new(server.username(), server.password())).await.unwrap();
        assert!(may_rule(session).await);
    }
    server.shutdown().await;
}

#[async_test]
async fn token_signs_in_another_session_as_the_same_user() {
    let (db, session) = place().await;
    let login = login().await;
    let tokens = session.signin(Root::new(login.username, login.password)).await.unwrap();
    assert!(!format!("{tokens:?}").contains(tokens.access.as_str()));
    let other = db.new_session().authenticate(&tokens).await.unwrap();
    assert!(may_rule(&other).await);
    let chained = db.new_session().await.unwrap();
    chained.authenticate(tokens.access.as_str()).await.unwrap();
    assert!(may_rule(&chained).await);
}

#[async_test]
async fn system_users_of_each_level_select_their_place() {
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    session
        .execute("DEFINE USER nina ON NAMESPACE PASSWORD 'n' ROLES OWNER; DEFINE USER dora ON DATABASE PASSWORD 'd' ROLES VIEWER")
        .await.unwrap();
    let nina = db.new_session().signin(Namespace::new(&ns, "nina", "n")).await.unwrap();
    assert_eq!((nina.namespace().as_ref(), nina.database()), (Some(&ns), None));
    let dora = db.new_session().await.unwrap();
    dora.signin(Database::new(&ns, "test", "dora", "d")).await.unwrap();
    assert_eq!((dora.namespace().as_ref(), dora.database().as_deref()), (Some(&ns), Some("test")));
    let fork = dora.fork().await.unwrap();
    let refused = fork.query("DEFINE TABLE a").await.unwrap().check().unwrap_err();
    assert!(refused.is_auth(), "{refused:?}");
}

#[async_test]
async fn record_users_sign_up_in_and_out() {
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    let schema = "
        DEFINE TABLE member PERMISSIONS FOR select WHERE id = $auth.id;
        DEFINE ACCESS member ON DATABASE TYPE RECORD
            SIGNUP (CREATE member SET name = $name, pass = crypto::sha256($pass))
            SIGNIN (SELECT * FROM member WHERE name = $name AND pass = crypto::sha256($pass))";
    session.execute(schema).await.unwrap();
    let params = |pass| BTreeMap::from([("name", "ada"), ("pass", pass)]);
    let access = |pass| RecordAccess::new(&ns, "test", "member", params(pass));

    let ada = db.new_session().await.unwrap();
    let tokens = ada.signup(access("p")).await.unwrap();
    assert_eq!(tokens.refresh, None);
    assert_eq!((ada.namespace().as_ref(), ada.database().as_deref()), (Some(&ns), Some("test")));
    let me: BTreeMap<String, Value> = ada.info().await.unwrap();
    assert_eq!(me["name"], Value::from("ada"));

    let again = db.new_session().signin(access("p")).await.unwrap();
    assert_eq!(again.info::<BTreeMap<String, Value>>().await.unwrap()["id"], me["id"]);
    let wrong = again.signin(access("q")).await.unwrap_err();
    assert!(wrong.is_auth(), "{wrong:?}");
    assert_eq!(again.info::<BTreeMap<String, Value>>().await.unwrap()["id"], me["id"]);

    again.invalidate().await.unwrap();
    assert_eq!(again.info::<Option<Value>>().await.unwrap(), None);
    assert_eq!(again.info::<BTreeMap<String, Value>>().await.unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!((again.namespace().as_ref(), again.database().as_deref()), (Some(&ns), Some("test")));
    assert_eq!(ada.info::<BTreeMap<String, Value>>().await.unwrap()["id"], me["id"]);
}

#[async_test]
async fn default_session_has_the_same_verbs() {
    let db = connect().await;
    let login = login().await;
    db.signin(Root::new(login.username, login.password)).await.unwrap();
    assert!(may_rule(&db).await);
    let namespace = unique("default_session");
    db.use_ns(&namespace).use_db("test").await.unwrap();
    assert_eq!(db.namespace(), Some(namespace));
    db.set("v", 1).await.unwrap();
    let fork = db.fork().await.unwrap();
    let seen: (String, i64) = fork.query("RETURN [session::db(), $v]").await.unwrap().take(0).unwrap();
    assert_eq!(seen, ("test".to_owned(), 1));
    db.invalidate().await.unwrap();
    assert!(!may_rule(&db).await && may_rule(&fork).await);
    assert!(db.version().await.unwrap().starts_with("surrealdb-"));
}

#[async_test]
async fn refresh_token_renews_once_and_can_be_revoked() {
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    let schema = "DEFINE TABLE member PERMISSIONS FOR select FULL; DEFINE ACCESS member ON DATABASE TYPE RECORD
        SIGNUP (CREATE member SET name = $name) SIGNIN (SELECT * FROM member WHERE name = $name) WITH REFRESH";
    session.execute(schema).await.unwrap();
    let access = || RecordAccess::new(&ns, "test", "member", BTreeMap::from([("name", "ada")]));
    let ada = db.new_session().await.unwrap();
    let first = ada.signup(access()).await.unwrap();
    assert!(!format!("{first:?}").contains(first.refresh.as_ref().unwrap().as_str()));

    let elsewhere = db.new_session().await.unwrap();
    let second = elsewhere.refresh(&first).await.unwrap();
    assert_eq!((elsewhere.namespace(), elsewhere.database().as_deref()), (Some(ns.clone()), Some("test")));
    let me: BTreeMap<String, Value> = elsewhere.info().await.unwrap();
    assert_eq!(me["name"], Value::from("ada"));
    for used in [elsewhere.refresh(&first).await.unwrap_err(), ada.refresh(&first).await.unwrap_err()] {
        says(used, &["cannot refresh the tokens: ", "was used before, was revoked, or has expired"]);
    }
    assert_eq!(elsewhere.info::<BTreeMap<String, Value>>().await.unwrap(), me);

    elsewhere.revoke(&second).await.unwrap();
    says(elsewhere.refresh(&second).await.unwrap_err(), &["was revoked"]);
    says(elsewhere.revoke(&second).await.unwrap_err(), &["cannot revoke the refresh token: "]);
    let root = session.signin(Root::new(login().await.username, login().await.password)).await.unwrap();
    for error in [session.refresh(&root).await.unwrap_err(), session.revoke(&root).await.unwrap_err()] {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent), "{error:?}");
    }
}

#[async_test]
async fn reset_session_equals_a_new_one() {
    let (_db, session) = place().await;
    session.set("v", 1).await.unwrap();
    session.reset().await.unwrap();
    assert_eq!((session.namespace(), session.database()), (None, None));
    assert!(!may_rule(&session).await);
    let fork = session.fork().await.unwrap();
    assert_eq!((fork.namespace(), fork.database()), (None, None));
    let login = login().await;
    session.signin(Root::new(login.username, login.password)).await.unwrap();
    session.use_ns(unique("reset")).use_db("test").await.unwrap();
    assert_eq!(session.query("RETURN $v").await.unwrap().take::<Value>(0).unwrap(), Value::None);
}

#[async_test]
async fn parameters_that_the_server_reserves_are_refused() {
    let (db, root) = place().await;
    let ns = root.namespace().unwrap();
    root.execute("DEFINE ACCESS any ON DATABASE TYPE RECORD SIGNUP (CREATE member) SIGNIN (SELECT * FROM member)")
        .await
        .unwrap();
    let session = db.new_session().await.unwrap();
    let refused = |error: Error| {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent), "{error:?}");
    };
    for name in ["NS", "DB", "AC", "this", "token", "auth", "access", "session"] {
        let params = BTreeMap::from([(name, "x")]);
        refused(session.signup(RecordAccess::new(&ns, "test", "any", params.clone())).await.unwrap_err());
        refused(session.signin(RecordAccess::new(&ns, "test", "any", params.clone())).await.unwrap_err());
        let opened = db.new_session().signin(RecordAccess::new(&ns, "test", "any", params)).await;
        refused(opened.unwrap_err());
    }
    refused(session.signup(RecordAccess::new(&ns, "test", "any", ())).await.unwrap_err());
    for name in ["value", "parent", "input", "before", "after", "event", "ns", "user", "pass", "key", "db", "id"] {
        let params = BTreeMap::from([(name, "x")]);
        session.signup(RecordAccess::new(&ns, "test", "any", params)).await.unwrap();
    }
    session.signup(RecordAccess::new(&ns, "test", "any", BTreeMap::<String, i64>::new())).await.unwrap();
}

/// Two access methods, one of them with tokens and sessions of one second, and a user who may only read.
const SHORT: &str = "DEFINE TABLE member; DEFINE USER dora ON DATABASE PASSWORD 'd' ROLES VIEWER;
    DEFINE FUNCTION fn::f() { RETURN 1 } PERMISSIONS NONE; DEFINE PARAM $p VALUE 1 PERMISSIONS NONE;
    DEFINE ACCESS short ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name)
        SIGNIN (SELECT * FROM member WHERE name = $name) DURATION FOR TOKEN 1s, FOR SESSION 1s;
    DEFINE ACCESS long ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name) WITH REFRESH";

#[async_test(not_send)]
async fn expired_and_forbidden_and_wrong_credentials_are_told_apart() {
    let (db, root) = place().await;
    let ns = root.namespace().unwrap();
    root.execute(SHORT).await.unwrap();
    let user = db.new_session().await.unwrap();
    let tokens = user.signup(RecordAccess::new(&ns, "test", "short", named("ada"))).await.unwrap();
    let dora = db.new_session().signin(Database::new(&ns, "test", "dora", "d")).await.unwrap();
    let open = user.begin_transaction().await.unwrap();
    let other = db.new_session().await.unwrap();
    eventually("token and session expire", async || {
        other.authenticate(&tokens).await.is_err() && user.query("RETURN 1").await.is_err()
    })
    .await;
    let failed = async |session: &Session, text| session.query(text).await.unwrap().check().unwrap_err();
    let (expired, forbidden, neither) = ((true, false), (false, true), (false, false));
    let mut seen = vec![
        ("token", expired, dora.authenticate(&tokens).await.unwrap_err()),
        ("new session", expired, db.new_session().authenticate(&tokens).await.unwrap_err()),
        ("fork", expired, user.fork().await.unwrap_err()),
        ("query", expired, user.query("RETURN 1").await.unwrap_err()),
        ("set", expired, user.set("v", 1).await.unwrap_err()),
        ("run", expired, user.run::<Value>("count").await.unwrap_err()),
        ("in a transaction", expired, open.query("RETURN 1").await.unwrap_err()),
        ("commit", expired, open.commit().await.unwrap_err()),
        ("define", forbidden, failed(&dora, "DEFINE TABLE x").await),
        (
            "function",
            forbidden,
            db.new_session().use_ns(&ns).use_db("test").await.unwrap().run::<Value>("fn::f").await.unwrap_err(),
        ),
        ("other database", forbidden, dora.use_db("other").await.unwrap_err()),
        ("other namespace", forbidden, dora.use_ns("other").await.unwrap_err()),
        ("password", neither, dora.signin(Database::new(&ns, "test", "dora", "x")).await.unwrap_err()),
        ("no token", neither, dora.authenticate("a.b.c").await.unwrap_err()),
        ("no user", neither, dora.signin(RecordAccess::new(&ns, "test", "short", named("bob"))).await.unwrap_err()),
        ("text", neither, failed(&dora, "SELECT * FROM nowhere").await),
    ];
    let tokens = user.signup(RecordAccess::new(&ns, "test", "long", named("eve"))).await.unwrap();
    user.refresh(&tokens).await.unwrap();
    seen.push(("param", forbidden, failed(&user, "RETURN $p").await));
    seen.push(("used refresh token", neither, user.refresh(&tokens).await.unwrap_err()));
    for (what, expected, error) in seen {
        assert_eq!((error.is_expired(), error.is_forbidden()), expected, "{what}: {error:?}");
    }
}

#[async_test]
async fn refused_guest_is_forbidden() {
    let server = Embedded::builder().deny_guests().start().await.unwrap();
    let db = Surreal::connect(server.url()).await.unwrap();
    let refused = db.query("RETURN 1").await.unwrap_err();
    assert!(refused.is_forbidden() && !refused.is_expired(), "{refused:?}");
    server.shutdown().await;
}

#[async_test]
async fn claims_name_the_user_and_the_place_of_a_token() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "UPPERCASE")]
    struct Claims {
        ns: String,
        db: String,
        ac: String,
        id: String,
    }
    let (db, root) = place().await;
    let ns = root.namespace().unwrap();
    root.execute(SHORT).await.unwrap();
    let user = db.new_session().await.unwrap();
    let before = Datetime::now();
    let Tokens { access, .. } = user.signup(RecordAccess::new(&ns, "test", "short", named("ada"))).await.unwrap();
    let id: RecordId = user.query("RETURN $auth").await.unwrap().take(0).unwrap();
    let expected = Claims { ns, db: "test".into(), ac: "short".into(), id: id.to_string() };
    assert_eq!(access.claims::<Claims>().unwrap(), expected);
    let lifetime = access.expires_at().unwrap().timestamp() - before.timestamp();
    assert!((1..=5).contains(&lifetime), "{lifetime}");
    let stored: Token = serde_json::from_str(&serde_json::to_string(&access).unwrap()).unwrap();
    assert_eq!(stored, access);
}
