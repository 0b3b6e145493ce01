//! A small social graph: edges with data, traversals along them, and links.
//!
//! `cargo run --example relations` starts a server in this process. Set `SURREAL_URL` to use your own server.

use std::error::Error;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_examples::Server;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Person {
    id: Id<Person>,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Post {
    id: Id<Post>,
    title: String,
    language: Id<Language>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Language {
    id: Id<Language>,
    name: String,
}

/// An edge that leads from one person to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Follows {
    id: Id<Follows>,
    r#in: Id<Person>,
    out: Id<Person>,
    since: u16,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Wrote {
    id: Id<Wrote>,
    r#in: Id<Person>,
    out: Id<Post>,
    year: u16,
}

/// The end of an edge that leads to a person or a post.
#[derive(Debug, Clone, PartialEq, LinkTo)]
enum Liked {
    Person(Id<Person>),
    Post(Id<Post>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Likes {
    id: Id<Likes>,
    r#in: Id<Person>,
    out: Liked,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;
    let session = db.new_session().signin(server.root.clone()).use_ns("examples").use_db("relations").await?;
    let schema = "REMOVE TABLE IF EXISTS person; REMOVE TABLE IF EXISTS post; REMOVE TABLE IF EXISTS language;
        REMOVE TABLE IF EXISTS follows; REMOVE TABLE IF EXISTS wrote; REMOVE TABLE IF EXISTS likes;
        DEFINE TABLE follows TYPE RELATION IN person OUT person ENFORCED;
        DEFINE TABLE wrote TYPE RELATION IN person OUT post ENFORCED;
        DEFINE TABLE likes TYPE RELATION IN person OUT person | post ENFORCED;
        DEFINE FIELD language ON post TYPE record<language> REFERENCE";
    session.execute(schema).await?;
    populate(&session).await?;

    let ada: Id<Person> = Id::new("ada");
    let followed = session.traverse(&ada).out::<Follows>().to::<Person>().select().order_by(|p| p.name.asc()).await?;
    println!("Ada follows {}.", names(&followed));
    let followers = session.traverse(&ada).in_::<Follows>().to::<Person>().await?;
    println!("She is followed by {}.", names(&followers));

    // An edge is a record: it can be filtered and read like any other, together with the record that it leads to.
    let old = session.traverse(&ada).out::<Follows>().filter(|f| f.since.lt(2020)).edges().fetch(|f| f.out).await?;
    for (edge, person) in &old {
        let name = person.record().map_or("a hidden person", |person| &person.name);
        println!("She has followed {name} since {}.", edge.since);
    }

    let circle = session.traverse(&ada).out::<Follows>().to::<Person>().depth(1..=3);
    let reached = circle.clone().select().order_by(|p| p.name.asc()).await?;
    println!("Within three steps she reaches {}.", names(&reached));
    let posts = circle.out::<Wrote>().filter(|w| w.year.gte(2024)).to::<Post>().select();
    for post in posts.order_by(|p| p.title.asc()).limit(10).await? {
        println!("  Recent post of one of them: “{}”.", post.title);
    }

    let liked_posts = session.traverse(&ada).out::<Likes>().to::<Post>().ids().await?;
    let liked_people = session.traverse(&ada).out::<Likes>().to::<Person>().select().count().await?;
    println!("She likes {} post and {liked_people} person.", liked_posts.len());

    // A link can be followed back without an edge.
    let latin: Id<Language> = Id::new("latin");
    let in_latin = session.traverse(&latin).referenced_by::<Post>().via(|p| p.language);
    println!("{} post is in Latin, by {}.", in_latin.clone().await?.len(), names(&in_latin.in_::<Wrote>().to().await?));

    session.delete::<Person>().id("cy").await?;
    let left = session.traverse(&ada).out::<Follows>().to::<Person>().depth(1..=3).select().order_by(|p| p.name.asc());
    println!("Cy is deleted with his edges: now she reaches {}.", names(&left.await?));
    session.close_session().await?;
    db.close().await?;
    Ok(())
}

async fn populate(session: &Session) -> surreal_session::Result<()> {
    for name in ["Ada", "Bob", "Cy", "Dan"] {
        session.create::<Person>().id(name.to_lowercase()).content(NewPerson { name: name.into() }).await?;
    }
    for name in ["English", "Latin"] {
        session.create::<Language>().id(name.to_lowercase()).content(NewLanguage { name: name.into() }).await?;
    }
    for (key, title, language) in
        [("1", "On engines", "english"), ("2", "De machinis", "latin"), ("3", "News", "english")]
    {
        let post = NewPost { title: title.into(), language: Id::new(language) };
        session.create::<Post>().id(key).content(post).await?;
    }
    let follows = |one: &str, other: &str, since| NewFollows { r#in: Id::new(one), out: Id::new(other), since };
    let edges = vec![follows("ada", "bob", 2015), follows("ada", "dan", 2023), follows("bob", "cy", 2019)];
    session.insert(edges).relation().await?;
    session.relate(follows("cy", "ada", 2024)).await?;
    let wrote = |name: &str, post: &str, year| NewWrote { r#in: Id::new(name), out: Id::new(post), year };
    session.insert(vec![wrote("bob", "1", 2019), wrote("cy", "2", 2024), wrote("dan", "3", 2025)]).relation().await?;
    let likes = |liked: Liked| NewLikes { r#in: Id::new("ada"), out: liked };
    session.insert(vec![likes(Id::<Post>::new("2").into()), likes(Id::<Person>::new("bob").into())]).relation().await?;
    Ok(())
}

fn names(people: &[Person]) -> String {
    people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join(" and ")
}
