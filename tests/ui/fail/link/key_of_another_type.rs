//! A link has the key type of the record that it leads to.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Company {
    id: Id<Company, i64>,
}

type Employer = Id<Company>;

type Reference<T> = Id<T, String>;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    company: Id<Company>,
    chosen: Option<Id<User, i64>>,
    former: Vec<Id<Company, u8>>,
    all: BTreeSet<Id<Company>>,
    parts: HashMap<String, (u8, Box<[Id<Company>; 2]>)>,
    alias: Option<Employer>,
    generic: Reference<Company>,
    own: Option<Id<Self, u8>>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Object)]
struct Address {
    owner: Id<User, u32>,
}

#[derive(Debug, Clone, LinkTo)]
enum Owner {
    User(Id<User>),
    Company(Id<Company>),
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[record(relation)]
struct Owns {
    id: Id<Owns, (Id<User, i64>, i64)>,
    r#in: Owner,
    out: Id<Company>,
}

fn main() {}
