//! Iterators have a method of their own, own what they give, and give new records.

include!("../../fixture.rs");

async fn example(session: Session, books: &[NewBook]) -> surreal_session::Result<()> {
    let titles = ["x", "y"].into_iter();
    session.insert(titles.clone().map(|title| ("x", NewBook { title: title.into(), pages: 1 }))).await?;
    session.insert_iter(titles).await?;
    session.insert_iter(books).await?;
    session.insert_iter((0..5).map(|pages| NewBook { title: "x".into(), pages })).await?;
    Ok(())
}
