//! A reference is a field of the record itself that holds ids of the records before.

include!("../../fixture.rs");

async fn example(session: &Session, ada: &User, post: &Post) -> surreal_session::Result<()> {
    let _ = session.traverse(&post.id).referenced_by::<Post>().via(|p| p.author);
    let _ = session.traverse(&ada.id).referenced_by::<Post>().via(|p| p.title);
    let _ = session.traverse(&ada.id).referenced_by::<Post>().via(|p| p.meta.editor);
    session.traverse(&ada.id).referenced_by::<Post>().await?;
    Ok(())
}
