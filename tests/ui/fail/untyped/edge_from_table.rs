//! An edge goes from one record to one record.
use surreal_session::prelude::*;

fn example(session: Session) {
    drop(session.untyped().relate(Table::new("user"), Table::new("wrote"), RecordId::new("post", 1)));
}

fn main() {}
