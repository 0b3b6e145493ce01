//! Text may hold any number of statements, and a RETURN in it would have those after it skipped.
use surreal_session::prelude::*;

async fn example(session: Session) -> surreal_session::Result<()> {
    session.batch((session.run::<i64>("count"), session.query("CREATE user"))).await?;
    Ok(())
}

fn main() {}
