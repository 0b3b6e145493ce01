//! Indexes name fields of the model; only models are defined; computed fields are not written.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::schema::Schema;

fn main() {}

#[derive(Serialize, Deserialize, Record)]
#[record(index(fields(nmae)))]
struct Unknown {
    id: Id<Unknown>,
    name: String,
}

#[derive(Serialize, Deserialize, Record)]
struct Order {
    id: Id<Order>,
    price: i64,
    #[record(computed = "price * 2")]
    double: i64,
}

struct Plain;

async fn define(session: Session) {
    let _ = session.define::<Plain>().await;
    let _ = session.verify::<(Order, Plain)>().await;
    let _ = Schema::of::<Vec<Order>>();
    let _ = session.create::<Order>().content(NewOrder { price: 1, double: 2 }).await;
    let _ = session.update::<Order>().id("a").set(|o| o.double.set(1)).await;
}
