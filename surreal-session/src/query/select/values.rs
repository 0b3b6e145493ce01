//! SELECT VALUE: some columns of the records.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::clauses::SelectClauses;
use crate::error::Result;
use crate::protocol::Operation;
use crate::query::selection::{Columns, Selection};
use crate::query::statement::{Call, Fragment, Statement, builder_methods, send};
use crate::query::{Response, Scope};
use crate::record::Record;
use crate::session::CallFuture;

/// The columns `S` of records of type `T`: awaiting it returns a `Vec`.
///
/// Made by [`Select::values`](super::Select::values). Errors and cancel safety are those of [`Select`](super::Select).
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String, city: Option<String> }
/// # surreal_session_embedded::example(async |session| {
/// # session.execute("CREATE user:ada SET name = 'Ada', city = 'London'; CREATE user:bob SET name = 'Bob'").await?;
/// # session.execute("CREATE user:cy SET name = 'Cy', city = 'London'").await?;
/// let names: Vec<String> = session.select::<User>().order_by(|u| u.name.desc()).values(|u| u.name).await?;
/// assert_eq!(names, ["Cy", "Bob", "Ada"]);
///
/// let ids: Vec<(Id<User>, bool)> = session.select::<User>().values(|u| (u.id, u.city.is_some())).await?;
/// assert_eq!(ids[1], (Id::new("bob"), false));
///
/// let cities = session.select::<User>().values(|u| u.city).distinct().await?;
/// assert_eq!(cities, [Some("London".to_owned()), None]);
/// # Ok(()) });
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct Values<T, S> {
    clauses: SelectClauses,
    columns: Columns,
    is_distinct: bool,
    marker: PhantomData<fn() -> (T, S)>,
}

impl<T: Record, S: Selection<T>> Values<T, S> {
    pub(super) fn new(clauses: SelectClauses, columns: S) -> Self {
        let clauses = clauses.unlocked();
        Self { clauses, columns: Columns::of(columns), is_distinct: false, marker: PhantomData }
    }

    /// Returns each value once, in the order in which the values come first.
    ///
    /// The limit and the start of the select count distinct values then. The server holds all values of the column in
    /// memory.
    pub fn distinct(mut self) -> Self {
        self.is_distinct = true;
        self
    }

    builder_methods! { clauses.call }

    pub(in crate::query) fn scope(&self) -> Scope {
        self.clauses.call.scope.clone()
    }

    /// The statement that gives an array of the values.
    pub(in crate::query) fn select(&self) -> Fragment {
        let columns = self.columns.columns.iter().cloned();
        let value = match S::IS_TUPLE {
            true => Fragment::new("[").joined(columns, ", ").text("]"),
            false => Fragment::default().joined(columns, ", "),
        };
        let statement = self.clauses.values(value, &self.columns.split, self.is_distinct);
        self.clauses.refuse_in(statement)
    }
}

impl<T: Record, S: Selection<T, Output: DeserializeOwned> + 'static> Statement for Values<T, S> {
    type Output = Vec<S::Output>;

    fn call(&self) -> &Call {
        &self.clauses.call
    }

    fn operation(&self) -> Operation {
        self.clauses.operation.clone()
    }

    fn surql(&self) -> Fragment {
        self.select()
    }

    fn read(&self, response: &Response, index: usize) -> Result<Vec<S::Output>> {
        response.take(index)
    }
}

impl<T: Record, S: Selection<T, Output: DeserializeOwned> + 'static> IntoFuture for Values<T, S> {
    type Output = Result<Vec<S::Output>>;
    type IntoFuture = CallFuture<Vec<S::Output>>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

impl<T, S> Clone for Values<T, S> {
    fn clone(&self) -> Self {
        Self {
            clauses: self.clauses.clone(),
            columns: self.columns.clone(),
            is_distinct: self.is_distinct,
            marker: PhantomData,
        }
    }
}

impl<T, S> fmt::Debug for Values<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").field("columns", &self.columns.columns).finish_non_exhaustive()
    }
}
