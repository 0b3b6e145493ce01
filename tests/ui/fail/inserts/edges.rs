//! An edge is made from new data with both ends, by `relate` or `insert(..).relation()`.

include!("../../fixture.rs");

async fn example(session: Session, ada: User, wrote: Wrote, new: NewWrote) -> surreal_session::Result<()> {
    session.create::<Wrote>();
    session.insert(vec![new]).await?;
    session.insert(vec![NewCompany { name: "x".into() }]).relation().await?;
    session.relate((&ada.id, &ada.id)).await?;
    session.relate(NewCompany { name: "x".into() }).await?;
    session.relate(wrote).await?;
    Ok(())
}
