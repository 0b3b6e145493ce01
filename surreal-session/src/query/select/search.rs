//! Full-text search: the records that match words, best first.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::Fields;
use super::clauses::SelectClauses;
use super::hybrid::Hybrid;
use super::neighbours::Neighbours;
use super::searched::{Scored, SearchFields, Searched};
use crate::error::Result;
use crate::protocol::Operation;
use crate::query::condition::IntoCondition;
use crate::query::statement::{Call, Fragment, Statement, builder_methods, send};
use crate::query::{Operand, Response};
use crate::record::{FieldRef, HasMembers, Record, Stored, Vector, Within};
use crate::session::CallFuture;

/// A full-text search in records of type `T`: awaiting it returns a `Vec<Scored<V>>`, the best first.
///
/// Made by [`Select::search`](super::Select::search). A filter of the select applies as well. Without [`limit`](Self::limit) all matching records
/// are returned.
///
/// # Errors
///
/// Those of [`Select`](super::Select); [`Query`](crate::ErrorKind::Query) if a field has no full-text index.
///
/// # Cancel safety
///
/// See [`CallFuture`]; it only reads.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// use surreal_session::schema::{Definition, Item};
///
/// struct English;
///
/// impl Definition for English {
///     const ITEM: Item = Item::analyzer("english", "TOKENIZERS class FILTERS lowercase, snowball(english)");
/// }
///
/// #[derive(Serialize, Deserialize, Record)]
/// struct Post {
///     id: Id<Post>,
///     #[record(fulltext(analyzer = "english"))]
///     title: String,
///     #[record(fulltext(analyzer = "english", highlights))]
///     body: String,
/// }
///
/// # surreal_session_embedded::example(async |session| {
/// session.define::<(English, Post)>().await?;
/// # let post = |title: &str, body: &str| NewPost { title: title.into(), body: body.into() };
/// # session.insert(vec![post("Rust", "Writing async code"), post("Tea", "How to brew it"), post("Go", "Nothing")]).await?;
/// let found = session.select::<Post>().search(|p| p.body, "write code").highlight("<b>", "</b>").await?;
/// assert_eq!(found[0].record.title, "Rust");
/// assert_eq!(found[0].highlighted(), Some("<b>Writing</b> async <b>code</b>"));
///
/// let by_title = session.select::<Post>().search(|p| (p.title.weight(3.0), p.body), "tea brew").any_word().limit(10);
/// assert_eq!(by_title.await?[0].record.title, "Tea");
/// # Ok(()) });
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct Search<T, V = T> {
    clauses: SelectClauses,
    search: Searched,
    marker: PhantomData<fn() -> (T, V)>,
}

impl<T: Record, V> Search<T, V> {
    pub(super) fn new(clauses: SelectClauses, fields: impl SearchFields<T>, words: &str) -> Self {
        let mut searched = Vec::new();
        fields.fields(&mut searched);
        let search = Searched { fields: searched, words: words.to_owned(), operator: "AND", marks: None };
        Self { clauses: clauses.unordered(), search, marker: PhantomData }
    }

    /// Finds records with at least one of the words in a field, instead of all of them.
    pub fn any_word(mut self) -> Self {
        self.search.operator = "OR";
        self
    }

    /// Returns the searched text with `before` and `after` around each word that matches, as
    /// [`highlights`](Scored::highlights).
    ///
    /// The index needs `highlights`.
    pub fn highlight(mut self, before: impl Into<String>, after: impl Into<String>) -> Self {
        self.search.marks = Some([before.into(), after.into()]);
        self
    }

    /// Finds only records for which this is true. Several filters must all be true.
    pub fn filter<C: IntoCondition<T>>(mut self, condition: impl FnOnce(Fields<T>) -> C) -> Self {
        self.clauses.filter.push(condition(*T::fields()).into_condition().into_tree());
        self
    }

    /// Returns at most this number of records, the best; numbers as for [`Select::limit`](super::Select::limit).
    pub fn limit(mut self, records: impl TryInto<i64>) -> Self {
        self.clauses.limit(records);
        self
    }

    /// Skips the best `records` records; numbers as for [`Select::start`](super::Select::start).
    pub fn start(mut self, records: impl TryInto<i64>) -> Self {
        self.clauses.start(records);
        self
    }

    /// Finds also the `k` records with the nearest vectors, and ranks both kinds of results together.
    ///
    /// See [`Hybrid`], and [`Select::nearest`](super::Select::nearest) for the arguments.
    pub fn nearest<P, E, O>(self, field: impl FnOnce(Fields<T>) -> FieldRef<P, E>, vector: O, k: u32) -> Hybrid<T, V>
    where
        T: HasMembers,
        P: Within<T>,
        E: Stored<As: Vector>,
        O: Operand<T, E>,
    {
        let near = Neighbours::new(field(*T::fields()), vector, k);
        Hybrid::new(self.clauses, self.search, near)
    }

    builder_methods! { clauses.call }
}

impl<T: Record, V: DeserializeOwned + 'static> Statement for Search<T, V> {
    type Output = Vec<Scored<V>>;

    fn call(&self) -> &Call {
        &self.clauses.call
    }

    fn operation(&self) -> Operation {
        self.clauses.operation.clone()
    }

    fn surql(&self) -> Fragment {
        let mut clauses = self.clauses.clone();
        clauses.filter.insert(0, self.search.condition());
        let beside = vec![self.search.score(), self.search.highlights()];
        let row = clauses.row(&["__0", "__1", "__key_0", "__key_1"]);
        let statement = clauses.beside(row, beside, &self.search.order(), "[__row, __0, __1]");
        clauses.refuse_in(statement.timeout(clauses.timeout))
    }

    fn read(&self, response: &Response, index: usize) -> Result<Vec<Scored<V>>> {
        let rows: Vec<(V, f64, Vec<Option<String>>)> = response.take(index)?;
        Ok(rows.into_iter().map(|(record, score, highlights)| Scored { record, score, highlights }).collect())
    }
}

impl<T: Record, V: DeserializeOwned + 'static> IntoFuture for Search<T, V> {
    type Output = Result<Vec<Scored<V>>>;
    type IntoFuture = CallFuture<Vec<Scored<V>>>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

impl<T, V> Clone for Search<T, V> {
    fn clone(&self) -> Self {
        Self { clauses: self.clauses.clone(), search: self.search.clone(), marker: PhantomData }
    }
}

/// The condition of the search, without the words.
impl<T, V> fmt::Debug for Search<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Search({})", self.search.condition().into_fragment())
    }
}
