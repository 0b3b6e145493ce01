//! Two isolated sessions on one socket: different databases, different users, typed records in both.
//!
//! `cargo run --example quickstart` starts a server in this process. Set `SURREAL_URL` to use your own server.

use std::error::Error;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_examples::Server;

#[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
struct Product {
    id: Id<Product>,
    name: String,
    #[serde(rename = "price_cents")]
    price: u32,
    note: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;
    println!("Connected to {}.", db.version().await?);

    // Root runs the shop. The user `baker` may only use the bakery's database.
    let shop = db.new_session().signin(server.root.clone()).use_ns("quickstart").use_db("shop").await?;
    shop.execute("DEFINE DATABASE IF NOT EXISTS bakery").await?;
    let admin = shop.fork().await?;
    admin.use_db("bakery").await?;
    admin.execute("DEFINE USER OVERWRITE baker ON DATABASE PASSWORD 'rye' ROLES EDITOR").await?;
    admin.close_session().await?;
    let bakery = db.new_session().signin(Database::new("quickstart", "bakery", "baker", "rye")).await?;
    println!("Opened two sessions on one socket: root in `shop`, baker in `bakery`.");

    for session in [&shop, &bakery] {
        session.execute("DEFINE TABLE OVERWRITE product; DELETE product").await?;
    }
    let lamp = NewProduct { name: "Lamp".into(), price: 2_450, note: None };
    let lamp = shop.create::<Product>().id("lamp").content(lamp).await?;
    println!("The shop created {} ({}, {} cents).", lamp.id, lamp.name, lamp.price);

    let bread = NewProduct { name: "Rye bread".into(), price: 380, note: Some("still warm".into()) };
    let bread = bakery.create::<Product>().content(bread).await?;
    println!("The bakery created {}, with an id that the server generated.", bread.name);

    let found = bakery.select::<Product>().id(&bread.id).await?;
    assert_eq!(found.as_ref(), Some(&bread));
    println!("The bakery reads it back: {}.", found.and_then(|product| product.note).unwrap_or_default());

    assert_eq!(bakery.select::<Product>().id("lamp").await?, None);
    println!("The bakery does not find the lamp, which is in another database.");
    assert_eq!(shop.select::<Product>().await?, [lamp]);
    println!("The shop finds only the lamp.");

    match bakery.use_db("shop").await {
        Err(error) => println!("The baker tries to enter the shop: {error}."),
        Ok(()) => return Err("the baker entered the shop".into()),
    }

    bakery.close_session().await?;
    println!("The bakery closed its session; the shop still has {} product.", shop.select::<Product>().await?.len());
    shop.close_session().await?;
    db.close().await?;
    println!("Both sessions and the connection are closed.");
    Ok(())
}
