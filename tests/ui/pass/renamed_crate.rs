//! The runtime crate may be reached by another path.

mod app {
    pub use surreal_session as database;
}

#[derive(serde::Deserialize, app::database::Record)]
#[record(crate = "crate::app::database")]
#[expect(dead_code)]
struct User {
    id: app::database::prelude::Id<User>,
    name: String,
}

fn main() {
    let new = serde_json::to_value(NewUser { name: "Ada".into() }).unwrap();
    assert_eq!(new, serde_json::json!({ "name": "Ada" }));
}
