//! What can go wrong, and what a program does about it: here a web service that turns every error into a status.
//!
//! Run it with `cargo run --example errors`; set `SURREAL_URL` to use a server of yours.

use std::error::Error as StdError;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::{Error, Result};
use surreal_session_examples::Server;

#[derive(Debug, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    email: String,
    age: i64,
}

const SCHEMA: &str = "
    DEFINE TABLE OVERWRITE user SCHEMAFULL;
    DEFINE FIELD OVERWRITE email ON user TYPE string ASSERT string::is_email($value);
    DEFINE FIELD OVERWRITE age ON user TYPE int ASSERT $value >= 0;
    DEFINE INDEX OVERWRITE user_email ON user FIELDS email UNIQUE;
    DEFINE TABLE OVERWRITE counter;
    DELETE user; DELETE counter;
    DEFINE FUNCTION OVERWRITE fn::withdraw($amount: int) {
        IF $amount > 100 { THROW 'insufficient_funds' };
        RETURN $amount
    };
    DEFINE USER OVERWRITE viewer ON DATABASE PASSWORD 'view' ROLES VIEWER;
";

/// What the service answers. Constraints come first: their parts are worth more than their kind.
fn status(error: &Error) -> (u16, String) {
    match error.violation() {
        Some(Violation::Unique { index: "user_email", .. }) => return (409, "this address has an account".into()),
        Some(Violation::Assert { field, .. }) => return (422, format!("`{field}` is not acceptable")),
        Some(Violation::Type { field, expected, .. }) => return (422, format!("`{field}` has to be {expected}")),
        Some(Violation::UnknownField { field, .. }) => return (422, format!("there is no `{field}`")),
        _ => {}
    }
    if let Some(code) = error.thrown() {
        return (402, code.into());
    }
    match error.kind() {
        ErrorKind::AlreadyExists => (409, "there is one already".into()),
        ErrorKind::NotFound => (404, "not found".into()),
        ErrorKind::Auth => (403, "sign in as somebody who may".into()),
        ErrorKind::TooLarge => (413, "that is too much".into()),
        ErrorKind::Decode => (500, "our data and our types differ: a bug".into()),
        ErrorKind::Validation => (500, "our query is wrong: a bug".into()),
        _ if error.is_retryable() => (503, "nothing has happened, try again".into()),
        _ if error.delivery() == Delivery::Unknown => (504, "it may have happened: look before trying again".into()),
        _ => (500, "something else".into()),
    }
}

/// Prints an error that was expected, and fails if there is none or the service would answer it otherwise.
fn expect<T>(what: &str, expected: u16, result: Result<T>) -> Result<(), Box<dyn StdError>> {
    let error = result.err().ok_or_else(|| format!("{what}: no error"))?;
    let (status, advice) = status(&error);
    println!("{what}\n    {error}\n    -> {status} {advice}");
    if status == expected { Ok(()) } else { Err(format!("{what}: expected {expected}, not {status}").into()) }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;
    let session = db.new_session().signin(server.root.clone()).use_ns("errors").use_db("shop").await?;
    session.query(SCHEMA).await?.check()?;

    records(&session).await?;
    queries(&session).await?;
    identities(&db, &session).await?;
    conflict(&session).await?;
    calls(&server, &session).await?;

    db.close().await?;
    expect("a call on a closed connection", 500, session.ping().await)
}

async fn records(session: &Session) -> Result<(), Box<dyn StdError>> {
    let user = |email: &str, age| NewUser { email: email.into(), age };
    session.create::<User>().id("ada").content(user("ada@example.com", 36)).await?;
    expect("an id that is taken", 409, session.create::<User>().id("ada").content(user("a@example.com", 36)).await)?;
    expect(
        "a value that a UNIQUE index has",
        409,
        session.create::<User>().content(user("ada@example.com", 36)).await,
    )?;
    expect("a value that breaks an ASSERT", 422, session.create::<User>().content(user("bob", 36)).await)?;
    let wrong_type = session.query("CREATE user SET email = 'bob@example.com', age = 'old'").await?.check();
    expect("a value of another type", 422, wrong_type)?;
    let unknown = session.query("CREATE user SET email = 'bob@example.com', age = 1, nick = 'b'").await?.check();
    expect("a field that is not defined", 422, unknown)?;
    assert!(session.select::<User>().id("bob").await?.is_none());
    println!("a record that does not exist is no error: it is `None`");
    Ok(())
}

async fn queries(session: &Session) -> Result<(), Box<dyn StdError>> {
    expect("a table that does not exist", 404, session.query("SELECT * FROM usr").await?.check())?;
    expect("text that is no SurrealQL", 500, session.query("SELECT FROM").await)?;
    expect("a function that throws", 402, session.run::<i64>("fn::withdraw").args((500,)).await)?;
    let response = session.query("SELECT * FROM user").await?;
    expect("a result of another type", 500, response.take::<Vec<Row>>(0))?;
    println!("the result is still there: {} row as it is", response.take::<Vec<Value>>(0)?.len());
    let block = "BEGIN; CREATE user SET email = 'eve@example.com', age = 20; fn::withdraw(500); RETURN 1; COMMIT";
    expect("a transaction block, by its first real cause", 402, session.query(block).await?.check())
}

/// Not what the table holds.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is never decoded")]
struct Row {
    age: String,
}

async fn identities(db: &Surreal, session: &Session) -> Result<(), Box<dyn StdError>> {
    let viewer = Database::new("errors", "shop", "viewer", "view");
    let wrong = Database::new("errors", "shop", "viewer", "guessed");
    expect("a wrong password", 403, session.fork().await?.signin(wrong).await)?;
    let viewer = db.new_session().signin(viewer).await?;
    expect("a statement beyond one's rights", 403, viewer.query("REMOVE TABLE user").await?.check())?;
    expect("a database beyond one's rights", 403, viewer.use_db("other").await)
}

async fn conflict(session: &Session) -> Result<(), Box<dyn StdError>> {
    let slow = "BEGIN; LET $n = (UPSERT ONLY counter:1 SET n += 1).n; SLEEP 200ms; COMMIT; RETURN counter:1.n";
    let mut attempt = session.query(slow).into_future();
    // Somebody else writes the same record for as long as the first attempt takes.
    let first = loop {
        tokio::select! {
            response = &mut attempt => break response?,
            other = session.query("UPSERT counter:1 SET n += 1") => drop(other?),
        }
    };
    let conflict = first.check().err().ok_or("no conflict")?;
    assert!(conflict.is_conflict() && conflict.is_retryable());
    expect("a write that lost against another", 503, Err::<(), _>(conflict))?;
    let n: i64 = session.query(slow).await?.check()?.take(4)?;
    println!("tried again, it counted to {n}");
    Ok(())
}

async fn calls(server: &Server, session: &Session) -> Result<(), Box<dyn StdError>> {
    let slow = session.query("SLEEP 2s; CREATE counter:2").deadline(Duration::from_millis(100));
    expect("no reply within the deadline", 504, slow.await)?;
    let narrow = Surreal::connect(&server.url).max_message_bytes(1_024).await?;
    expect("a message above the limit", 413, narrow.query("RETURN $text").bind("text", "x".repeat(2_000)).await)?;
    expect("a name that would be hidden", 500, session.set("value", 1).await)?;
    let nobody = Surreal::connect("ws://127.0.0.1:9").deadline(Duration::from_secs(5)).await;
    expect("nobody there to connect to", 503, nobody)
}
