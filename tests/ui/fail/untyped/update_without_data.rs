//! An update has to say what to write.
use surreal_session::prelude::*;

async fn example(session: Session) -> surreal_session::Result<()> {
    session.untyped().update(RecordId::new("user", "ada")).await?;
    Ok(())
}

fn main() {}
