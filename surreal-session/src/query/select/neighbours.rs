//! The vector of a vector search, and how the records near it are found.

use std::fmt;

use crate::query::Operand;
use crate::query::condition::Tree;
use crate::query::expression::Term;
use crate::query::order::Key;
use crate::query::statement::Fragment;
use crate::record::{FieldRef, HasMembers, IndexModel, Record, Within, rules_at};
use crate::value::Value;

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
    pub(super) k: u32,
    pub(super) method: Method,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Method {
    /// The index, with the number of candidates that it looks at.
    Index(u32),
    Exact(Distance),
}

impl Neighbours {
    pub(super) fn new<T: Record + HasMembers, P: Within<T>, E>(
        _: FieldRef<P, E>,
        vector: impl Operand<T, E>,
        k: u32,
    ) -> Self {
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

/// The number of candidates that an index looks at, at least.
const CANDIDATES: u32 = 40;

pub(super) const DISTANCE: &str = "vector::distance::knn()";
