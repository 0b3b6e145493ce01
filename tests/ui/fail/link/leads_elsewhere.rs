//! A link is made from an id of a record that it leads to.

include!("../../fixture.rs");

#[derive(Debug, Clone, LinkTo)]
enum Subject {
    User(Id<User>),
    Post(Id<Post>),
}

fn subject(company: Id<Company>) -> Subject {
    company.into()
}
