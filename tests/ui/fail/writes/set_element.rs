//! An element that may not be there is changed by a patch, which then fails, and not by an assignment.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    tags: Vec<String>,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.update::<User>().id("ada").set(|u| u.tags.at::<0>().set("first")).await?;
    Ok(())
}

fn main() {}
