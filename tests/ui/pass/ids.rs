//! Who gives a new record its id.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::value::Uuid;
use surreal_session::model::{AutoId, IntoId, NormalRecord};
use surreal_session::query::write::CreateWithoutContent;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Doc {
    #[record(default)]
    id: Id<Doc, Uuid>,
    title: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Book {
    id: Id<Book, i64>,
    title: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
}

async fn add<T: NormalRecord + AutoId>(session: &Session, new: T::New) -> surreal_session::Result<T> {
    session.create::<T>().content(new).await
}

async fn add_as<T: NormalRecord>(session: &Session, id: impl IntoId<T>, new: T::New) -> surreal_session::Result<T> {
    session.create::<T>().id(id).content(new).await
}

fn create(session: &Session) -> CreateWithoutContent<User> {
    session.create::<User>().id("ada")
}

async fn example(session: &Session) -> surreal_session::Result<()> {
    let doc = || NewDoc { title: "x".into() };
    let book = || NewBook { title: "x".into() };
    add::<Doc>(session, doc()).await?;
    add::<User>(session, NewUser { name: "Ada".into() }).await?;
    add_as::<Book>(session, 1, book()).await?;
    create(session).content(NewUser { name: "Ada".into() }).await?;
    session.create::<Book>().content(book()).id(2).optional().await?;
    session.insert(vec![doc()]).await?;
    session.insert([(3, book())]).await?;
    session.upsert::<Doc>().all().content(doc()).await?;
    session.upsert::<Book>().ids([1, 2]).filter(|b| b.title.eq("x")).content(book()).await?;
    session.update::<Book>().filter(|b| b.title.eq("x")).content(book()).await?;
    session.delete::<Book>().range(1..3).await?;
    Ok(())
}

fn main() {
    let _ = example;
}
