//! Sessions at length: namespace, database, variables and identity of each are its own, on one shared socket.
//!
//! Run it with `cargo run --example sessions`; set `SURREAL_URL` to use a server of yours.

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

/// A note belongs to the account that wrote it, and nobody else sees it.
const SCHEMA: &str = "
    DEFINE TABLE OVERWRITE account SCHEMAFULL PERMISSIONS FOR select WHERE id = $auth.id;
    DEFINE FIELD OVERWRITE email ON account TYPE string;
    DEFINE FIELD OVERWRITE password ON account TYPE string PERMISSIONS NONE;
    DEFINE TABLE OVERWRITE note SCHEMAFULL PERMISSIONS FOR select, create, update, delete WHERE owner = $auth.id;
    DEFINE FIELD OVERWRITE owner ON note TYPE record<account> READONLY DEFAULT $auth.id;
    DEFINE FIELD OVERWRITE text ON note TYPE string;
    DEFINE ACCESS OVERWRITE account ON DATABASE TYPE RECORD
        SIGNUP (CREATE account SET email = $email, password = crypto::argon2::generate($password))
        SIGNIN (SELECT * FROM account WHERE email = $email AND crypto::argon2::compare(password, $password));
    DELETE account; DELETE note;
";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;

    println!("-- A new session is nobody, and nowhere");
    let fresh = db.new_session().await?;
    println!("namespace {:?}, database {:?}, user {:?}", fresh.namespace(), fresh.database(), whoami(&fresh).await?);

    println!("-- One session for each tenant");
    let mut tenants = BTreeMap::new();
    for tenant in ["acme", "globex"] {
        let root = server.root.clone();
        let session = db.new_session().signin(root).use_ns("tenants").use_db(tenant).set("tenant", tenant).await?;
        session.query(SCHEMA).await?.check()?;
        tenants.insert(tenant, session);
    }
    for (tenant, session) in &tenants {
        let seen: (String, String) = session.query("RETURN [session::db(), $tenant]").await?.take(0)?;
        println!("{tenant}: database and variable are {seen:?}");
    }

    println!("-- A record user beside root, on the same socket");
    let ada = member(&db, "acme", "ada@acme.example").await?;
    let bob = member(&db, "acme", "bob@acme.example").await?;
    let note = ada.create::<Note>().content(NewNote { text: "Buy a lamp".into() }).await?;
    println!("ada is {} and wrote {:?}", whoami(&ada).await?.unwrap_or_default(), note.text);
    println!("ada sees {} note, bob {}", ada.select::<Note>().await?.len(), bob.select::<Note>().await?.len());
    println!("root sees {} in acme, {} in globex", count(&tenants["acme"]).await?, count(&tenants["globex"]).await?);
    println!("bob asks for ada's note: {:?}", bob.select::<Note>().id(&note.id).await?);

    println!("-- Signing out changes one session");
    bob.invalidate().await?;
    println!("bob is {:?}, ada is still {}", whoami(&bob).await?, whoami(&ada).await?.unwrap_or_default());

    println!("-- A fork starts like its model and goes its own way");
    let fork = tenants["acme"].fork().await?;
    fork.use_db("globex").await?;
    fork.set("tenant", "fork of acme").await?;
    let seen: (String, String) = fork.query("RETURN [session::db(), $tenant]").await?.take(0)?;
    let model: (String, String) = tenants["acme"].query("RETURN [session::db(), $tenant]").await?.take(0)?;
    println!("the fork is at {seen:?}, its model at {model:?}");

    println!("-- Closing one leaves the others alone");
    let clone = ada.clone();
    ada.close_session().await?;
    match clone.select::<Note>().await {
        Err(error) => println!("a clone of ada's handle says: {error}"),
        Ok(notes) => return Err(format!("a closed session read {} notes", notes.len()).into()),
    }
    println!("{} sessions are open, and acme has {} note", db.sessions().await?.len(), count(&tenants["acme"]).await?);

    db.close().await?;
    println!("The connection is closed, and with it every session.");
    Ok(())
}

/// Signs a new member up and opens a session for it.
async fn member(db: &Surreal, tenant: &str, email: &str) -> Result<Session, surreal_session::Error> {
    let session = db.new_session().await?;
    let params = BTreeMap::from([("email", email), ("password", "correct horse")]);
    session.signup(RecordAccess::new("tenants", tenant, "account", params)).await?;
    Ok(session)
}

/// The email of the record user that a session is signed in as.
async fn whoami(session: &Session) -> Result<Option<String>, surreal_session::Error> {
    Ok(session.info::<Option<Account>>().await?.map(|account| account.email))
}

async fn count(session: &Session) -> Result<usize, surreal_session::Error> {
    Ok(session.select::<Note>().await?.len())
}
