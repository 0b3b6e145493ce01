//! A view has fields of its record.

include!("../../fixture.rs");

#[derive(Deserialize, View)]
#[record(of = User)]
struct Shown {
    nmae: String,
    #[record(from = "name.first")]
    first: String,
    #[record(from = "address.town")]
    town: String,
}
