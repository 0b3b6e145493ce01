//! A write has one data clause.
use surreal_session::prelude::*;

fn example(session: Session) {
    let ada = session.untyped().update(RecordId::new("user", "ada"));
    drop(ada.content([("age", 36)]).merge([("age", 37)]));
}

fn main() {}
