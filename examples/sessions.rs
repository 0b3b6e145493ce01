//! Every method of a session: each session has its own namespace, database, variables and user, on one shared socket.
//!
//! `cargo run --example sessions` starts a server in this process. Set `SURREAL_URL` to use your own server.

use std::collections::BTreeMap;
use std::error::Error;

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

/// Only the account that wrote a note can see it.
const SCHEMA: &str = "
    DEFINE TABLE OVERWRITE account SCHEMAFULL PERMISSIONS FOR select WHERE id = $auth.id;
    DEFINE FIELD OVERWRITE email ON account TYPE string;
    DEFINE FIELD OVERWRITE password ON account TYPE string PERMISSIONS NONE;
    DEFINE TABLE OVERWRITE note SCHEMAFULL PERMISSIONS FOR select, create, update, delete WHERE owner = $auth.id;
    DEFINE FIELD OVERWRITE owner ON note TYPE record<account> READONLY DEFAULT $auth.id;
    DEFINE FIELD OVERWRITE text ON note TYPE string;
    DEFINE ACCESS OVERWRITE account ON DATABASE TYPE RECORD
        SIGNUP (CREATE account SET email = $email, password = crypto::argon2::generate($password))
        SIGNIN (SELECT * FROM account WHERE email = $email AND crypto::argon2::compare(password, $password))
        WITH REFRESH;
    DEFINE FUNCTION OVERWRITE fn::greet($name: string) { RETURN 'Hello, ' + $name + ' of ' + session::db() };
    DELETE account; DELETE note;
";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;
    db.ping().await?;
    println!("Connected to {}.", db.version().await?);

    places(&db, &server).await?;
    let tenants = tenants(&db, &server).await?;
    variables_and_functions(&tenants["acme"], &tenants["globex"]).await?;
    let ada = identities(&db, &tenants).await?;
    tokens(&db, &ada).await?;
    forks(&tenants["acme"]).await?;
    ends(&db, ada, &tenants["acme"]).await?;

    db.close().await?;
    println!("The connection is closed, and with it every session.");
    Ok(())
}

async fn places(db: &Surreal, server: &Server) -> Result<(), Box<dyn Error>> {
    println!("-- A new session is anonymous and has no namespace");
    let fresh = db.new_session().await?;
    println!("namespace {:?}, database {:?}, user {:?}", fresh.namespace(), fresh.database(), whoami(&fresh).await?);
    assert_eq!((fresh.namespace(), fresh.database(), whoami(&fresh).await?), (None, None, None));

    println!("-- Namespace and database, as the server confirmed them");
    fresh.signin(server.root.clone()).await?;
    fresh.use_ns("tenants").use_db("acme").await?;
    show_place(&fresh);
    fresh.use_db("globex").await?;
    show_place(&fresh);
    fresh.unset_db().await?;
    show_place(&fresh);
    fresh.unset_ns().await?;
    show_place(&fresh);
    assert_eq!((fresh.namespace(), fresh.database()), (None, None));
    Ok(())
}

async fn tenants(db: &Surreal, server: &Server) -> Result<BTreeMap<&'static str, Session>, Box<dyn Error>> {
    println!("-- One session for each tenant");
    let mut tenants = BTreeMap::new();
    for tenant in ["acme", "globex"] {
        let root = server.root.clone();
        let session = db.new_session().signin(root).use_ns("tenants").use_db(tenant).set("tenant", tenant).await?;
        session.execute(SCHEMA).await?;
        tenants.insert(tenant, session);
    }
    for (tenant, session) in &tenants {
        let seen: (String, String) = session.query("RETURN [session::db(), $tenant]").await?.take(0)?;
        println!("{tenant}: database and variable are {seen:?}");
        assert_eq!(seen, ((*tenant).to_owned(), (*tenant).to_owned()));
    }
    Ok(tenants)
}

async fn variables_and_functions(acme: &Session, globex: &Session) -> Result<(), Box<dyn Error>> {
    println!("-- Variables and functions");
    acme.set("limits", [10, 20]).await?;
    let (limits, sum): (Vec<i64>, i64) = acme.query("RETURN $limits; RETURN math::sum($limits)").await?.take_all()?;
    println!("acme's limits are {limits:?}, their sum is {sum}");
    assert_eq!((limits, sum), (vec![10, 20], 30));
    let elsewhere: Option<Vec<i64>> = globex.query("RETURN $limits").await?.take(0)?;
    acme.unset("limits").await?;
    let removed: Option<Vec<i64>> = acme.query("RETURN $limits").await?.take(0)?;
    println!("globex has {elsewhere:?}; acme has {removed:?} after unset");
    assert_eq!((elsewhere, removed), (None, None));
    for session in [acme, globex] {
        println!("{}", session.run::<String>("fn::greet").args(("Ada",)).await?);
    }
    println!("the server's own functions too: {}", acme.run::<i64>("math::max").args(([3, 9, 4],)).await?);
    Ok(())
}

async fn identities(db: &Surreal, tenants: &BTreeMap<&str, Session>) -> Result<Session, Box<dyn Error>> {
    println!("-- Record users beside root, on the same socket");
    let ada = member(db, "acme", "ada@acme.example").await?;
    let bob = member(db, "acme", "bob@acme.example").await?;
    let note = ada.create::<Note>().content(NewNote { text: "Buy a lamp".into() }).await?;
    println!("ada is {} and wrote {:?}", whoami(&ada).await?.unwrap_or_default(), note.text);
    println!("ada sees {} note, bob {}", count(&ada).await?, count(&bob).await?);
    assert_eq!((count(&ada).await?, count(&bob).await?), (1, 0));
    println!("root sees {} in acme, {} in globex", count(&tenants["acme"]).await?, count(&tenants["globex"]).await?);
    println!("bob asks for ada's note: {:?}", bob.select::<Note>().id(&note.id).await?);

    println!("-- Signing out changes one session");
    bob.invalidate().await?;
    println!("bob is {:?}, ada is still {}", whoami(&bob).await?, whoami(&ada).await?.unwrap_or_default());
    assert_eq!((whoami(&bob).await?, whoami(&ada).await?.is_some()), (None, true));
    bob.signin(credentials("acme", "bob@acme.example")).await?;
    println!("signed in again, he is {}", whoami(&bob).await?.unwrap_or_default());
    bob.reset().await?;
    println!("after a reset, he is {:?} with {:?}", whoami(&bob).await?, (bob.namespace(), bob.database()));
    assert_eq!((bob.namespace(), bob.database()), (None, None));
    Ok(ada)
}

async fn tokens(db: &Surreal, ada: &Session) -> Result<(), Box<dyn Error>> {
    println!("-- A token signs in another session");
    let tokens = ada.signin(credentials("acme", "ada@acme.example")).await?;
    let second = db.new_session().await?;
    second.authenticate(&tokens).await?;
    println!("a second session signed in as {} by token", whoami(&second).await?.unwrap_or_default());
    let renewed = second.refresh(&tokens).await?;
    second.revoke(&renewed).await?;
    match second.refresh(&renewed).await {
        Err(error) if error.is_auth() => println!("{error}"),
        other => return Err(format!("a revoked token gave {other:?}").into()),
    }
    println!("The example `auth` shows more of this.");
    Ok(())
}

async fn forks(origin: &Session) -> Result<(), Box<dyn Error>> {
    println!("-- A fork starts with the state of its origin, and changes on its own");
    let fork = origin.fork().await?;
    fork.use_db("globex").await?;
    fork.set("tenant", "fork of acme").await?;
    let seen: (String, String) = fork.query("RETURN [session::db(), $tenant]").await?.take(0)?;
    let same: (String, String) = origin.query("RETURN [session::db(), $tenant]").await?.take(0)?;
    println!("the fork has {seen:?}, its origin {same:?}");
    assert_eq!(same, ("acme".to_owned(), "acme".to_owned()));
    Ok(())
}

async fn ends(db: &Surreal, ada: Session, acme: &Session) -> Result<(), Box<dyn Error>> {
    println!("-- Closing a session does not affect the others");
    let clone = ada.clone();
    ada.close_session().await?;
    match clone.select::<Note>().await {
        Err(error) => println!("a clone of ada's handle: {error}"),
        Ok(notes) => return Err(format!("a closed session read {} notes", notes.len()).into()),
    }
    println!("{} sessions are open, and acme has {} note", db.sessions().await?.len(), count(acme).await?);
    Ok(())
}

/// Signs a new member up and opens a session for it.
async fn member(db: &Surreal, tenant: &str, email: &str) -> surreal_session::Result<Session> {
    let session = db.new_session().await?;
    session.signup(credentials(tenant, email)).await?;
    Ok(session)
}

fn credentials<'a>(tenant: &str, email: &'a str) -> RecordAccess<BTreeMap<&'a str, &'a str>> {
    let params = BTreeMap::from([("email", email), ("password", "correct horse")]);
    RecordAccess::new("tenants", tenant, "account", params)
}

/// The email of the record user that a session is signed in as.
async fn whoami(session: &Session) -> surreal_session::Result<Option<String>> {
    Ok(session.info::<Option<Account>>().await?.map(|account| account.email))
}

async fn count(session: &Session) -> surreal_session::Result<usize> {
    Ok(session.select::<Note>().await?.len())
}

fn show_place(session: &Session) {
    println!("namespace {:?}, database {:?}", session.namespace(), session.database());
}
