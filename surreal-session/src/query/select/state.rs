//! What a [`Select`](crate::Select) has been told already, what it gives then, and what can still be said.
//!
//! These names are seen in messages of the compiler; a program has no need of them.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use crate::query::Response;

/// A state of a [`Select`](crate::Select).
pub trait State: 'static {
    /// What the select gives, where its rows are of type `V`.
    type Result<V: 'static>;

    /// Reads it.
    #[doc(hidden)]
    fn read<V: DeserializeOwned + 'static>(response: &Response, index: usize, table: &str) -> Result<Self::Result<V>>;
}

/// What can still be told which records to read.
#[diagnostic::on_unimplemented(
    message = "which records to read is said first, and once",
    label = "cannot follow what has been said already",
    note = "begin with it, as in `session.select::<User>().ids([..]).order_by(..)`"
)]
pub trait Targets: State {}

/// What can be put in an order.
#[diagnostic::on_unimplemented(
    message = "an order means nothing here",
    label = "this does not give several records",
    note = "the first of an order is `.order_by(..).first()`"
)]
pub trait Orders: State {
    /// The state afterwards.
    type Then: State;
}

/// What can be given a limit and a start.
#[diagnostic::on_unimplemented(
    message = "a limit or a start means nothing here",
    label = "this does not give any number of records"
)]
pub trait Pages: State {}

/// What can be counted.
#[diagnostic::on_unimplemented(
    message = "records are counted without an order, a limit or a start",
    label = "cannot be counted like this",
    note = "count a clone that has not been given them: `let users = session.select::<User>(); users.clone().count()`"
)]
pub trait Counts: State {}

/// What has a first record.
#[diagnostic::on_unimplemented(
    message = "this select has no first record",
    label = "it gives at most one, or has a limit or a start already"
)]
pub trait Begins: State {}

/// What can be asked for its only record, and whether there is any.
#[diagnostic::on_unimplemented(
    message = "whether there is just one record, or any, does not depend on an order, a limit or a start",
    label = "say this without them"
)]
pub trait Singles: State {}

/// What gives records.
#[diagnostic::on_unimplemented(
    message = "this select gives no records",
    label = "there are no fields to choose, nor links to follow"
)]
pub trait Gives: State {}

/// What names the records that it reads.
#[diagnostic::on_unimplemented(
    message = "only records that are named by their ids can be locked",
    label = "say this after `.id(..)` or `.ids([..])`"
)]
pub trait Locks: State {}

macro_rules! states {
    ($($(#[$doc:meta])+ $name:ident => $result:ty, $read:ident: $($can:ident)*;)+) => {$(
        $(#[$doc])+
        #[derive(Debug)]
        #[non_exhaustive]
        pub struct $name;

        impl State for $name {
            type Result<V: 'static> = $result;

            fn read<V: DeserializeOwned + 'static>(response: &Response, index: usize, table: &str) -> Result<$result> {
                $read(response, index, table)
            }
        }

        $(impl $can for $name {})*
    )+};
}

states! {
    /// Every record of the table.
    Whole => Vec<V>, all: Targets Pages Counts Begins Singles Gives;
    /// The records whose keys are in a range.
    Range => Vec<V>, all: Pages Counts Begins Singles Gives;
    /// The records that a walk through the graph has come to.
    Found => Vec<V>, all: Pages Counts Begins Singles Gives;
    /// The records with these ids.
    Ids => Vec<V>, all: Counts Begins Singles Gives Locks;
    /// The record with this id.
    ById => Option<V>, by_id: Singles Gives Locks;
    /// Records in an order.
    Ordered => Vec<V>, all: Pages Begins Gives;
    /// Records up to a limit, or from a start.
    Paged => Vec<V>, all: Pages Gives;
    /// The first record.
    First => Option<V>, first: Gives;
    /// The only record.
    One => V, one: Gives;
    /// How many records there are.
    Count => u64, count:;
    /// Whether there is any record.
    Exists => bool, exists:;
}

impl Orders for Whole {
    type Then = Ordered;
}

impl Orders for Range {
    type Then = Ordered;
}

impl Orders for Found {
    type Then = Ordered;
}

impl Orders for Ids {
    type Then = Self;
}

impl Orders for Ordered {
    type Then = Self;
}

impl Orders for Paged {
    type Then = Self;
}

fn all<V: DeserializeOwned>(response: &Response, index: usize, _: &str) -> Result<Vec<V>> {
    response.take(index)
}

fn by_id<V: DeserializeOwned>(response: &Response, index: usize, _: &str) -> Result<Option<V>> {
    response.take(index)
}

fn first<V: DeserializeOwned>(response: &Response, index: usize, _: &str) -> Result<Option<V>> {
    Ok(response.take::<Vec<V>>(index)?.into_iter().next())
}

fn one<V: DeserializeOwned>(response: &Response, index: usize, table: &str) -> Result<V> {
    let mut rows = response.take::<Vec<V>>(index)?.into_iter();
    let (kind, found) = match (rows.next(), rows.next()) {
        (Some(row), None) => return Ok(row),
        (None, _) => (ErrorKind::NotFound, "there is none"),
        (Some(_), Some(_)) => (ErrorKind::TooManyRecords, "there are several"),
    };
    let message = format!("exactly one record of `{table}` was asked for: {found}");
    Err(Error::new(kind, message).answered().with_statement(index))
}

fn count(response: &Response, index: usize, _: &str) -> Result<u64> {
    #[derive(Deserialize)]
    struct Counted {
        count: u64,
    }

    Ok(response.take::<Option<Counted>>(index)?.map_or(0, |counted| counted.count))
}

fn exists(response: &Response, index: usize, _: &str) -> Result<bool> {
    Ok(!response.take::<Vec<bool>>(index)?.is_empty())
}
