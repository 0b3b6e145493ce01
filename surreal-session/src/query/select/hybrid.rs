//! Full-text search and vector search together.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::clauses::SelectClauses;
use super::neighbours::{DISTANCE, Distance, Method, Neighbours};
use super::searched::{Scored, Searched};
use crate::error::Result;
use crate::protocol::{Feature, Operation};
use crate::query::Response;
use crate::query::condition::Tree;
use crate::query::statement::{Call, Fragment, Statement, builder_methods, send};
use crate::record::Record;
use crate::session::CallFuture;

/// A full-text search and a vector search whose results are ranked together: awaiting it returns a `Vec<Scored<V>>`, the
/// best first.
///
/// Made by [`Search::nearest`](super::Search::nearest). The score is the reciprocal rank fusion of the two: a record that is at rank `a` in one and
/// at rank `b` in the other has 1/(60 + a) + 1/(60 + b), counted from 1. Each search gives its best `k` records, and the
/// result has at most as many, or those of [`limit`](Self::limit). There are no highlights. Filters apply to both.
///
/// # Errors
///
/// Those of [`Search`](super::Search) and of [`Nearest`](super::Nearest).
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
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct Doc { id: Id<Doc>, body: String, embedding: [f32; 2] }
/// # surreal_session_embedded::example(async |session| {
/// # session.execute("DEFINE ANALYZER words TOKENIZERS class; DEFINE INDEX body ON doc FIELDS body FULLTEXT ANALYZER words BM25").await?;
/// # session.execute("CREATE doc:a SET body = 'green tea', embedding = [1.0, 0.0]; CREATE doc:b SET body = 'black tea', embedding = [0.0, 1.0]; CREATE doc:c SET body = 'milk', embedding = [0.0, 1.1]").await?;
/// let found = session.select::<Doc>().search(|d| d.body, "black").nearest(|d| d.embedding, [0.1, 1.0], 2).await?;
/// assert_eq!(found[0].record.body, "black tea");
/// # Ok(()) });
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct Hybrid<T, V = T> {
    clauses: SelectClauses,
    search: Searched,
    near: Neighbours,
    limit: u32,
    marker: PhantomData<fn() -> (T, V)>,
}

impl<T: Record, V> Hybrid<T, V> {
    pub(super) fn new(mut clauses: SelectClauses, search: Searched, near: Neighbours) -> Self {
        let (limit, start) = clauses.take_page();
        if start.is_some() {
            clauses.refuse("a search of words and vectors has no `.start(..)`");
        }
        let limit = limit.map_or(near.k, |limit| u32::try_from(limit).unwrap_or(u32::MAX));
        Self { clauses, search, limit, near, marker: PhantomData }
    }

    /// Returns at most this number of records; `k` unless set.
    pub fn limit(mut self, records: u32) -> Self {
        self.limit = records;
        self
    }

    /// Uses the HNSW index of the field; see [`Nearest::ef`](super::Nearest::ef).
    pub fn ef(mut self, candidates: u32) -> Self {
        self.near.method = Method::Index(candidates);
        self
    }

    /// Compares the vectors of all records; see [`Nearest::exact`](super::Nearest::exact).
    pub fn exact(mut self, distance: Distance) -> Self {
        self.near.method = Method::Exact(distance);
        self
    }

    builder_methods! { clauses.call }

    /// The ids of the best of one search.
    fn ranked(&self, condition: Tree, rank: Fragment, direction: &str) -> Fragment {
        let mut clauses = self.clauses.clone();
        clauses.filter.insert(0, condition);
        let ids = Fragment::new("SELECT id, ").then(rank).text(" AS __0 FROM ").then(clauses.source());
        clauses.versioned(ids.text(&format!(" ORDER BY __0 {direction}, id LIMIT {}", self.near.k)))
    }
}

impl<T: Record, V: DeserializeOwned + 'static> Statement for Hybrid<T, V> {
    type Output = Vec<Scored<V>>;

    fn call(&self) -> &Call {
        &self.clauses.call
    }

    fn operation(&self) -> Operation {
        self.clauses.operation.clone()
    }

    fn surql(&self) -> Fragment {
        let words = self.ranked(self.search.condition(), self.search.score(), "DESC");
        let vectors = self.ranked(self.near.condition(), Fragment::new(DISTANCE), "ASC");
        let row = Fragment::new("(SELECT VALUE ").then(self.clauses.row(&[])).text(" FROM ONLY $parent.id)");
        let rows = Fragment::new("SELECT VALUE [").then(row).text(", rrf_score] FROM search::rrf([(");
        // The function orders records with equal scores by chance, and would choose among them.
        let all = u64::from(self.near.k) * 2;
        let rows = rows.then(vectors).text("), (").then(words).text(&format!(")], {all}, 60)"));
        let rows = rows.text(&format!(" ORDER BY rrf_score DESC, id LIMIT {}", self.limit));
        self.clauses.refuse_in(rows.timeout(self.clauses.timeout)).needing(Feature::OrderedReads)
    }

    fn read(&self, response: &Response, index: usize) -> Result<Vec<Scored<V>>> {
        let rows: Vec<(V, f64)> = response.take(index)?;
        Ok(rows.into_iter().map(|(record, score)| Scored { record, score, highlights: Vec::new() }).collect())
    }
}

impl<T: Record, V: DeserializeOwned + 'static> IntoFuture for Hybrid<T, V> {
    type Output = Result<Vec<Scored<V>>>;
    type IntoFuture = CallFuture<Vec<Scored<V>>>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

impl<T, V> Clone for Hybrid<T, V> {
    fn clone(&self) -> Self {
        Self {
            clauses: self.clauses.clone(),
            search: self.search.clone(),
            near: self.near.clone(),
            limit: self.limit,
            marker: PhantomData,
        }
    }
}

/// The conditions of both searches, without words and vector.
impl<T, V> fmt::Debug for Hybrid<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [search, near] = [self.search.condition(), self.near.condition()].map(Tree::into_fragment);
        write!(f, "Hybrid({search}, {near})")
    }
}
