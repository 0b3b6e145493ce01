//! Rust models from a database that exists already.
//!
//! `SURREAL_URL=ws://localhost:8000 cargo run --example generate_models -- my_namespace my_database > src/models.rs` writes the
//! models of your database; `SURREAL_USER` and `SURREAL_PASS` name a user who may see its schema. Without arguments, it shows
//! the models of a small shop in a server of its own.

#[expect(unreachable_pub, reason = "the file is used by tests as well")]
#[path = "generate_models/models.rs"]
mod models;

use std::env;
use std::error::Error;

use surreal_session::prelude::*;
use surreal_session_examples::Server;

const SHOP: &str = "
    DEFINE TABLE customer TYPE NORMAL SCHEMAFULL;
    DEFINE FIELD name ON customer TYPE string ASSERT string::len($value) > 0;
    DEFINE FIELD email ON customer TYPE option<string>;
    DEFINE INDEX customer_email ON customer FIELDS email UNIQUE;
    DEFINE TABLE product TYPE NORMAL SCHEMAFULL;
    DEFINE FIELD price ON product TYPE decimal;
    DEFINE FIELD state ON product TYPE 'draft' | 'on sale' DEFAULT 'draft';
    DEFINE TABLE bought TYPE RELATION IN customer OUT product SCHEMAFULL;
    DEFINE FIELD at ON bought TYPE datetime DEFAULT time::now() READONLY;
";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;
    let session = db.new_session().signin(server.root.clone()).await?;
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [namespace, database] => session.use_ns(namespace).use_db(database).await?,
        _ => {
            session.use_ns("generate_models").use_db("shop").await?;
            session.execute("REMOVE DATABASE IF EXISTS shop; DEFINE DATABASE shop; USE DB shop").await?;
            session.execute(SHOP).await?;
        }
    }
    print!("{}", models::generate(&session).await?);
    Ok(())
}
