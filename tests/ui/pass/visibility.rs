//! The generated struct and its fields are as visible as the record and its fields.

mod shop {
    use serde::{Deserialize, Serialize};
    use surreal_session::prelude::*;

    #[derive(Debug, Serialize, Deserialize, Record)]
    pub struct Product {
        pub id: Id<Product>,
        pub name: String,
        pub(crate) price: u32,
        #[record(readonly)]
        pub stock: u32,
    }

    #[derive(Debug, Serialize, Deserialize, Record)]
    pub(super) struct Order {
        id: Id<Order>,
        pub(in crate::shop) product: Id<Product>,
        note: Option<String>,
    }

    pub(super) fn order() -> NewOrder {
        NewOrder { product: Id::new("lamp"), note: None }
    }
}

fn main() {
    let _ = shop::NewProduct { name: "Lamp".into(), price: 3 };
    let _: shop::NewOrder = shop::order();
}
