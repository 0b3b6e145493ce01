//! A view in a view is one of the object or the record that the field holds, and computed fields are SurrealQL.

include!("../../fixture.rs");

#[derive(Debug, Deserialize, View)]
#[record(of = Company)]
struct Name {
    name: String,
}

#[derive(Debug, Deserialize, View)]
#[record(of = User)]
struct Other {
    address: Name,
}

#[derive(Debug, Deserialize, View)]
#[record(of = User)]
struct Computed {
    #[record(expr = "count(<-wrote")]
    posts: u64,
    #[record(expr = "name", from = "name")]
    both: String,
}
