//! A link has the key type of the record that it leads to, also inside of containers and behind aliases.

include!("../../fixture.rs");

type Reference<T> = Id<T, String>;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Shelf {
    id: Id<Shelf>,
    books: Vec<Id<Book, u8>>,
    first: Option<Reference<Book>>,
    own: Id<Self, u8>,
}

#[derive(Debug, Clone, LinkTo)]
enum Subject {
    Book(Id<Book>),
}
