//! The key type is the second parameter of the `id` field's type, however that is written.

use serde::Deserialize;
use surreal_session::prelude::*;

type InvoiceId = Id<Invoice, i64>;

#[derive(Deserialize, Record)]
#[expect(dead_code)]
struct Invoice {
    id: InvoiceId,
    replaces: Option<InvoiceId>,
}

#[derive(Deserialize, Record)]
struct Note {
    #[serde(rename = "id")]
    #[expect(dead_code)]
    key: surreal_session::prelude::Id<Self, String>,
}

fn main() {
    let _: <Invoice as Record>::Key = 1_i64;
    let _: <Note as Record>::Key = String::new();
    let _ = NewInvoice { replaces: Some(Id::new(1)) };
    let _ = NewNote {};
}
