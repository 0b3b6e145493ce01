//! Authentication: users that sign up, tokens that expire and are renewed, a cache of sessions, keys for
//! programs.
//!
//! `cargo run --example auth` starts a server in this process. Set `SURREAL_URL` to use your own server.

use std::error::Error;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_examples::Server;

#[derive(Debug, Serialize, Deserialize, Record)]
struct Account {
    id: Id<Account>,
    email: String,
}

#[derive(Debug, Serialize, Deserialize, Record)]
struct Note {
    id: Id<Note>,
    #[record(readonly)]
    owner: Id<Account>,
    text: String,
}

/// The parameters of the SIGNUP and SIGNIN clauses.
#[derive(Clone, Serialize)]
struct Login<'a> {
    email: &'a str,
    password: &'a str,
}

/// Each user sees only their own notes. A sign-in by `kiosk` expires after two seconds.
const SCHEMA: &str = "
    DEFINE TABLE OVERWRITE account SCHEMAFULL PERMISSIONS FOR select WHERE id = $auth.id;
    DEFINE FIELD OVERWRITE email ON account TYPE string ASSERT string::is_email($value);
    DEFINE FIELD OVERWRITE password ON account TYPE string PERMISSIONS NONE;
    DEFINE INDEX OVERWRITE account_email ON account FIELDS email UNIQUE;
    DEFINE TABLE OVERWRITE note SCHEMAFULL PERMISSIONS FOR select, create, update, delete WHERE owner = $auth.id;
    DEFINE FIELD OVERWRITE owner ON note TYPE record<account> READONLY DEFAULT $auth.id;
    DEFINE FIELD OVERWRITE text ON note TYPE string;
    DELETE account; DELETE note;
    DEFINE ACCESS OVERWRITE account ON DATABASE TYPE RECORD
        SIGNUP (CREATE account SET email = $email, password = crypto::argon2::generate($password))
        SIGNIN (SELECT * FROM account WHERE email = $email AND crypto::argon2::compare(password, $password))
        WITH REFRESH;
    DEFINE ACCESS OVERWRITE kiosk ON DATABASE TYPE RECORD
        SIGNIN (SELECT * FROM account WHERE email = $email AND crypto::argon2::compare(password, $password))
        WITH REFRESH DURATION FOR TOKEN 2s, FOR SESSION 2s;
    DEFINE USER OVERWRITE robot ON DATABASE PASSWORD 'unused' ROLES VIEWER;
    DEFINE ACCESS OVERWRITE robots ON DATABASE TYPE BEARER FOR USER;
";

const NAMESPACE: &str = "auth";
const DATABASE: &str = "notes";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;
    let root = db.new_session().signin(server.root.clone()).use_ns(NAMESPACE).use_db(DATABASE).await?;
    root.execute(SCHEMA).await?;

    let ada = Login { email: "ada@example.com", password: "correct horse" };
    let tokens = two_users(&db, &ada).await?;
    requests(&db, &tokens).await?;
    refusals(&db, &ada).await?;
    renewal(&db, &tokens).await?;
    expiry(&db, &ada).await?;
    keys(&db, &root).await?;

    db.close().await?;
    println!("The connection is closed, and with it every session.");
    Ok(())
}

/// Credentials for an access method of the database.
fn by<P: Serialize>(access: &str, params: P) -> RecordAccess<P> {
    RecordAccess::new(NAMESPACE, DATABASE, access, params)
}

async fn two_users(db: &Surreal, login: &Login<'_>) -> Result<Tokens, Box<dyn Error>> {
    println!("-- Two users on one socket, each with their own permissions");
    let ada = db.new_session().await?;
    let tokens = ada.signup(by("account", login)).await?;
    let bob = db.new_session().await?;
    bob.signup(by("account", Login { email: "bob@example.com", password: "battery staple" })).await?;
    println!("{} and {} have signed up", whoami(&ada).await?, whoami(&bob).await?);
    let note = ada.create::<Note>().content(NewNote { text: "Buy a lamp".into() }).await?;
    let (ada_sees, bob_sees) = (ada.select::<Note>().await?.len(), bob.select::<Note>().await?.len());
    println!("ada wrote {:?} and sees {ada_sees} note; bob sees {bob_sees}", note.text);
    assert_eq!((ada_sees, bob_sees), (1, 0));
    assert!(bob.select::<Note>().id(&note.id).await?.is_none());
    println!("bob selects it by its id, and gets `None`");
    Ok(tokens)
}

async fn refusals(db: &Surreal, ada: &Login<'_>) -> Result<(), Box<dyn Error>> {
    println!("-- A refused sign-in names the attempt, and does not change the session");
    let session = db.new_session().signin(by("account", ada)).await?;
    let wrong = Login { password: "guessed", ..ada.clone() };
    for refused in [
        session.signin(by("account", wrong)).await,
        session.signup(by("account", ada)).await,
        session.signup(by("kiosk", ada)).await,
        session.signin(by("acount", ada)).await,
        session.signin(Root::new("root", "guessed")).await,
    ] {
        match refused {
            Err(error) if error.is_auth() => println!("{error}"),
            other => return Err(format!("not refused: {other:?}").into()),
        }
    }
    assert_eq!(whoami(&session).await?, ada.email);
    println!("the session is still {}", ada.email);
    Ok(())
}

async fn renewal(db: &Surreal, tokens: &Tokens) -> Result<(), Box<dyn Error>> {
    println!("-- A token signs in its user without the password");
    let elsewhere = db.new_session().authenticate(tokens).await?;
    println!("another session signed in as {} by token", whoami(&elsewhere).await?);
    let renewed = elsewhere.refresh(tokens).await?;
    println!("the refresh token returned a new pair: {renewed:?}");
    let twice = elsewhere.refresh(tokens).await.err().ok_or("a refresh token worked twice")?;
    println!("{twice}");
    elsewhere.revoke(&renewed).await?;
    let revoked = elsewhere.refresh(&renewed).await.err().ok_or("a revoked token worked")?;
    println!("{revoked}");
    assert!(twice.is_auth() && revoked.is_auth());
    elsewhere.invalidate().await?;
    assert_eq!(elsewhere.info::<Option<Account>>().await?.map(|account| account.email), None);
    println!("after invalidate, the session is anonymous");
    Ok(())
}

async fn expiry(db: &Surreal, ada: &Login<'_>) -> Result<(), Box<dyn Error>> {
    println!("-- A session that expires is renewed, and the program stores the new tokens");
    let (kiosk, tokens) = db.new_session().signin(by("kiosk", ada)).with_tokens().await?;
    kiosk.forget_credentials();
    let (renewed, mut store) = tokio::sync::mpsc::unbounded_channel();
    kiosk.on_renewal(move |tokens| drop(renewed.send(tokens)));
    println!("{} sees {} note", whoami(&kiosk).await?, kiosk.select::<Note>().await?.len());
    let stored = store.recv().await.ok_or("the session was not renewed")?;
    assert!(stored.access.expires_at() > tokens.access.expires_at());
    println!("the refresh token was used: {stored:?}");
    println!("{} sees {} note", whoami(&kiosk).await?, kiosk.select::<Note>().await?.len());

    println!("-- A session with nothing but a token expires with it");
    let visitor = db.new_session().authenticate(&stored).await?;
    let expired = loop {
        match visitor.select::<Note>().await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(error) if error.is_expired() => break error,
            Err(error) => return Err(error.into()),
        }
    };
    println!("{expired}");
    let late = visitor.authenticate(&stored).await.err().ok_or("an expired token worked")?;
    println!("{late}");
    assert!(late.is_expired() && !late.is_forbidden());
    Ok(())
}

/// What a web back end does: each request brings a token.
async fn requests(db: &Surreal, tokens: &Tokens) -> Result<(), Box<dyn Error>> {
    println!("-- A cache keeps one session for each token");
    let cache = SessionCache::by_token(db, |user| user);
    let request = async || whoami(&cache.get(&tokens.access).await?).await;
    let (one, two, three) = tokio::try_join!(request(), request(), request())?;
    println!("three requests at once, of {one}, {two} and {three}: {:?}", cache.stats());
    assert_eq!((cache.stats().opened, cache.stats().hits), (1, 2));
    let unknown = cache.get("not a token").await.err().ok_or("text worked as a token")?;
    println!("{unknown}");
    assert!(unknown.is_auth());
    Ok(())
}

async fn keys(db: &Surreal, root: &Session) -> Result<(), Box<dyn Error>> {
    #[derive(Deserialize)]
    struct Granted {
        id: String,
        grant: Key,
    }
    #[derive(Deserialize)]
    struct Key {
        key: String,
    }
    println!("-- A program signs in with a key that can be revoked");
    let granted: Granted = root.query("ACCESS robots ON DATABASE GRANT FOR USER robot").await?.take(0)?;
    let key = Bearer::new("robots", granted.grant.key).on_database(NAMESPACE, DATABASE);
    let viewer = db.new_session().signin(key.clone()).await?;
    println!("the robot is a viewer and sees {} note", viewer.select::<Note>().await?.len());
    let refused = viewer.execute("REMOVE TABLE note").await.err().ok_or("the robot removed a table")?;
    println!("it cannot remove the table: {refused}");
    root.execute(Surql::dynamic(format!("ACCESS robots ON DATABASE REVOKE GRANT {}", granted.id))).await?;
    let revoked = db.new_session().signin(key).await.err().ok_or("a revoked key worked")?;
    println!("{revoked}");
    assert!(refused.is_auth() && revoked.is_auth());
    Ok(())
}

/// The email of the record user that a session is signed in as.
async fn whoami(session: &Session) -> surreal_session::Result<String> {
    Ok(session.info::<Account>().await?.email)
}
