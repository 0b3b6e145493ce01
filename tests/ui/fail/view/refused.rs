//! A view names its record and the fields that it shows.

include!("../../fixture.rs");

#[derive(Deserialize, View)]
struct WithoutOf {
    name: String,
}

#[derive(Deserialize, View)]
#[record(of = "the user")]
struct OfText {
    name: String,
}

#[derive(Deserialize, View)]
#[record(of = User)]
struct Fields {
    #[serde(flatten)]
    address: Address,
    #[record(from = "address[0]")]
    town: String,
}
