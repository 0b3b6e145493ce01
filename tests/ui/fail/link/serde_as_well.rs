//! The derive implements the traits of serde itself.

include!("../../fixture.rs");

#[derive(Debug, Clone, Deserialize, LinkTo)]
enum Subject {
    User(Id<User>),
}
