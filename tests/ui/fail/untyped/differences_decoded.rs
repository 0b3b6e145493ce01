//! Differences are operations, and no records that could be decoded.

use surreal_session::prelude::*;

async fn example(session: Session) -> surreal_session::Result<()> {
    session.untyped().update(Table::new("user")).merge([("a", 1)]).return_diff().decode::<Value>().await?;
    Ok(())
}

fn main() {}
