//! Groups have aggregates, of fields that can be added up or compared.

include!("../../fixture.rs");

async fn example(session: Session) -> surreal_session::Result<()> {
    session.select::<User>().group_by(|u| u.level).await?;
    session.select::<User>().group_by(|u| u.level).aggregate(|u| u.age).await?;
    session.select::<User>().aggregate(|u| (count(), u.name.sum())).await?;
    session.select::<User>().aggregate(|u| u.address.max()).await?;
    session.select::<User>().group_by(|u| u.level).aggregate(|u| u.age.sum()).having(|_, sum| sum.gt("many")).await?;
    Ok(())
}
