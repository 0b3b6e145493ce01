//! A small encyclopedia: full-text search with highlights, vectors, and both together.
//!
//! The vectors are counts of letters, which are enough for an example; a program would use those of a language model.
//! `cargo run --example search` starts a server in this process. Set `SURREAL_URL` to use your own server.

use std::error::Error;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::query::Distance;
use surreal_session::schema::{Definition, Item};
use surreal_session_examples::Server;

struct English;

impl Definition for English {
    const ITEM: Item = Item::analyzer("english", "TOKENIZERS class FILTERS lowercase, snowball(english)");
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Article {
    id: Id<Article, i64>,
    #[record(fulltext(analyzer = "english", highlights))]
    title: String,
    #[record(fulltext(analyzer = "english", highlights))]
    body: String,
    /// The frequency of each letter.
    #[record(hnsw(distance = "cosine"))]
    letters: [f32; 26],
    words: u32,
}

#[derive(Debug, Deserialize, View)]
#[record(of = Article)]
struct Title {
    title: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;
    let session = db.new_session().signin(server.root.clone()).use_ns("examples").use_db("search").await?;
    session.execute("REMOVE TABLE IF EXISTS article").await?;
    session.define::<(English, Article)>().await?;
    session.insert((1..).zip(articles()).collect::<Vec<_>>()).await?;

    println!("Articles about \"growing plants\":");
    let found = session.select::<Article>().search(|a| (a.title.weight(2.0), a.body), "growing plants");
    for hit in found.any_word().highlight("[", "]").limit(3).await? {
        println!("  {:.2} {}: {}", hit.score, hit.record.title, hit.highlights[1].as_deref().unwrap_or_default());
    }

    let harvested = session.select::<Article>().search(|a| a.body, "harvest").await?;
    println!("\"harvest\" is found as \"harvested\": {}", harvested[0].record.title);
    assert_eq!(harvested[0].record.title, "Tea");

    let question = letters("bees collect nectar and make honey");
    println!("Articles with similar letters:");
    for near in session.select::<Article>().view::<Title>().nearest(|a| a.letters, question, 3).await? {
        println!("  {:.3} {}", near.distance, near.record.title);
    }

    let exact = session.select::<Article>().filter(|a| a.words.gte(15)).nearest(|a| a.letters, question, 1);
    let exact = exact.exact(Distance::Euclidean).await?;
    println!("The nearest long one, without the index: {}", exact[0].record.title);

    println!("Both together, for \"sweet food of insects\":");
    let hybrid = session.select::<Article>().search(|a| a.body, "sweet food insects").any_word();
    let hybrid = hybrid.nearest(|a| a.letters, letters("sweet food of insects"), 5).limit(3).await?;
    for hit in &hybrid {
        println!("  {:.4} {}", hit.score, hit.record.title);
    }
    assert_eq!(hybrid.len(), 3);
    Ok(())
}

fn articles() -> impl Iterator<Item = NewArticle> {
    let texts = [
        ("Bees", "Insects that collect nectar from flowers, live in colonies, and make honey and wax."),
        ("Honey", "A sweet food that bees make from nectar. It is kept in combs of wax and does not spoil."),
        ("Tea", "A drink from the leaves of a plant that grows on hills. The leaves are harvested by hand."),
        ("Coffee", "A drink from roasted seeds of a plant. The plants grow in the shade of taller trees."),
        ("Bread", "A food of flour, water and salt. Yeast makes the dough rise before it is baked."),
        ("Gardens", "Places for growing plants: flowers, herbs, vegetables. Worms keep the soil loose."),
    ];
    texts.into_iter().map(|(title, body)| NewArticle {
        title: title.to_owned(),
        body: body.to_owned(),
        letters: letters(&format!("{title} {body}")),
        words: u32::try_from(body.split_whitespace().count()).unwrap_or(u32::MAX),
    })
}

/// The share of each letter in a text.
fn letters(text: &str) -> [f32; 26] {
    let mut counts = [0.0; 26];
    let mut total = 0.0;
    for letter in text.bytes().filter(u8::is_ascii_alphabetic) {
        counts[usize::from(letter.to_ascii_lowercase() - b'a')] += 1.0;
        total += 1.0;
    }
    counts.map(|count: f32| count / f32::max(total, 1.0))
}
