//! The server makes keys that are text, and no uuids: the edge could not be read.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::value::Uuid;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[record(relation)]
struct Knows {
    id: Id<Knows, Uuid>,
    r#in: Id<User>,
    out: Id<User>,
}

async fn example(session: Session, edge: NewKnows) -> surreal_session::Result<()> {
    session.relate(edge).await?;
    Ok(())
}

fn main() {}
