//! Values that the server computes from the fields of a record.

use std::fmt;
use std::marker::PhantomData;

use super::{Expression, Term};
use crate::query::statement::Fragment;

/// A value of type `T` that the server computes from a record of type `R`.
///
/// It can be compared like a field, and a field can be set to it. What is computed from something missing is missing
/// itself. One calculation on a field is also an assignment, which changes the field: see
/// [`Assignment`](crate::query::Assignment).
#[must_use = "nothing is computed until a builder is given it"]
pub struct Computed<R, T, P = Unassignable> {
    term: Term,
    /// The operator and the right side, which also make it a change of the field at `P`.
    change: (char, Fragment),
    marker: Marker<R, T, P>,
}

type Marker<R, T, P> = PhantomData<fn() -> (R, T, P)>;

/// The path of a value that is not a field.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Unassignable;

impl<R, T> Computed<R, T> {
    pub(super) fn new(term: Term) -> Self {
        Self::changing(term, ('=', Fragment::default()))
    }
}

impl<R, T, P> Computed<R, T, P> {
    pub(super) fn changing(term: Term, change: (char, Fragment)) -> Self {
        Self { term, change, marker: PhantomData }
    }

    pub(super) fn into_term(self) -> Term {
        self.term
    }

    pub(crate) fn into_change(self) -> (char, Fragment) {
        self.change
    }
}

impl<R, T, P> Expression for Computed<R, T, P> {
    type Record = R;
    type Type = T;
    type Place = Unassignable;

    fn term(self) -> Term {
        self.term
    }
}

impl<R, T, P> Clone for Computed<R, T, P> {
    fn clone(&self) -> Self {
        Self::changing(self.term.clone(), self.change.clone())
    }
}

/// The SurrealQL, without the values.
impl<R, T, P> fmt::Debug for Computed<R, T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Computed({})", self.term.clone().into_fragment())
    }
}
