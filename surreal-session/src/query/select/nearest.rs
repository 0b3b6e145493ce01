//! Vector search: the records with the nearest vectors.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::Fields;
use super::clauses::SelectClauses;
use super::search::{Scored, Search, Searched};
use crate::error::Result;
use crate::protocol::Operation;
use crate::query::condition::{IntoCondition, Tree};
use crate::query::expression::Term;
use crate::query::order::Key;
use crate::query::statement::{Call, Fragment, Statement, builder_methods, send};
use crate::query::{Operand, Response};
use crate::record::{FieldRef, HasMembers, IndexModel, Record, Within, rules_at};
use crate::session::CallFuture;
use crate::value::Value;

/// A search for the records of type `T` with the nearest vectors: awaiting it returns a `Vec<Near<V>>`, nearest first.
///
/// Made by [`Select::nearest`](super::Select::nearest). A filter of the select is applied before the `k` records are chosen.
/// With an index and a filter that few records pass, the server (3.3.5) may find fewer than `k`: raise [`ef`](Self::ef), or
/// use [`exact`](Self::exact).
///
/// # Errors
///
/// Those of [`Select`](super::Select); [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a `k` of 0 and for a vector that is empty
/// or not finite; with an index, [`Query`](crate::ErrorKind::Query) for a vector of another dimension.
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
/// use surreal_session::query::Distance;
///
/// #[derive(Debug, Clone, Serialize, Deserialize, Record)]
/// struct Doc {
///     id: Id<Doc>,
///     language: String,
///     #[record(hnsw(distance = "euclidean"))]
///     embedding: [f32; 3],
/// }
///
/// # surreal_session_embedded::example(async |session| {
/// session.define::<Doc>().await?;
/// # for (n, language) in [(0, "en"), (1, "de"), (2, "en"), (9, "en")] {
/// #     let new = NewDoc { language: language.into(), embedding: [0.0, 0.0, n as f32] };
/// #     session.create::<Doc>().id(n.to_string()).content(new).await?;
/// # }
/// let vector = [0.0, 0.0, 0.5];
/// let found = session.select::<Doc>().filter(|d| d.language.eq("en")).nearest(|d| d.embedding, &vector, 2).await?;
/// assert_eq!(found[0].record.id, Id::new("0"));
/// assert_eq!((found[0].distance, found[1].distance), (0.5, 1.5));
///
/// let exact = session.select::<Doc>().nearest(|d| d.embedding, vector, 2).exact(Distance::Cosine).await?;
/// assert_eq!(exact.len(), 2);
/// # Ok(()) });
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct Nearest<T, V = T> {
    clauses: SelectClauses,
    near: Neighbours,
    marker: PhantomData<fn() -> (T, V)>,
}

/// A record that a vector search has found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Near<V> {
    /// The record, or the view of it.
    pub record: V,
    /// The distance to the vector.
    pub distance: f64,
}

/// A measure of the distance between two vectors.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Distance {
    /// The greatest difference of two coordinates.
    Chebyshev,
    /// One minus the cosine of the angle.
    Cosine,
    /// The length of the straight line.
    Euclidean,
    /// The number of coordinates that differ.
    Hamming,
    /// One minus the size of the intersection through the size of the union.
    Jaccard,
    /// The sum of the differences of the coordinates.
    Manhattan,
    /// The distance of Minkowski, with this order.
    Minkowski(u8),
    /// One minus the correlation of Pearson.
    Pearson,
}

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chebyshev => "CHEBYSHEV",
            Self::Cosine => "COSINE",
            Self::Euclidean => "EUCLIDEAN",
            Self::Hamming => "HAMMING",
            Self::Jaccard => "JACCARD",
            Self::Manhattan => "MANHATTAN",
            Self::Minkowski(order) => return write!(f, "MINKOWSKI {order}"),
            Self::Pearson => "PEARSON",
        })
    }
}

/// The parts of a vector search.
#[derive(Debug, Clone)]
pub(super) struct Neighbours {
    path: Fragment,
    vector: Fragment,
    k: u32,
    method: Method,
}

#[derive(Debug, Clone, Copy)]
enum Method {
    /// The index, with the number of candidates that it looks at.
    Index(u32),
    Exact(Distance),
}

impl Neighbours {
    fn new<T: Record + HasMembers, P: Within<T>, E>(_: FieldRef<P, E>, vector: impl Operand<T, E>, k: u32) -> Self {
        let mut path = String::new();
        P::write(&mut path);
        let is_hnsw = |index: &IndexModel| index.kind.starts_with("HNSW");
        let has_index = rules_at(T::members(), &path).is_some_and(|rules| rules.indexes.iter().any(is_hnsw));
        let method = if has_index { Method::Index(k.max(CANDIDATES)) } else { Method::Exact(Distance::Euclidean) };
        let vector = checked(vector.term());
        let vector = if k == 0 { vector.refused("the number of nearest records is 0") } else { vector };
        Self { path: Fragment::path::<P>(), vector, k, method }
    }

    pub(super) fn condition(&self) -> Tree {
        let Self { k, method, .. } = self;
        let operator = match method {
            Method::Index(candidates) => format!(" <|{k},{candidates}|> "),
            Method::Exact(distance) => format!(" <|{k},{distance}|> "),
        };
        Tree::Leaf(self.path.clone().text(&operator).then(self.vector.clone()))
    }

    pub(super) fn order() -> Vec<Key> {
        let distance = Key { path: Fragment::new(DISTANCE), field: None, manner: " ASC".to_owned() };
        let id = Key { path: Fragment::new("id"), field: None, manner: " ASC".to_owned() };
        vec![distance, id]
    }
}

/// The vector, if it is a value with finite coordinates: with others the server (3.3.5) finds nothing.
fn checked(term: Term) -> Fragment {
    let reason = match term.known() {
        None => "the vector is not a value",
        Some(Value::Array(coordinates)) if coordinates.is_empty() => "the vector is empty",
        Some(Value::Array(coordinates)) => {
            let is_finite = |value: &Value| !matches!(value, Value::Float(number) if !number.is_finite());
            if coordinates.iter().all(is_finite) {
                return term.into_fragment();
            }
            "the vector has a coordinate that is not finite"
        }
        Some(_) => "the vector is not an array",
    };
    term.into_fragment().refused(reason)
}

impl<T: Record, V> Nearest<T, V> {
    pub(super) fn new<P: Within<T>, E>(
        clauses: SelectClauses,
        field: FieldRef<P, E>,
        vector: impl Operand<T, E>,
        k: u32,
    ) -> Self
    where
        T: HasMembers,
    {
        Self { clauses, near: Neighbours::new(field, vector, k), marker: PhantomData }
    }

    /// Uses the HNSW index of the field, which looks at this number of candidates; more find better neighbours and take
    /// longer. For a field whose index the model declares, 40 or `k` unless set.
    ///
    /// Without such an index in the database, the server (3.3.5) finds nothing, which is no error.
    pub fn ef(mut self, candidates: u32) -> Self {
        self.near.method = Method::Index(candidates);
        self
    }

    /// Compares the vectors of all records, by this distance, and uses no index.
    pub fn exact(mut self, distance: Distance) -> Self {
        self.near.method = Method::Exact(distance);
        self
    }

    /// Finds only records for which this is true. Several filters must all be true.
    pub fn filter<C: IntoCondition<T>>(mut self, condition: impl FnOnce(Fields<T>) -> C) -> Self {
        self.clauses.filter.push(condition(*T::fields()).into_condition().into_tree());
        self
    }

    builder_methods! { clauses.call }
}

impl<T: Record, V: DeserializeOwned + 'static> Statement for Nearest<T, V> {
    type Output = Vec<Near<V>>;

    fn call(&self) -> &Call {
        &self.clauses.call
    }

    fn operation(&self) -> Operation {
        self.clauses.operation.clone()
    }

    fn surql(&self) -> Fragment {
        let mut clauses = self.clauses.clone();
        clauses.filter.insert(0, self.near.condition());
        let row = clauses.row(&["__0", "__key_0", "__key_1"]);
        let statement = clauses.beside(row, vec![Fragment::new(DISTANCE)], Neighbours::order(), "[__row, __0]");
        clauses.refuse_in(statement.timeout(clauses.timeout))
    }

    fn read(&self, response: &Response, index: usize) -> Result<Vec<Near<V>>> {
        let rows: Vec<(V, f64)> = response.take(index)?;
        Ok(rows.into_iter().map(|(record, distance)| Near { record, distance }).collect())
    }
}

/// A full-text search and a vector search whose results are ranked together: awaiting it returns a `Vec<Scored<V>>`, the
/// best first.
///
/// Made by [`Search::nearest`]. The score is the reciprocal rank fusion of the two: a record that is at rank `a` in one and
/// at rank `b` in the other has 1/(60 + a) + 1/(60 + b), counted from 1. Each search gives its best `k` records, and the
/// result has at most as many, or those of [`limit`](Self::limit). There are no highlights. Filters apply to both.
///
/// # Errors
///
/// Those of [`Search`] and of [`Nearest`].
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
/// # session.execute("CREATE doc:1 SET body = 'green tea', embedding = [1.0, 0.0]; CREATE doc:2 SET body = 'black tea', embedding = [0.0, 1.0]; CREATE doc:3 SET body = 'milk', embedding = [0.0, 1.1]").await?;
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
    pub(super) fn new<P: Within<T>, E>(
        search: Search<T, V>,
        field: FieldRef<P, E>,
        vector: impl Operand<T, E>,
        k: u32,
    ) -> Self
    where
        T: HasMembers,
    {
        let near = Neighbours::new(field, vector, k);
        Self { clauses: search.clauses, search: search.search, near, limit: k, marker: PhantomData }
    }

    /// Returns at most this number of records; `k` unless set.
    pub fn limit(mut self, records: u32) -> Self {
        self.limit = records;
        self
    }

    /// Uses the HNSW index of the field; see [`Nearest::ef`].
    pub fn ef(mut self, candidates: u32) -> Self {
        self.near.method = Method::Index(candidates);
        self
    }

    /// Compares the vectors of all records; see [`Nearest::exact`].
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
        self.clauses.refuse_in(rows.timeout(self.clauses.timeout))
    }

    fn read(&self, response: &Response, index: usize) -> Result<Vec<Scored<V>>> {
        let rows: Vec<(V, f64)> = response.take(index)?;
        Ok(rows.into_iter().map(|(record, score)| Scored { record, score, highlights: Vec::new() }).collect())
    }
}

macro_rules! futures {
    ($($name:ident => $row:ident;)+) => {$(
        impl<T: Record, V: DeserializeOwned + 'static> IntoFuture for $name<T, V> {
            type Output = Result<Vec<$row<V>>>;
            type IntoFuture = CallFuture<Vec<$row<V>>>;

            fn into_future(self) -> Self::IntoFuture {
                send(self)
            }
        }

        /// The condition of the search, without the vector.
        impl<T, V> fmt::Debug for $name<T, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.near.condition().into_fragment())
            }
        }
    )+};
}

futures! {
    Nearest => Near;
    Hybrid => Scored;
}

impl<T, V> Clone for Nearest<T, V> {
    fn clone(&self) -> Self {
        Self { clauses: self.clauses.clone(), near: self.near.clone(), marker: PhantomData }
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

/// The number of candidates that an index looks at, at least.
const CANDIDATES: u32 = 40;

const DISTANCE: &str = "vector::distance::knn()";
