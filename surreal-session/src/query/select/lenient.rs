//! A select in which some records may not fit their type.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::clauses::SelectClauses;
use super::select_traits;
use crate::codec::reader::{Reader, Remaining};
use crate::codec::{self, DecodeError};
use crate::error::{Error, Result};
use crate::protocol::{Operation, decode_error};
use crate::query::Response;
use crate::query::statement::{Call, Fragment, Statement, send};
use crate::record::Record;
use crate::session::CallFuture;

/// The records of a select that fit their type: awaiting it returns a [`Lenient`] with an error for each of the others.
///
/// Made by [`Select::lenient`](super::Select::lenient). It reads old data that a changed model does not fit, and finds it.
/// Errors and cancel safety are those of [`Select`](super::Select), without [`Decode`](crate::ErrorKind::Decode).
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String, age: u8 }
/// # surreal_session_embedded::example(async |session| {
/// session.execute("CREATE user:ada SET name = 'Ada', age = 36; CREATE user:old SET name = 'Old', age = 'many'").await?;
/// let users = session.select::<User>().lenient().await?;
/// assert_eq!((users.rows.len(), users.errors.len()), (1, 1));
/// assert!(users.errors[0].to_string().starts_with("cannot decode user:old.age: "));
/// # Ok(()) });
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct SelectLenient<T, V = T> {
    pub(super) clauses: SelectClauses,
    marker: PhantomData<fn() -> (T, V)>,
}

/// The result of a select in which some records may not fit their type.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use = "records may be missing: look at `errors`"]
pub struct Lenient<V> {
    /// The records that fit, in the order of the select.
    pub rows: Vec<V>,
    /// An error for each other record, in the order of the select. Each names the record and the path of the field, as in
    /// `user:ada.address.zip`, and is of kind [`Decode`](crate::ErrorKind::Decode).
    pub errors: Vec<Error>,
}

impl<T: Record, V> SelectLenient<T, V> {
    pub(super) fn new(clauses: SelectClauses) -> Self {
        Self { clauses, marker: PhantomData }
    }

    fn output(_: &SelectClauses, response: &Response, index: usize) -> Result<Lenient<V>>
    where
        V: DeserializeOwned,
    {
        let result = response.result(index)?;
        read(result).map_err(|error| decode_error(result, &error).with_statement(index))
    }
}

select_traits! { SelectLenient [V] => Lenient<V> }

fn read<V: DeserializeOwned>(result: &[u8]) -> Result<Lenient<V>, DecodeError> {
    let mut reader = Reader::new(result);
    let mut left = Remaining::of(reader.array()?);
    let mut lenient = Lenient { rows: Vec::new(), errors: Vec::new() };
    let mut index = 0;
    while left.next(&mut reader)? {
        match codec::decode(reader.skip()?) {
            Ok(row) => lenient.rows.push(row),
            Err(error) => lenient.errors.push(decode_error(result, &error.in_index(index)).with_row(index)),
        }
        index += 1;
    }
    Ok(lenient)
}
