//! What a [`Select`](crate::query::Select) has been told already, what it gives then, and what can still be said.
//!
//! These names are seen in messages of the compiler; a program has no need of them.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use crate::query::Response;

/// A state of a [`Select`](crate::query::Select).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a select can have been told",
    label = "expected a type of `surreal_session::query::state`"
)]
pub trait State: 'static {
    /// What the select gives, where its rows are of type `V`.
    type Result<V: 'static>;

    /// The state once there is an order, where there can be one.
    type Then: State;

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
pub trait Orders: State {}

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
    ($($(#[$doc:meta])+ $name:ident => $result:ty, $read:ident, $then:ty;)+) => {$(
        $(#[$doc])+
        #[derive(Debug)]
        #[non_exhaustive]
        pub struct $name;

        impl State for $name {
            type Result<V: 'static> = $result;
            type Then = $then;

            fn read<V: DeserializeOwned + 'static>(response: &Response, index: usize, table: &str) -> Result<$result> {
                $read(response, index, table)
            }
        }
    )+};
}

states! {
    /// Every record of the table.
    Whole => Vec<V>, all, Ordered;
    /// The records whose keys are in a range.
    Range => Vec<V>, all, Ordered;
    /// The records that a walk through the graph has come to.
    Found => Vec<V>, all, Ordered;
    /// The records with these ids.
    Ids => Vec<V>, all, Self;
    /// The record with this id.
    ById => Option<V>, by_id, Self;
    /// Records in an order.
    Ordered => Vec<V>, all, Self;
    /// Records up to a limit, or from a start.
    Paged => Vec<V>, all, Self;
    /// The first record.
    First => Option<V>, first, Self;
    /// The only record.
    One => V, one, Self;
    /// How many records there are.
    Count => u64, count, Self;
    /// Whether there is any record.
    Exists => bool, exists, Self;
}

impl Targets for Whole {}

impl Orders for Whole {}
impl Orders for Range {}
impl Orders for Found {}
impl Orders for Ids {}
impl Orders for Ordered {}
impl Orders for Paged {}

impl Pages for Whole {}
impl Pages for Range {}
impl Pages for Found {}
impl Pages for Ordered {}
impl Pages for Paged {}

impl Counts for Whole {}
impl Counts for Range {}
impl Counts for Found {}
impl Counts for Ids {}

impl Begins for Whole {}
impl Begins for Range {}
impl Begins for Found {}
impl Begins for Ids {}
impl Begins for Ordered {}

impl Singles for Whole {}
impl Singles for Range {}
impl Singles for Found {}
impl Singles for Ids {}
impl Singles for ById {}

impl Gives for Whole {}
impl Gives for Range {}
impl Gives for Found {}
impl Gives for Ids {}
impl Gives for ById {}
impl Gives for Ordered {}
impl Gives for Paged {}
impl Gives for First {}
impl Gives for One {}

impl Locks for Ids {}
impl Locks for ById {}

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
