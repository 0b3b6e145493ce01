//! Results of a SELECT other than records.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;

use super::clauses::{ResultForm, SelectClauses};
use super::select_traits;
use crate::error::Result;
use crate::protocol::Operation;
use crate::query::Response;
use crate::query::statement::{Call, Fragment, Statement, builder_methods, send};
use crate::record::Record;
use crate::session::CallFuture;

/// The number of records that a select would read: awaiting it returns a `u64`.
///
/// Made by [`Select::count`](super::Select::count). Computes no COMPUTED fields. Errors and cancel safety are those of
/// [`Select`](super::Select).
#[must_use = "nothing is counted until this is awaited"]
pub struct Count<T> {
    pub(super) clauses: SelectClauses,
    marker: PhantomData<fn() -> T>,
}

impl<T: Record> Count<T> {
    pub(super) fn new(mut clauses: SelectClauses) -> Self {
        clauses.without_records(ResultForm::Count);
        Self { clauses, marker: PhantomData }
    }

    fn output(_: &SelectClauses, response: &Response, index: usize) -> Result<u64> {
        #[derive(Deserialize)]
        struct CountRow {
            count: u64,
        }

        Ok(response.take::<Option<CountRow>>(index)?.map_or(0, |counted| counted.count))
    }
}

select_traits! { Count [] => u64 }

/// A test for records: awaiting it returns `true` if the select would read at least one.
///
/// Made by [`Select::exists`](super::Select::exists). Computes no COMPUTED fields. Errors and cancel safety are those of
/// [`Select`](super::Select).
#[must_use = "nothing is asked until this is awaited"]
pub struct Exists<T> {
    pub(super) clauses: SelectClauses,
    marker: PhantomData<fn() -> T>,
}

impl<T: Record> Exists<T> {
    pub(super) fn new(mut clauses: SelectClauses) -> Self {
        clauses.without_records(ResultForm::Exists);
        Self { clauses, marker: PhantomData }
    }

    fn output(_: &SelectClauses, response: &Response, index: usize) -> Result<bool> {
        Ok(!response.take::<Vec<bool>>(index)?.is_empty())
    }
}

select_traits! { Exists [] => bool }

/// The plan by which the server would run a select: awaiting it returns text with a line for each step.
///
/// The text is for people. It differs between versions of the server. Errors and cancel safety are those of
/// [`Select`](super::Select).
#[must_use = "nothing is asked until this is awaited"]
#[derive(Clone)]
pub struct Explain {
    call: Call,
    operation: Operation,
    select: Fragment,
}

impl Explain {
    pub(super) fn new(clauses: &SelectClauses) -> Self {
        let operation = clauses.operation.clone().with_verb("explain");
        Self { call: clauses.call.clone(), operation, select: clauses.surql() }
    }

    builder_methods! { call }
}

impl Statement for Explain {
    type Output = String;

    fn call(&self) -> &Call {
        &self.call
    }

    fn operation(&self) -> Operation {
        self.operation.clone()
    }

    fn surql(&self) -> Fragment {
        Fragment::new("EXPLAIN ").then(self.select.clone())
    }

    fn read(&self, response: &Response, index: usize) -> Result<String> {
        response.take(index)
    }
}

impl IntoFuture for Explain {
    type Output = Result<String>;
    type IntoFuture = CallFuture<String>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

/// The statement, without the values.
impl fmt::Debug for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Explain({})", self.select)
    }
}
