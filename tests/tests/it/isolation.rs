//! Sessions on one socket never see each other's data, variables or rights.

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, connect, login, place, unique};

#[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
struct Secret {
    id: Id<Secret>,
    owner: usize,
}

const SESSIONS: usize = 50;
const ROUNDS: usize = 20;

/// The schema of each session's database.
const SCHEMA: &str = "
    DEFINE TABLE secret PERMISSIONS FULL;
    DEFINE TABLE person PERMISSIONS FULL;
    DEFINE ACCESS account ON DATABASE TYPE RECORD SIGNUP (CREATE person SET number = $number);
";

/// A session whose database, variable and user all have its number.
async fn member(db: &Surreal, namespace: &str, number: usize) -> Session {
    let login = login().await;
    let (root, database) = (Root::new(login.username, login.password), format!("db{number}"));
    let owner = db.new_session().signin(root).use_ns(namespace).use_db(&database).await.unwrap();
    owner.execute(SCHEMA).await.unwrap();
    owner.close_session().await.unwrap();
    let session = db.new_session().set("number", number).await.unwrap();
    let params = [("number", number)].into_iter().collect::<std::collections::BTreeMap<_, _>>();
    session.signup(RecordAccess::new(namespace, database, "account", params)).await.unwrap();
    session
}

/// One turn of a session: it writes, and checks that it sees only its own data.
async fn turn(session: &Session, number: usize, round: usize) {
    let key = format!("r{round}");
    session.create::<Secret>().id(&key).content(NewSecret { owner: number }).await.unwrap();
    let response = session.query("RETURN [session::db(), $number, $auth.number]; RETURN $auth.id").await.unwrap();
    let seen: (String, usize, usize) = response.take(0).unwrap();
    assert_eq!(seen, (format!("db{number}"), number, number));
    let all = session.select::<Secret>().await.unwrap();
    assert_eq!(all.len(), round + 1, "session {number}");
    assert!(all.iter().all(|secret| secret.owner == number), "session {number} sees {all:?}");
}

#[async_test(blocking)]
async fn fifty_sessions_on_one_socket_never_see_each_other() {
    let (db, namespace) = (connect().await, unique("crowd"));
    let mut sessions = Vec::new();
    for number in 0..SESSIONS {
        sessions.push(member(&db, &namespace, number).await);
    }
    let mut tasks = Vec::new();
    for (number, session) in sessions.iter().cloned().enumerate() {
        tasks.push(tokio::spawn(async move {
            for round in 0..ROUNDS {
                turn(&session, number, round).await;
                // Each session takes its turns in another order.
                for _ in 0..(number * 7 + round * 3) % 5 {
                    tokio::task::yield_now().await;
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    // Rights: a record user may neither define anything nor use another database.
    for (number, session) in sessions.iter().enumerate() {
        let refused = session.query("DEFINE TABLE other").await.unwrap().check().unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Auth, "{refused:?}");
        let refused = session.use_db(format!("db{}", (number + 1) % SESSIONS)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Auth, "{refused:?}");
    }
}

/// The state of a session: namespace, database, a variable, and whether it is root.
async fn what_is(session: &Session) -> (Option<String>, Option<String>, Option<i64>, bool) {
    let (ns, db) = session.query("RETURN [session::ns(), session::db()]").await.unwrap().take(0).unwrap();
    let variable = session.query("RETURN $it").await.unwrap().take(0).ok();
    let root = session.query("INFO FOR ROOT").await.unwrap().check().is_ok();
    (ns, db, variable, root)
}

#[async_test(blocking)]
async fn changes_of_one_session_change_no_other() {
    let (db, changing) = place().await;
    let login = login().await;
    let bystander = changing.fork().await.unwrap();
    bystander.set("it", 1).await.unwrap();
    let default: Session = db.clone().into();
    let before = (what_is(&bystander).await, what_is(&default).await);
    assert_eq!(before.1, (None, None, None, false));

    changing.use_ns(unique("other")).use_db("other").await.unwrap();
    changing.set("it", 2).await.unwrap();
    assert_eq!((what_is(&bystander).await, what_is(&default).await), before);
    changing.invalidate().await.unwrap();
    assert_eq!((what_is(&bystander).await, what_is(&default).await), before);
    changing.signin(Root::new(login.username, login.password)).await.unwrap();
    changing.unset("it").await.unwrap();
    assert_eq!((what_is(&bystander).await, what_is(&default).await), before);

    let after = what_is(&changing).await;
    db.signin(Root::new("root", "wrong")).await.unwrap_err();
    db.set("it", 3).await.unwrap();
    assert_eq!((what_is(&bystander).await, what_is(&changing).await), (before.0, after));
}
