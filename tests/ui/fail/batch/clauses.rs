//! A batch takes builders that were not awaited, and has one result or several.

include!("../../fixture.rs");

async fn example(session: Session) -> surreal_session::Result<()> {
    session.batch((session.run::<i64>("count"),)).atomic().settle().await?;
    session.batch(session.run::<i64>("count").await?).await?;
    Ok(())
}
