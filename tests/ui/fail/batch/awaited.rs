//! What was awaited has run already.
use surreal_session::prelude::*;

async fn example(session: Session) -> surreal_session::Result<()> {
    let _ = session.batch(session.run::<i64>("count").await?);
    Ok(())
}

fn main() {}
