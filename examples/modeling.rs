//! Models: typed keys, nested objects, enums, links, optional fields, and fields that the server sets.
//!
//! `cargo run --example modeling` starts a server in this process. Set `SURREAL_URL` to use your own server.

use std::error::Error;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::value::Uuid;
use surreal_session_examples::Server;

/// A record whose keys sort by the time of their creation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Order {
    id: Id<Order, Uuid>,
    customer: Id<Customer>,
    state: State,
    lines: Vec<Line>,
    /// Optional in `NewOrder`: the table's DEFAULT applies if it is left out.
    #[record(default)]
    currency: String,
    /// A type of the standard library, stored as the server's duration.
    #[serde(with = "surreal_session::value::with::std_duration")]
    patience: Duration,
    note: Option<String>,
    #[record(readonly)]
    placed_at: Datetime,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Customer {
    id: Id<Customer>,
    name: String,
    address: Address,
}

/// A nested object, whose fields paths and patches can reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
#[serde(rename_all = "camelCase")]
struct Address {
    street_name: String,
    city: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Line {
    product: String,
    price: u32,
}

/// An enum needs only serde.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum State {
    Open,
    Shipped { parcel: String },
}

/// A key with several parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Place {
    shelf: String,
    number: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Stock {
    id: Id<Stock, Place>,
    count: u32,
}

/// The fields of an order that a list shows.
#[derive(Debug, PartialEq, Deserialize, View)]
#[record(of = Order)]
struct Summary {
    state: State,
    #[record(from = "customer.name")]
    customer: Option<String>,
    #[record(from = "customer.address.city")]
    city: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;
    let session = db.new_session().signin(server.root.clone()).use_ns("examples").use_db("modeling").await?;
    let schema = "REMOVE TABLE IF EXISTS order; REMOVE TABLE IF EXISTS customer; REMOVE TABLE IF EXISTS stock;
        DEFINE TABLE order; DEFINE TABLE customer; DEFINE TABLE stock;
        DEFINE FIELD currency ON order TYPE string DEFAULT 'EUR';
        DEFINE FIELD placed_at ON order TYPE datetime READONLY DEFAULT time::now()";
    session.execute(schema).await?;

    let address = Address { street_name: "Main St".into(), city: "London".into() };
    let ada = session.create::<Customer>().id("ada").content(NewCustomer { name: "Ada".into(), address }).await?;

    let new = NewOrder {
        customer: ada.id.clone(),
        state: State::Open,
        lines: vec![Line { product: "Lamp".into(), price: 2_450 }, Line { product: "Bulb".into(), price: 300 }],
        currency: None,
        patience: Duration::from_hours(72),
        note: None,
    };
    let placed = session.create::<Order>().id(Id::generate()).content(new).await?;
    println!("Ada ordered {} things in {}, at {}.", placed.lines.len(), placed.currency, placed.placed_at);

    // A patch made of two values contains only the fields that differ.
    let mut changed = placed.clone();
    changed.state = State::Shipped { parcel: "P1".into() };
    changed.note = Some("behind the door".into());
    let update = session.update::<Order>().id(placed.id).merge(OrderPatch::diff(&placed, &changed));
    println!("The difference is `{}`.", update.to_surql());
    assert_eq!(update.await?, changed);

    // A patch can change one field of a nested object and keep the others.
    let moved = CustomerPatch { address: merge(AddressPatch { city: set("Paris".into()), ..keep() }), ..keep() };
    let ada = session.update::<Customer>().id(&ada.id).merge(moved).await?;
    println!("Ada moved to {} in {}.", ada.address.street_name, ada.address.city);

    let expensive = session.select::<Order>().filter(|o| o.lines.any(|line| line.price.gt(1_000)) & o.note.is_some());
    println!("{} order has an expensive line.", expensive.clone().count().await?);
    let patient = expensive.filter(|o| o.patience.gte(Duration::from_hours(24)));
    println!("{} of those can wait a day.", patient.count().await?);
    for Summary { state, customer, city } in session.select::<Order>().view::<Summary>().await? {
        println!("A summary: {state:?} for {} in {}.", customer.unwrap_or_default(), city.unwrap_or_default());
    }

    let place = Place { shelf: "A".into(), number: 7 };
    let stock = session.create::<Stock>().id(place.clone()).content(NewStock { count: 12 }).await?;
    session.update::<Stock>().id(place.clone()).set(|s| s.count.sub(2)).await?;
    let left = session.select::<Stock>().id(place).await?.map_or(0, |stock| stock.count);
    println!("At {} there are {left} left.", stock.id);
    session.close_session().await?;
    db.close().await?;
    Ok(())
}
