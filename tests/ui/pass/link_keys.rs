//! Links with the key type of their record compile: recursive ones, generic ones, and those behind other names.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use surreal_session::LinkTo;
use surreal_session::prelude::*;
use surreal_session::value::Uuid;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Task {
    id: Id<Task, i64>,
    parent: Option<Id<Task, i64>>,
    own: Vec<Id<Self, i64>>,
    next: Next,
    notes: BTreeMap<String, Id<Note<u8>, Uuid>>,
    both: (BTreeSet<Id<Other>>, Option<Box<Id<Other>>>),
}

type Next = Option<Id<Task, i64>>;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[serde(bound = "T: Serialize + DeserializeOwned")]
struct Note<T: Serialize + DeserializeOwned + Clone + std::fmt::Debug + 'static> {
    id: Id<Note<T>, Uuid>,
    before: Option<Id<Note<T>, Uuid>>,
    tasks: Vec<Id<Task, i64>>,
    text: T,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Other {
    id: Id<Other>,
    keyed: Id<Step, (Id<Task, i64>, u8)>,
    any: RecordId,
    end: End,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Step {
    id: Id<Step, (Id<Task, i64>, u8)>,
}

#[derive(Debug, Clone, LinkTo)]
enum End {
    Task(Id<Task, i64>),
    Note(Id<Note<u8>, Uuid>),
}

/// Another type of this name is no link.
mod elsewhere {
    use super::*;

    #[derive(Debug, Clone, Serialize, Deserialize)]
    pub struct Id<T>(pub T);

    #[derive(Debug, Clone, Serialize, Deserialize, Object)]
    pub struct Part {
        pub id: Id<Task>,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Holder {
    id: Id<Holder>,
    part: elsewhere::Part,
}

fn main() {}
