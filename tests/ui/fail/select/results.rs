//! A select is awaited, and gives a `Vec` unless one record is named.

include!("../../fixture.rs");

async fn example(session: Session) -> surreal_session::Result<()> {
    let _: Vec<User> = session.select::<User>();
    let _: Option<User> = session.select::<User>().filter(|u| u.name.eq("Ada")).await?;
    session.select::<Level>().await?;
    Ok(())
}
