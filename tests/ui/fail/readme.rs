//! The README shows this error: a number is compared with a text.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

fn main() {}

async fn example(shop: Session) -> surreal_session::Result<()> {
    let adults = shop.select::<User>().filter(|u| u.age.gte("18")).await?;
    Ok(drop(adults))
}
