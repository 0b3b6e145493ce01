//! A connection is opened with `connect`, and a session with `new_session`.

use surreal_session::prelude::*;

async fn example() -> surreal_session::Result<()> {
    let db = Surreal::new("ws://127.0.0.1:8000").await?;
    let session = Session::new("ws://127.0.0.1:8000").await?;
    drop((db, session));
    Ok(())
}

fn main() {}
