//! Typed ids.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// The id of a record of type `T`, which is also a link to it.
///
/// The table is that of `T`. `K` is the type of the key; the default is `String`, the type of keys that the server
/// generates. Ids of different record types, or with different key types, are different types. In a human-readable format
/// such as JSON an id is text: `user:ada`.
///
/// # Examples
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use surreal_session::prelude::*;
///
/// #[derive(Serialize, Deserialize, Record)]
/// struct User {
///     id: Id<User>,
/// }
///
/// #[derive(Serialize, Deserialize, Record)]
/// struct Reading {
///     id: Id<Reading, (String, i64)>,
///     by: Id<User>,
/// }
///
/// let ada: Id<User> = Id::new("ada");
/// assert_eq!(ada.to_string(), "user:ada");
/// assert_eq!("user:ada".parse::<Id<User>>()?, ada);
/// assert!("reading:ada".parse::<Id<User>>().is_err());
///
/// let first: Id<Reading, (String, i64)> = Id::new(("attic".to_owned(), 1));
/// assert_eq!(first.to_string(), "reading:['attic', 1]");
/// # Ok::<(), surreal_session::Error>(())
/// ```
pub struct Id<T, K = String> {
    key: K,
    record: PhantomData<fn() -> T>,
}

impl<T, K> Id<T, K> {
    /// Creates the id with this key.
    pub fn new(key: impl Into<K>) -> Self {
        Self { key: key.into(), record: PhantomData }
    }

    /// The key, without the table.
    pub fn key(&self) -> &K {
        &self.key
    }

    /// The key, without the table.
    pub fn into_key(self) -> K {
        self.key
    }
}

impl<T, K: Clone> Clone for Id<T, K> {
    fn clone(&self) -> Self {
        Self { key: self.key.clone(), record: PhantomData }
    }
}

impl<T, K: Copy> Copy for Id<T, K> {}

impl<T, K: PartialEq> PartialEq for Id<T, K> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<T, K: Eq> Eq for Id<T, K> {}

impl<T, K: PartialOrd> PartialOrd for Id<T, K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.key.partial_cmp(&other.key)
    }
}

impl<T, K: Ord> Ord for Id<T, K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl<T, K: Hash> Hash for Id<T, K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}
