//! Every verb on typed records: a small library with readers, books and loans.
//!
//! `cargo run --example crud` starts a server in this process. Set `SURREAL_URL` to use your own server.

use std::error::Error;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::query::PatchOp;
use surreal_session_examples::Server;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Reader {
    id: Id<Reader>,
    name: String,
    #[serde(rename = "mail")]
    email: Option<String>,
    loans: u32,
    address: Address,
    #[record(readonly)]
    joined_at: Datetime,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Address {
    street: String,
    city: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Book {
    id: Id<Book, i64>,
    title: String,
    pages: u32,
    tags: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Borrowed {
    id: Id<Borrowed>,
    r#in: Id<Reader>,
    out: Id<Book, i64>,
    weeks: u8,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;
    let library = db.new_session().signin(server.root.clone()).use_ns("crud").use_db("library").await?;
    let schema = "
        REMOVE TABLE IF EXISTS reader; REMOVE TABLE IF EXISTS book; REMOVE TABLE IF EXISTS borrowed;
        DEFINE TABLE reader; DEFINE FIELD joined_at ON reader TYPE datetime READONLY DEFAULT time::now();
        DEFINE TABLE borrowed TYPE RELATION IN reader OUT book;
    ";
    library.execute(schema).await?;

    let ada = readers(&library).await?;
    books(&library).await?;
    loans(&library, &ada).await?;

    library.close_session().await?;
    db.close().await?;
    Ok(())
}

/// One record: create it, change parts of it, and change it only if its value is still known.
async fn readers(library: &Session) -> surreal_session::Result<Reader> {
    let address = Address { street: "St James's Square".into(), city: "London".into() };
    let new = NewReader { name: "Ada".into(), email: None, loans: 0, address };
    let ada = library.create::<Reader>().id("ada").content(new).await?;
    println!("{} joined on {}.", ada.name, ada.joined_at);

    let moved = AddressPatch { city: set("Paris".into()), ..keep() };
    let patch = ReaderPatch { email: set(Some("ada@example.com".into())), address: merge(moved), ..keep() };
    let ada = library.update::<Reader>().id(&ada.id).merge(patch).await?;
    println!("She lives in {}, still at {}.", ada.address.city, ada.address.street);

    let unchanged = library.update::<Reader>().id(&ada.id).filter(|r| r.loans.eq(ada.loans));
    let ada = unchanged.set(|r| (r.loans.add(1), r.email.unset())).await?;
    match library.update::<Reader>().id(&ada.id).filter(|r| r.loans.eq(0)).set(|r| r.loans.set(9)).optional().await? {
        Some(_) => println!("This would have been a lost update."),
        None => println!("An update that expects no loans changes nothing: she has {}.", ada.loans),
    }

    let changes =
        library.update::<Reader>().id(&ada.id).patch(|r| [PatchOp::test(r.loans, 1), PatchOp::replace(r.loans, 0)]);
    println!("A patch changed {:?}.", changes.return_diff().await?.iter().map(PatchOp::path).collect::<Vec<_>>());
    match library.update::<Reader>().id("eve").set(|r| r.loans.add(1)).await {
        Err(error) if error.is_not_found() => println!("A missing record is an error: {error}."),
        other => println!("Unexpected: {other:?}"),
    }
    library.select::<Reader>().id(&ada.id).one().await
}

/// Many records: insert, find, change and delete them by conditions.
async fn books(library: &Session) -> surreal_session::Result<()> {
    let book = |title: &str, pages| NewBook { title: title.into(), pages, tags: vec!["new".into()] };
    let rows =
        vec![(1, book("Sketch of the Analytical Engine", 66)), (2, book("Frankenstein", 280)), (3, book("Emma", 474))];
    let books = library.insert(rows.clone()).await?;
    println!("{} books are on the shelf.", books.len());
    let again = library.insert(rows).on_duplicate(|b| b.tags.push("twice"));
    println!(
        "Inserted once more, {} of them are marked.",
        again.await?.iter().filter(|book| book.tags.len() == 2).count()
    );

    let long = library.select::<Book>().filter(|b| b.pages.gte(100)).order_by(|b| b.pages.desc()).await?;
    println!("Long ones: {}.", long.iter().map(|book| book.title.as_str()).collect::<Vec<_>>().join(", "));
    let short = library.update::<Book>().filter(|b| b.pages.lt(100)).set(|b| b.tags.push("short")).await?;
    println!("{} is tagged {:?}.", short[0].title, short[0].tags);
    let fourth = library.upsert::<Book>().id(4).content(book("Cecilia", 900)).await?;
    let shortened = NewBook { title: fourth.title, pages: 941, tags: vec![] };
    let fourth = library.upsert::<Book>().id(4).replace(shortened).await?;
    println!("{} was added, and corrected to {} pages.", fourth.title, fourth.pages);
    let gone = library.delete::<Book>().filter(|b| b.title.eq("Emma") & b.tags.contains("twice")).await?;
    println!("{} was given away.", gone[0].title);
    Ok(())
}

/// Edges, which lead only from a reader to a book.
async fn loans(library: &Session, ada: &Reader) -> surreal_session::Result<()> {
    let borrowed = |book: i64, weeks| NewBorrowed { r#in: ada.id.clone(), out: Id::new(book), weeks };
    let first = library.relate(borrowed(1, 2)).await?;
    let more = library.insert(vec![borrowed(2, 4)]).relation().await?;
    println!("Ada borrows {} and {}.", first.out, more[0].out);

    let longer = library.update::<Borrowed>().id(&first.id).set(|b| b.weeks.add(4)).return_before().await?;
    println!("Extended from {} to {} weeks.", longer.weeks, longer.weeks + 4);

    library.delete::<Reader>().id(&ada.id).return_none().await?;
    println!("Ada is deleted with her loans: {} are left.", library.select::<Borrowed>().count().await?);
    Ok(())
}
