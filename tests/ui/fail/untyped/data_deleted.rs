//! A delete takes no data.
use surreal_session::prelude::*;

fn example(session: Session) {
    drop(session.untyped().delete(Table::new("user")).content([("age", 36)]));
}

fn main() {}
