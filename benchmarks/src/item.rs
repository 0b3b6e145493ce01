//! The record that the subjects write and read.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::{Id, Record, View};

/// A record of eight fields.
#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[expect(missing_docs)]
pub struct Item {
    pub id: Id<Item>,
    pub name: String,
    pub email: String,
    pub age: i64,
    pub score: f64,
    pub active: bool,
    pub tags: Vec<String>,
    pub note: Option<String>,
}

/// Three of its fields.
#[derive(Debug, Serialize, Deserialize, View)]
#[record(of = Item)]
#[expect(missing_docs)]
pub struct Card {
    pub id: Id<Item>,
    pub name: String,
    pub age: i64,
}

impl NewItem {
    /// Content that differs by its number.
    #[must_use]
    #[expect(clippy::cast_precision_loss)]
    pub fn numbered(number: u64) -> Self {
        Self {
            name: format!("name {number}"),
            email: format!("user{number}@example.com"),
            age: (number % 90).cast_signed(),
            score: number as f64 * 0.5,
            active: number.is_multiple_of(2),
            tags: vec!["a".to_owned(), "b".to_owned()],
            note: Some("a note of some length".to_owned()),
        }
    }
}
