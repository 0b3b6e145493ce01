//! A view is read with serde: `Deserialize` is needed beside `View`.

include!("../../fixture.rs");

#[derive(View)]
#[record(of = User)]
struct Shown {
    name: String,
}
