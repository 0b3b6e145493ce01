//! Rows are new records in a `Vec` or an array, alone or with ids of that record.

include!("../../fixture.rs");

async fn example(session: Session, book: Book, books: &[NewBook]) -> surreal_session::Result<()> {
    session.insert(vec![book]).await?;
    session.insert(vec![("name", "Ada")]).await?;
    session.insert(5).await?;
    session.insert(books).await?;
    session.insert([("five", NewBook { title: "x".into(), pages: 1 })]).await?;
    // The server does not generate keys of type `i64`.
    session.insert(vec![NewBook { title: "x".into(), pages: 1 }]).await?;
    Ok(())
}
