//! Records are made one at a time.
use surreal_session::prelude::*;

fn example(session: Session) {
    let readings = Table::new("reading").range(1..9);
    drop(session.untyped().create(readings));
}

fn main() {}
