//! The schema of a database comes from its models: define it, find a drift, and migrate what needs a decision.
//!
//! `cargo run --example schema` starts a server in this process. Set `SURREAL_URL` to use your own server.

use std::error::Error;

use serde::{Deserialize, Serialize};
use surreal_session::migrate;
use surreal_session::migration::Migrations;
use surreal_session::prelude::*;
use surreal_session::schema::{Definition, Item, Schema};
use surreal_session_examples::Server;

/// The analyzer of the full-text index, as an item beside the models.
struct English;

impl Definition for English {
    const ITEM: Item = Item::analyzer("english", "TOKENIZERS class FILTERS lowercase, snowball(english)");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
#[serde(rename_all = "snake_case")]
enum Role {
    Reader,
    Author,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Address {
    city: String,
    #[record(assert = "$value = NONE OR string::len($value) = 5")]
    zip: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
#[record(schemafull, index(fields(address.city, name)))]
struct User {
    id: Id<User>,
    name: String,
    #[record(unique, value = "string::lowercase($value)", assert = "string::is_email($value)")]
    email: String,
    #[record(default = "'reader'")]
    role: Role,
    address: Option<Address>,
    #[record(readonly, default = "time::now()")]
    joined: Datetime,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
#[record(schemafull)]
struct Post {
    id: Id<Post>,
    #[record(reference = "cascade")]
    author: Id<User>,
    title: String,
    #[record(fulltext(analyzer = "english"))]
    body: String,
    #[record(computed = "string::words(body).len()")]
    words: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
#[record(relation, enforced)]
struct Likes {
    id: Id<Likes>,
    r#in: Id<User>,
    out: Id<Post>,
}

type Models = (English, User, Post, Likes);

/// The files in `migrations`, beside the package's `Cargo.toml`.
static MIGRATIONS: Migrations = migrate!("migrations");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;
    let session = db.new_session().signin(server.root.clone()).use_ns("schema").use_db("blog").await?;
    session.execute("REMOVE DATABASE IF EXISTS blog; DEFINE DATABASE blog; USE DB blog").await?;

    println!("The schema of the models has {} statements.", Schema::of::<Models>().to_surql().lines().count());
    let report = session.define::<Models>().await?.check()?;
    println!("Defined it with {} changes; again, it is: {}.", report.changes.len(), session.define::<Models>().await?);

    let new = NewUser { name: "Ada".into(), email: "Ada@Example.com".into(), role: None, address: None };
    let ada = session.create::<User>().id("ada").content(new).await?;
    println!("{} is a {:?} with the address {}.", ada.name, ada.role, ada.email);
    let post = NewPost { author: ada.id.clone(), title: "Engines".into(), body: "They run on numbers".into() };
    let post = session.create::<Post>().content(post).await?;
    println!("The post has {} words, which the server counts.", post.words);

    println!("\nSomebody changes the database by hand:");
    session
        .execute(
            "ALTER FIELD name ON user TYPE string | int; \
             UPDATE user:ada SET name = 7; \
             DEFINE FIELD nickname ON user TYPE option<string>; \
             REMOVE INDEX email_unique ON user",
        )
        .await?;
    print!("{}", session.verify::<Models>().await?);

    println!("\n`define` does what loses nothing:");
    let report = session.define::<Models>().await?;
    print!("{report}");
    assert_eq!((report.changes.len(), report.pending.len()), (1, 2));

    println!("\nThe rest needs a decision, which a migration holds:");
    print!("{}", MIGRATIONS.run(&session).await?);
    print!("{}", session.define::<Models>().await?.check()?);
    print!("{}", MIGRATIONS.status(&session).await?);
    println!("Now {}.", session.verify::<Models>().await?);
    Ok(())
}
