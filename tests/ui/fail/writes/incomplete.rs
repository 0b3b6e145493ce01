//! A write says which records it is about and what it writes, before it is awaited.

include!("../../fixture.rs");

async fn example(session: Session) -> surreal_session::Result<()> {
    session.create::<User>().await?;
    session.create::<Book>().await?;
    session.create::<User>().id("ada").await?;
    session.create::<Book>().content(NewBook { title: "x".into(), pages: 1 }).await?;
    session.update::<User>().id("ada").await?;
    session.update::<User>().merge(UserPatch { age: set(37), ..keep() }).await?;
    session.upsert::<Book>().content(NewBook { title: "x".into(), pages: 1 }).await?;
    session.upsert::<Book>().filter(|b| b.pages.eq(1)).content(NewBook { title: "x".into(), pages: 1 }).await?;
    session.delete::<User>().await?;
    let _: User = session.update::<User>().id("ada").set(|u| u.age.add(1));
    Ok(())
}
