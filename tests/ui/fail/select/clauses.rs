//! A select has the clauses that change its result.

include!("../../fixture.rs");

async fn example(session: Session) -> surreal_session::Result<()> {
    session.select::<User>().id("ada").limit(1).await?;
    session.select::<User>().ids(["ada", "bob"]).limit(1).await?;
    session.select::<User>().count().limit(20).await?;
    session.select::<User>().id("ada").order_by(|u| u.name.asc()).await?;
    session.select::<User>().count().fetch(|u| u.employer).await?;
    // Only records that are named by their ids can be locked.
    session.select::<User>().for_update().await?;
    // Several records are named in one list.
    session.select::<User>().id("ada").id("bob").await?;
    Ok(())
}
