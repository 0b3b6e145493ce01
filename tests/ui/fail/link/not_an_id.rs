//! A variant is the id of a record.

include!("../../fixture.rs");

#[derive(Debug, Clone, LinkTo)]
enum Subject {
    User(Id<User>),
    Text(String),
}
