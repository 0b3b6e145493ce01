//! Vector search: the records with the nearest vectors.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::Fields;
use super::clauses::SelectClauses;
use super::neighbours::{DISTANCE, Distance, Method, Neighbours};
use crate::error::Result;
use crate::protocol::Operation;
use crate::query::condition::IntoCondition;
use crate::query::statement::{Call, Fragment, Statement, builder_methods, send};
use crate::query::{Operand, Response};
use crate::record::{FieldRef, HasMembers, Record, Within};
use crate::session::CallFuture;

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
        Self { clauses: clauses.unordered(), near: Neighbours::new(field, vector, k), marker: PhantomData }
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
        let statement = clauses.beside(row, vec![Fragment::new(DISTANCE)], &Neighbours::order(), "[__row, __0]");
        clauses.refuse_in(statement.timeout(clauses.timeout))
    }

    fn read(&self, response: &Response, index: usize) -> Result<Vec<Near<V>>> {
        let rows: Vec<(V, f64)> = response.take(index)?;
        Ok(rows.into_iter().map(|(record, distance)| Near { record, distance }).collect())
    }
}

impl<T: Record, V: DeserializeOwned + 'static> IntoFuture for Nearest<T, V> {
    type Output = Result<Vec<Near<V>>>;
    type IntoFuture = CallFuture<Vec<Near<V>>>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

/// The condition of the search, without the vector.
impl<T, V> fmt::Debug for Nearest<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nearest({})", self.near.condition().into_fragment())
    }
}

impl<T, V> Clone for Nearest<T, V> {
    fn clone(&self) -> Self {
        Self { clauses: self.clauses.clone(), near: self.near.clone(), marker: PhantomData }
    }
}
