//! Only a create with an id can find that the record exists, and only an upsert does not know whether it creates.

include!("../../fixture.rs");

async fn example(session: Session, new: NewBook) -> surreal_session::Result<()> {
    session.create::<Book>().if_absent().content(new.clone()).await?;
    session.create::<Book>().id(1).content(new.clone()).if_absent().await?;
    session.update::<Book>().id(1).merge(BookPatch::default()).return_created().await?;
    session.update::<Book>().each([(1, new)]).await?;
    Ok(())
}
