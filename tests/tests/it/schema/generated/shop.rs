//! Models of a database, generated from its schema.

#![allow(missing_docs, reason = "generated")]

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
#[allow(unused_imports, reason = "not every database has analyzers")]
use surreal_session::schema::{Definition, Item};

/// All definitions, as for `session.verify::<All>()`.
pub type All = ((English, Bought, Customer, Product, Account),);

#[derive(Debug)]
pub struct English;

impl Definition for English {
    const ITEM: Item = Item::analyzer("english", "TOKENIZERS CLASS FILTERS LOWERCASE, SNOWBALL(ENGLISH)");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(
    table = "bought",
    schemafull,
    relation,
    enforced,
    permissions(create = "full", delete = "full", select = "full", update = "full")
)]
pub struct Bought {
    pub id: Id<Bought>,
    pub r#in: Id<Customer>,
    pub out: BoughtOut,
    #[record(type = "number", default = "1")]
    pub amount: Value,
}

#[derive(Debug, Clone, PartialEq, LinkTo)]
pub enum BoughtOut {
    Product(Id<Product, i64>),
    Customer(Id<Customer>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "customer", schemafull, permissions(create = "none", delete = "none", select = "id = $auth.id", update = "none"), changefeed = "3d", comment = "people", index(fields(address.city, name), name = "by_place", comment = "where"), index(count, name = "counted"), index(fields(email), unique, name = "customer_email"))]
pub struct Customer {
    pub id: Id<Customer>,
    pub address: CustomerAddress,
    #[record(type = "none | record<nowhere>")]
    pub anywhere: Option<RecordId>,
    #[record(default = "time::now()", readonly)]
    pub at: Datetime,
    #[record(reference = "unset")]
    pub best: Option<CustomerBest>,
    #[record(value = "string::lowercase($value ?? '')")]
    pub email: Option<String>,
    #[record(computed = "name + '!'")]
    pub full: Value,
    pub meta: std::collections::BTreeMap<String, Value>,
    #[record(assert = "string::len($value) > 0", comment = "it's the name")]
    pub name: String,
    pub phones: Vec<CustomerPhones>,
    #[record(permissions(create = "full", select = "none", update = "full"))]
    pub secret: Option<String>,
    #[record(type = "string | int")]
    #[serde(rename = "some thing")]
    pub some_thing: Value,
    pub r#type: surreal_session::value::Set<String>,
    #[record(default_always = "0")]
    pub visits: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
pub struct CustomerAddressGeo {
    #[record(type = "geometry<point>")]
    pub point: surreal_session::value::Geometry,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
pub struct CustomerAddress {
    pub city: String,
    pub geo: Option<CustomerAddressGeo>,
}

#[derive(Debug, Clone, PartialEq, LinkTo)]
pub enum CustomerBest {
    Product(Id<Product, i64>),
    Customer(Id<Customer>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
pub enum CustomerPhonesKind {
    #[serde(rename = "home")]
    Home,
    #[serde(rename = "work")]
    Work,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
pub struct CustomerPhones {
    pub kind: CustomerPhonesKind,
    pub number: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "product", schemaless)]
pub struct Product {
    #[record(type = "int")]
    pub id: Id<Product, i64>,
    pub any: Value,
    #[record(fulltext(name = "text", analyzer = "english", bm25 = "1.3,0.7", highlights))]
    pub body: String,
    #[record(
        type = "array<float, 3>",
        hnsw(name = "vector", dimension = 3, distance = "COSINE", type = "F32", efc = 150, m = 12)
    )]
    pub embedding: Vec<f64>,
    pub matrix: Vec<Vec<f64>>,
    pub price: surreal_session::value::Decimal,
    #[record(default = "'draft'")]
    pub state: ProductState,
    pub tags: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
pub enum ProductState {
    #[serde(rename = "draft")]
    Draft,
    #[serde(rename = "on sale")]
    OnSale,
}

#[derive(Debug)]
pub struct Account;

impl Definition for Account {
    const ITEM: Item = Item::record_access("account")
        .signup("(CREATE customer SET name = $name)")
        .signin("(SELECT * FROM customer WHERE name = $name)")
        .durations("FOR TOKEN 15m, FOR SESSION 12h");
}
