//! A table gives any number of records, and none of them is missing.
use surreal_session::prelude::*;

fn example(session: Session) {
    drop(session.untyped().delete(Table::new("user")).optional());
}

fn main() {}
