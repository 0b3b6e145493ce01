//! A condition is SurrealQL that the program contains, and not text that is made at run time.

include!("../../fixture.rs");

async fn example(session: Session, text: String) -> surreal_session::Result<()> {
    let db = session.untyped();
    db.select(Table::new("user")).filter(text.clone()).await?;
    // A number is none either.
    db.delete(Table::new("user")).filter(18).await?;
    db.select(RecordId::new("user", "ada")).order_by("age").await?;
    db.select(Table::new("user")).fields("name").await?;
    db.live(Table::new("user")).filter(text).await?;
    Ok(())
}
