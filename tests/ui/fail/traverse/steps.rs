//! A step follows edges in their direction to the records at their ends.

include!("../../fixture.rs");

async fn example(session: &Session, ada: &User, post: &Post) -> surreal_session::Result<()> {
    let _ = session.traverse(&ada.id).out::<Post>().to::<Post>();
    let _ = session.traverse(&ada.id).out::<Wrote>().to::<User>();
    let _ = session.traverse(&post.id).out::<Wrote>().to::<Post>();
    let _ = session.traverse(&ada.id).in_::<Wrote>().to::<User>();
    let _ = session.traverse(&ada.id).filter(|u| u.name.eq("Ada")).out::<Wrote>();
    let _ = session.traverse(&ada.id).depth(1..=3);
    let _ = session.traverse(&ada.id).out::<Wrote>().to::<Post>().depth(1..=3);
    // Without `to`, the edges are read.
    let _: Vec<Post> = session.traverse(&ada.id).out::<Wrote>().await?;
    Ok(())
}
