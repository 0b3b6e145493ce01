//! A field of a view has the type that it has in the record, optional if it may be missing there.

include!("../../fixture.rs");

#[derive(Deserialize, View)]
#[record(of = User)]
struct Shown {
    age: String,
    employer: Id<Company>,
}

#[derive(Deserialize, View)]
#[record(of = Level)]
struct OfNoObject {
    city: String,
}
