// The models of most cases, the usual imports and an empty `main`. For `include!`.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
    nickname: Option<String>,
    tags: Vec<String>,
    level: Level,
    address: Address,
    employer: Option<Id<Company>>,
    #[record(readonly)]
    created: Datetime,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Company {
    id: Id<Company>,
    name: String,
}

/// The server does not generate keys of its type.
#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Book {
    id: Id<Book, i64>,
    title: String,
    pages: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Post {
    id: Id<Post>,
    title: String,
    author: Id<User>,
    meta: Meta,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[record(relation)]
struct Wrote {
    id: Id<Wrote>,
    r#in: Id<User>,
    out: Id<Post>,
    at: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Object)]
struct Address {
    city: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Object)]
struct Meta {
    editor: Id<User>,
}

#[derive(Debug, Serialize, Deserialize, View)]
#[record(of = Company)]
struct Card {
    name: String,
}

/// Stored as text.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Level {
    Low,
    High,
}

/// Without a derive of this library.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Plain {
    name: String,
}

fn main() {}
