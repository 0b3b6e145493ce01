//! Pages of a select: by a key, or by a number.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Bound;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::clauses::{SelectClauses, Target};
use super::cursor::{Cursor, Direction};
use crate::error::Result;
use crate::protocol::Operation;
use crate::query::Response;
use crate::query::condition::Tree;
use crate::query::order::Key;
use crate::query::statement::{Call, Fragment, Statement, builder_methods, send};
use crate::record::Record;
use crate::session::CallFuture;
use crate::value::{Range, RecordId, RecordKey, Value};

/// One page of a select.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Page<V> {
    /// The records, in the order of the select whichever way the page was reached.
    pub rows: Vec<V>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<Cursor>,
    /// The cursor of the page before; `None` on the first one.
    ///
    /// The page before may be empty, if its records have been deleted.
    pub previous: Option<Cursor>,
}

/// A page of a select that is chosen by its number.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NumberedPage<V> {
    /// The records; none behind the last page.
    pub rows: Vec<V>,
    /// The number of the page, counted from 1.
    pub number: u64,
    /// The number of records on a full page.
    pub size: u64,
    /// The number of all records that the select would read.
    pub total: u64,
}

impl<V> NumberedPage<V> {
    /// The number of pages.
    pub fn pages(&self) -> u64 {
        self.total.div_ceil(self.size.max(1))
    }
}

/// A page of records of type `T`: awaiting it returns a [`Page<V>`](Page).
///
/// Made by [`Select::page`](super::Select::page).
///
/// # Errors
///
/// Those of [`Select`](super::Select); [`InvalidArgument`](crate::ErrorKind::InvalidArgument), before anything is sent, for a page of no
/// records, for a cursor that is damaged or of another table or order, after `limit` or `start`, and for an order with
/// [`collate`](crate::query::Order::collate) or [`numeric`](crate::query::Order::numeric), in which values cannot be compared.
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
/// # struct User { id: Id<User>, name: String }
/// # surreal_session_embedded::example(async |session| {
/// # session.insert(["Ada", "Bob", "Cy", "Dee", "Eve"].map(|name| NewUser { name: name.into() })).await?;
/// let users = session.select::<User>().order_by(|u| u.name.asc());
/// let mut names = Vec::new();
/// let mut cursor = None;
/// loop {
///     let page = users.clone().page(2, cursor).await?;
///     names.extend(page.rows.into_iter().map(|user| user.name));
///     cursor = page.next;
///     if cursor.is_none() {
///         break;
///     }
/// }
/// assert_eq!(names, ["Ada", "Bob", "Cy", "Dee", "Eve"]);
///
/// let first = users.clone().page(2, None).await?;
/// let second = users.clone().page(2, first.next).await?;
/// let first_again = users.page(2, second.previous).await?;
/// assert_eq!(first_again.rows[0].name, "Ada");
/// assert!(first_again.previous.is_none());
/// # Ok(()) });
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct SelectPage<T, V = T> {
    clauses: SelectClauses,
    order: Vec<Key>,
    rows: i64,
    direction: Direction,
    is_first: bool,
    marker: PhantomData<fn() -> (T, V)>,
}

impl<T: Record, V> SelectPage<T, V> {
    pub(super) fn new(mut clauses: SelectClauses, rows: impl TryInto<i64>, cursor: Option<Cursor>) -> Self {
        if clauses.is_page() {
            clauses.refuse("a page has its size: `.limit(..)` and `.start(..)` cannot be combined with it");
        }
        let rows = match clauses.number("page", rows) {
            Some(0) => {
                clauses.refuse("a page needs at least one record");
                1
            }
            rows => rows.unwrap_or(1).min(MAX_ROWS),
        };
        check_order(&mut clauses);
        let order = with_id(std::mem::take(&mut clauses.order));
        let is_first = cursor.is_none();
        let direction = match cursor.map(|cursor| cursor.place(T::TABLE, &order)) {
            None => Direction::Forward,
            Some(Err(reason)) => {
                clauses.refuse(reason);
                Direction::Forward
            }
            Some(Ok((direction, values))) => {
                begin_behind::<T>(&mut clauses, &order, direction, &values);
                direction
            }
        };
        clauses.limit(rows + 1);
        Self { clauses, order, rows, direction, is_first, marker: PhantomData }
    }

    builder_methods! { clauses.call }

    /// The pages around this one. `has_more` tells whether there are rows behind it in its direction.
    fn cursors(&self, keys: &[Vec<Value>], has_more: bool) -> Result<[Option<Cursor>; 2]> {
        let cursor = |direction, keys: Option<&Vec<Value>>| {
            keys.map(|keys| Cursor::new(direction, T::TABLE, &self.order, keys)).transpose()
        };
        let (has_next, has_previous) = match self.direction {
            Direction::Forward => (has_more, !self.is_first),
            Direction::Backward => (true, has_more),
        };
        let next = cursor(Direction::Forward, keys.last().filter(|_| has_next))?;
        Ok([next, cursor(Direction::Backward, keys.first().filter(|_| has_previous))?])
    }
}

/// Refuses an order in which values cannot be compared.
pub(super) fn check_order(clauses: &mut SelectClauses) {
    if clauses.order.iter().any(Key::has_own_comparison) {
        clauses.refuse("pages and streams cannot be in an order with `collate` or `numeric`, or by chance");
    }
}

/// The order with the id as the last key.
pub(super) fn with_id(mut order: Vec<Key>) -> Vec<Key> {
    if !order.iter().any(Key::is_id) {
        order.push(Key::id());
    }
    order
}

/// The statement that reads rows of the record and the values of the order.
pub(super) fn page_statement(clauses: &SelectClauses, order: &[Key], direction: Direction) -> Fragment {
    let keys = order.iter().map(|key| key.path.clone()).collect::<Vec<_>>();
    let names: Vec<String> = (0..keys.len()).map(|index| format!("__{index}")).collect();
    let order = match direction {
        Direction::Forward => order.to_vec(),
        Direction::Backward => order.iter().map(Key::reversed).collect(),
    };
    let is_read_in_order = matches!(&order[..], [key] if key.is_plain_id()) && clauses.is_in_order_of_ids();
    let order = if is_read_in_order { Vec::new() } else { order };
    let expression = format!("[__row, [{}]]", names.join(", "));
    let rows = clauses.beside(clauses.row(&[]), keys, &order, &expression);
    clauses.refuse_in(rows.timeout(clauses.timeout))
}

/// Reads only records behind the one with these values.
pub(super) fn begin_behind<T: Record>(
    clauses: &mut SelectClauses,
    order: &[Key],
    direction: Direction,
    values: &[Value],
) {
    if let ([key], [Value::RecordId(id)], true) = (order, values, clauses.is_whole_table()) {
        let at = Bound::Excluded(id.key().clone());
        let range = match key.is_descending() == (direction == Direction::Backward) {
            true => Range::new(at, Bound::Unbounded),
            false => Range::new(Bound::Unbounded, at),
        };
        return clauses.choose(Target::Range(Fragment::of(&RecordId::new(T::TABLE, RecordKey::from(range)))));
    }
    let is_behind = (0..order.len()).map(|last| {
        let equal = order[..last].iter().zip(values).map(|(key, value)| compared(key, " != ", value));
        let key = &order[last];
        // The opposite, so that no index is used: its order differs from that of the values (server 3.3.5).
        let operator = if key.is_descending() == (direction == Direction::Backward) { " <= " } else { " >= " };
        Tree::all(equal.chain([compared(key, operator, &values[last])]))
    });
    clauses.filter.push(Tree::any(is_behind));
}

/// True if the comparison is not.
fn compared(key: &Key, operator: &str, value: &Value) -> Tree {
    Tree::Leaf(key.path.clone().text(operator).value(value)).negated()
}

impl<T: Record, V: DeserializeOwned + 'static> Statement for SelectPage<T, V> {
    type Output = Page<V>;

    fn call(&self) -> &Call {
        &self.clauses.call
    }

    fn operation(&self) -> Operation {
        self.clauses.operation.clone()
    }

    fn surql(&self) -> Fragment {
        page_statement(&self.clauses, &self.order, self.direction)
    }

    fn read(&self, response: &Response, index: usize) -> Result<Page<V>> {
        let (mut rows, mut keys): (Vec<V>, Vec<Vec<Value>>) =
            response.take::<Vec<(V, Vec<Value>)>>(index)?.into_iter().unzip();
        let size = usize::try_from(self.rows).unwrap_or(usize::MAX);
        let has_more = rows.len() > size;
        rows.truncate(size);
        keys.truncate(size);
        if self.direction == Direction::Backward {
            rows.reverse();
            keys.reverse();
        }
        let [next, previous] = self.cursors(&keys, has_more)?;
        Ok(Page { rows, next, previous })
    }
}

/// A page of records of type `T` with a number: awaiting it returns a [`NumberedPage<V>`](NumberedPage).
///
/// Made by [`Select::page_at`](super::Select::page_at). The records and their number are from one moment.
///
/// # Errors
///
/// Those of [`Select`](super::Select); [`InvalidArgument`](crate::ErrorKind::InvalidArgument), before anything is sent, for a page of no
/// records, for a number below 1, and after `limit` or `start`.
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
/// # struct User { id: Id<User>, name: String }
/// # surreal_session_embedded::example(async |session| {
/// # session.insert(["Ada", "Bob", "Cy", "Dee", "Eve"].map(|name| NewUser { name: name.into() })).await?;
/// let page = session.select::<User>().order_by(|u| u.name.asc()).page_at(2, 3).await?;
/// assert_eq!(page.rows[0].name, "Eve");
/// assert_eq!((page.number, page.pages(), page.total), (3, 3, 5));
/// # Ok(()) });
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct SelectNumberedPage<T, V = T> {
    clauses: SelectClauses,
    number: u64,
    size: u64,
    marker: PhantomData<fn() -> (T, V)>,
}

impl<T: Record, V> SelectNumberedPage<T, V> {
    pub(super) fn new(mut clauses: SelectClauses, rows: impl TryInto<i64>, number: impl TryInto<i64>) -> Self {
        if clauses.is_page() {
            clauses.refuse("a page has its size: `.limit(..)` and `.start(..)` cannot be combined with it");
        }
        let mut positive = |clause: &str, number: Option<i64>| match number {
            Some(1..) => number.unwrap_or(1),
            Some(_) => {
                clauses.refuse(&format!("the {clause} is not at least 1"));
                1
            }
            None => 1,
        };
        let size = rows.try_into().ok();
        let size = positive("size of a page", size.or(Some(0)));
        let number = positive("number of a page", number.try_into().ok().or(Some(0)));
        if !clauses.order.is_empty() {
            clauses.order = with_id(std::mem::take(&mut clauses.order));
        }
        Self { clauses, number: number.unsigned_abs(), size: size.unsigned_abs(), marker: PhantomData }
    }

    builder_methods! { clauses.call }
}

impl<T: Record, V: DeserializeOwned + 'static> Statement for SelectNumberedPage<T, V> {
    type Output = NumberedPage<V>;

    fn call(&self) -> &Call {
        &self.clauses.call
    }

    fn operation(&self) -> Operation {
        self.clauses.operation.clone()
    }

    fn surql(&self) -> Fragment {
        let mut page = self.clauses.clone();
        page.limit(self.size);
        page.start((self.number - 1).saturating_mul(self.size).min(i64::MAX.unsigned_abs()));
        let statement = Fragment::new("RETURN { rows: (")
            .then(page.surql())
            .text("), total: array::first((SELECT VALUE count FROM (");
        statement.then(self.clauses.count()).text("))) ?? 0 }")
    }

    fn read(&self, response: &Response, index: usize) -> Result<NumberedPage<V>> {
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "V: DeserializeOwned"))]
        struct Answer<V> {
            rows: Vec<V>,
            total: u64,
        }

        let Answer { rows, total } = response.take(index)?;
        Ok(NumberedPage { rows, number: self.number, size: self.size, total })
    }
}

macro_rules! pages {
    ($($name:ident => $page:ident;)+) => {$(
        impl<T: Record, V: DeserializeOwned + 'static> IntoFuture for $name<T, V> {
            type Output = Result<$page<V>>;
            type IntoFuture = CallFuture<$page<V>>;

            fn into_future(self) -> Self::IntoFuture {
                send(self)
            }
        }

        /// The select, without the values.
        impl<T, V> fmt::Debug for $name<T, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.clauses.surql())
            }
        }
    )+};
}

pages! {
    SelectPage => Page;
    SelectNumberedPage => NumberedPage;
}

/// One more record is read, to see whether there is another page.
const MAX_ROWS: i64 = i64::MAX - 1;
