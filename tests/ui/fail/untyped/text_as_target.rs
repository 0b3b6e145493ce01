//! Text could be a table's name or a record's id.
use surreal_session::prelude::*;

async fn example(session: Session) -> surreal_session::Result<()> {
    let db = session.untyped();
    db.select("user:ada").await?;
    db.create("user");
    db.relate("user:ada", Table::new("wrote"), "post:1");
    Ok(())
}

fn main() {}
