//! Results that do not fit the type asked for, in words that lead to the record.

use super::response::find_entry;
use crate::codec::reader::Reader;
use crate::codec::{self, DecodeError, EncodeError};
use crate::error::{Error, ErrorKind};
use crate::value::Value;

/// The error for a result that was decoded in vain: it names the record and the path in it, as in
/// `user:ada.address.zip`.
pub(crate) fn misfit(result: &[u8], error: &DecodeError) -> Error {
    let path = error.path();
    let place = match split_row(result, &path) {
        Some((record, "")) => record,
        Some((record, rest)) => format!("{record}.{}", rest.trim_start_matches('.')),
        None if path.is_empty() => "the result".to_owned(),
        None => path,
    };
    let message = format!("cannot decode {place}: {}", error.message());
    Error::new(ErrorKind::Decode, message).answered()
}

/// The same for what is known to be of the record with this id.
pub(crate) fn misfit_of(id: &[u8], error: &DecodeError) -> Error {
    let record = codec::decode(id).map_or_else(|_| "a record".to_owned(), |id: Value| id.to_string());
    let path = error.path();
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    Error::new(ErrorKind::Decode, format!("cannot decode {record}{dot}{path}: {}", error.message())).answered()
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        let path = error.path();
        let place = if path.is_empty() { "the value" } else { &path };
        Self::new(ErrorKind::Encode, format!("cannot encode {place}: {}", error.message()))
    }
}

/// The id of the record that `path` leads into, and the rest of the path.
fn split_row<'p>(result: &[u8], path: &'p str) -> Option<(String, &'p str)> {
    let mut reader = Reader::new(result);
    let rest = match path.strip_prefix('[').and_then(|path| path.split_once(']')) {
        Some((index, rest)) => {
            let index: usize = index.parse().ok()?;
            reader.array().ok()?;
            for _ in 0..index {
                reader.skip().ok()?;
            }
            rest
        }
        None => {
            // A result of one row, of which that row was asked for.
            if reader.array().is_err() {
                reader = Reader::new(result);
            }
            path
        }
    };
    record_id(reader.skip().ok()?).map(|id| (id, rest))
}

fn record_id(row: &[u8]) -> Option<String> {
    match codec::decode(find_entry(row, "id").ok()??).ok()? {
        Value::RecordId(id) => Some(id.to_string()),
        _ => None,
    }
}
