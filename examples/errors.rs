//! Error handling: a web service that converts every error to an HTTP status.
//!
//! `cargo run --example errors` starts a server in this process. Set `SURREAL_URL` to use your own server.

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

/// The status and the text for an error. Constraints come first: their parts say more than the kind.
fn status(error: &Error) -> (u16, String) {
    match error.violation() {
        Some(Violation::Unique { index: "user_email", .. }) => return (409, "this address has an account".into()),
        Some(Violation::Assert { field, .. }) => return (422, format!("`{field}` is not valid")),
        Some(Violation::Type { field, expected, .. }) => return (422, format!("`{field}` must be {expected}")),
        Some(Violation::UnknownField { field, .. }) => return (422, format!("unknown field `{field}`")),
        _ => {}
    }
    if let Some(code) = error.thrown() {
        return (402, code.into());
    }
    match error.kind() {
        ErrorKind::AlreadyExists => (409, "exists already".into()),
        ErrorKind::NotFound => (404, "not found".into()),
        ErrorKind::Auth => (403, "sign in with more rights".into()),
        ErrorKind::TooLarge => (413, "the request or its result is too large".into()),
        ErrorKind::Decode => (500, "the data does not fit our types: a bug".into()),
        ErrorKind::Validation => (500, "the query is not valid: a bug".into()),
        _ if error.is_retryable() => (503, "nothing was changed, try again".into()),
        _ if error.delivery() == Delivery::Unknown => {
            (504, "the change may have been made: check before trying again".into())
        }
        _ => (500, "internal error".into()),
    }
}

/// Prints the error, and fails if there is none or its status is not the expected one.
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
    session.execute(SCHEMA).await?;

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
    expect("an id that exists", 409, session.create::<User>().id("ada").content(user("a@example.com", 36)).await)?;
    expect(
        "a value that a UNIQUE index contains",
        409,
        session.create::<User>().content(user("ada@example.com", 36)).await,
    )?;
    expect("a value that breaks an ASSERT", 422, session.create::<User>().content(user("bob", 36)).await)?;
    let wrong_type = session.execute("CREATE user SET email = 'bob@example.com', age = 'old'").await;
    expect("a value of another type", 422, wrong_type)?;
    let unknown = session.execute("CREATE user SET email = 'bob@example.com', age = 1, nick = 'b'").await;
    expect("a field that is not defined", 422, unknown)?;
    assert!(session.select::<User>().id("bob").await?.is_none());
    println!("a record that does not exist is `None`, not an error");
    Ok(())
}

async fn queries(session: &Session) -> Result<(), Box<dyn StdError>> {
    expect("a table that does not exist", 404, session.execute("SELECT * FROM usr").await)?;
    expect("text that is not SurrealQL", 500, session.query("SELECT FROM").await)?;
    expect("a function that throws", 402, session.run::<i64>("fn::withdraw").args((500,)).await)?;
    let response = session.query("SELECT * FROM user").await?;
    expect("a result of another type", 500, response.take::<Vec<Row>>(0))?;
    println!("the response still has the result: {} row", response.take::<Vec<Value>>(0)?.len());
    let block = "BEGIN; CREATE user SET email = 'eve@example.com', age = 20; fn::withdraw(500); RETURN 1; COMMIT";
    expect("a transaction block: the error is the cause", 402, session.execute(block).await)
}

/// A type that does not fit the table.
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
    expect("a statement without the right to it", 403, viewer.execute("REMOVE TABLE user").await)?;
    expect("a database without the right to it", 403, viewer.use_db("other").await)
}

async fn conflict(session: &Session) -> Result<(), Box<dyn StdError>> {
    let slow = "BEGIN; (UPSERT ONLY counter:1 SET n += 1).n; SLEEP 200ms; COMMIT";
    let attempt = tokio::spawn(session.query(slow).into_future());
    // Other queries write the same record until the first attempt ends.
    while !attempt.is_finished() {
        drop(session.query("UPSERT counter:1 SET n += 1").await?);
    }
    let conflict = attempt.await??.check().err().ok_or("no conflict")?;
    assert!(conflict.is_conflict() && conflict.is_retryable(), "{conflict}");
    expect("a write that conflicts with another", 503, Err::<(), _>(conflict))?;
    let n: i64 = session.query(slow).await?.check()?.take(1)?;
    println!("the second attempt counted to {n}");
    Ok(())
}

async fn calls(server: &Server, session: &Session) -> Result<(), Box<dyn StdError>> {
    let slow = session.query("SLEEP 2s; CREATE counter:2").deadline(Duration::from_millis(100));
    expect("no reply within the deadline", 504, slow.await)?;
    let narrow = Surreal::connect(&server.url).max_message_bytes(1_024).await?;
    expect("a message above the limit", 413, narrow.query("RETURN $text").bind("text", "x".repeat(2_000)).await)?;
    expect("a name that the server reserves", 500, session.set("value", 1).await)?;
    let unreachable = Surreal::connect("ws://127.0.0.1:9").deadline(Duration::from_secs(5)).await;
    expect("a port without a server", 503, unreachable)
}
