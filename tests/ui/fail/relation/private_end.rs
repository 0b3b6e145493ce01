//! The ends of an edge, and the record of a view, are as visible as the struct.

mod rooms {
    use serde::{Deserialize, Serialize};
    use surreal_session::prelude::*;

    #[derive(Serialize, Deserialize, Record)]
    struct User {
        id: Id<User>,
    }

    #[derive(Serialize, Deserialize, Record)]
    #[record(relation)]
    pub struct Visit {
        id: Id<Visit>,
        r#in: Id<User>,
        out: Id<User>,
    }

    #[derive(Deserialize, View)]
    #[record(of = User)]
    pub struct Card {
        id: Id<User>,
    }
}

fn main() {}
