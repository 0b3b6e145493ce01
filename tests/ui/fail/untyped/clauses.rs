//! A write has one data clause, a delete has none, and only one record can be missing.

include!("../../fixture.rs");

async fn example(session: Session) -> surreal_session::Result<()> {
    let db = session.untyped();
    db.delete(Table::new("user")).content([("age", 36)]).await?;
    db.update(RecordId::new("user", "ada")).content([("age", 36)]).merge([("age", 37)]).await?;
    db.update(Table::new("user")).merge([("a", 1)]).return_diff().decode::<Value>().await?;
    db.delete(Table::new("user")).optional().await?;
    db.update(RecordId::new("user", "ada")).await?;
    Ok(())
}
