//! A view takes fields of its record by their names in Rust, and calls them what it likes.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

mod models {
    use super::*;

    #[derive(Debug, Clone, Serialize, Deserialize, Object)]
    pub struct Address {
        pub city: String,
    }

    #[derive(Debug, Serialize, Deserialize, Record)]
    pub struct User<T = u8> {
        pub id: Id<User<T>>,
        #[serde(rename = "full name")]
        pub name: String,
        pub address: Option<Address>,
        pub data: T,
    }
}

#[derive(Debug, Deserialize, View)]
#[record(of = models::User)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Card {
    id: Id<models::User>,
    #[record(from = "name")]
    called_by_others: String,
    #[record(from = "address.city")]
    city: Option<String>,
    #[serde(skip)]
    seen: bool,
}

#[derive(Debug, Deserialize, View)]
#[record(of = "models::User<Vec<T>>")]
#[serde(bound = "")]
struct Data<T: Serialize + for<'a> Deserialize<'a> + 'static>
where
    T: Clone + std::fmt::Debug,
{
    data: Vec<T>,
}

fn record<V: View<Record: Record>>() -> &'static str {
    V::Record::TABLE
}

fn main() {
    assert_eq!([record::<Card>(), record::<Data<u8>>()], ["user", "user"]);
}
