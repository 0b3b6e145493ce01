//! All or nothing has one result.
use surreal_session::prelude::*;

async fn example(session: Session) -> surreal_session::Result<()> {
    session.batch((session.run::<i64>("count"),)).atomic().settle().await?;
    Ok(())
}

fn main() {}
