//! The record that a link leads to may be missing: its view is an `Option`.

include!("../../fixture.rs");

#[derive(Debug, Deserialize, View)]
#[record(of = Company)]
struct Name {
    name: String,
}

#[derive(Debug, Deserialize, View)]
#[record(of = User)]
struct Person {
    employer: Name,
}

fn example(session: Session) {
    let _ = session.select::<User>().view::<Person>();
}
