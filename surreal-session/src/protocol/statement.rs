//! The result of `query`: one entry for each statement, and the errors for results that do not fit the type asked for.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::reply::{malformed, read_details};
use crate::codec::reader::{MapEntries, Reader, Remaining, find_entry};
use crate::codec::{self, DecodeError, NONE};
use crate::error::{Error, ErrorKind, Result, ServerError};
use crate::value::Value;

/// The outcome of one statement of a query.
#[derive(Debug)]
pub(crate) struct StatementResult {
    pub(crate) outcome: Outcome,
    pub(crate) time: Option<Duration>,
}

impl StatementResult {
    /// Returns the error of a failed statement.
    pub(crate) fn error(&self) -> Option<&ServerError> {
        match &self.outcome {
            Outcome::Ok(_) => None,
            Outcome::Failed(error) => Some(error),
        }
    }
}

/// The bytes of a statement's result, or its error.
pub(crate) enum Outcome {
    Ok(Bytes),
    Failed(ServerError),
}

/// Without the data, which may be large and does not belong into a log.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok(result) => write!(f, "Ok({} bytes)", result.len()),
            Self::Failed(error) => f.debug_tuple("Failed").field(error).finish(),
        }
    }
}

/// Finds the results of the statements. Decodes none of them. More bytes may follow.
pub(crate) fn read_statements(result: &Bytes) -> Result<Vec<StatementResult>> {
    scan(result).map_err(|error| malformed("query", error))
}

fn scan(result: &Bytes) -> Result<Vec<StatementResult>, DecodeError> {
    let mut reader = Reader::new(result);
    let mut statements = Vec::new();
    let mut left = Remaining::of(reader.array()?);
    while left.next(&mut reader)? {
        statements.push(read_statement(result, &mut reader)?);
    }
    Ok(statements)
}

/// The first failure that is not just the echo of another: in a failed transaction block most statements report only
/// that they were not executed. If only the commit failed, it is the last that says why.
pub(crate) fn first_failure(statements: &[StatementResult]) -> Option<(usize, &ServerError)> {
    let failures = || {
        statements.iter().enumerate().filter_map(|(index, statement)| match &statement.outcome {
            Outcome::Failed(error) => Some((index, error)),
            Outcome::Ok(_) => None,
        })
    };
    failures().find(|(_, error)| !is_echo(error)).or_else(|| failures().last())
}

/// Returns true if a statement failed only because its transaction did.
pub(crate) fn is_echo(error: &ServerError) -> bool {
    match error.kind() {
        "Query" => error.is_detail("NotExecuted") || error.is_detail("Cancelled"),
        // Server 3.0 tells the failure of a commit by each of the statements, and has no result for the COMMIT.
        "Internal" => error.message().starts_with("Query not executed: "),
        _ => false,
    }
}

#[derive(Default)]
struct Entry<'de> {
    failed: bool,
    time: Option<Duration>,
    result: Option<&'de [u8]>,
    kind: Option<String>,
    details: Option<Value>,
}

fn read_statement<'de>(frame: &'de Bytes, reader: &mut Reader<'de>) -> Result<StatementResult, DecodeError> {
    let mut entry = Entry::default();
    let mut entries = MapEntries::of(reader)?;
    while let Some(key) = entries.next(reader)? {
        match &*key {
            "status" => entry.failed = reader.text()? != "OK",
            "time" => entry.time = parse_time(&reader.text()?),
            "result" => entry.result = Some(reader.skip()?),
            "kind" => entry.kind = text_or_none(reader.skip()?)?,
            "details" => entry.details = codec::decode(reader.skip()?)?,
            _ => drop(reader.skip()?),
        }
    }
    let time = entry.time;
    let outcome =
        if entry.failed { Outcome::Failed(entry.into_failure()?) } else { Outcome::Ok(entry.into_bytes(frame)) };
    Ok(StatementResult { outcome, time })
}

impl Entry<'_> {
    fn into_bytes(self, frame: &Bytes) -> Bytes {
        self.result.map_or_else(|| Bytes::from_static(NONE), |result| frame.slice_ref(result))
    }

    fn into_failure(self) -> Result<ServerError, DecodeError> {
        let message = match self.result {
            Some(result) => text_or_none(result)?.unwrap_or_default(),
            None => String::new(),
        };
        Ok(ServerError {
            code: None,
            message,
            kind: self.kind.unwrap_or_default(),
            details: self.details.and_then(read_details),
            cause: None,
        })
    }
}

/// The text of an item, of whatever type it is; an error's message is never worth losing the error for.
fn text_or_none(item: &[u8]) -> Result<Option<String>, DecodeError> {
    Ok(codec::decode::<Option<Value>>(item)?.map(|value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    }))
}

/// Reads the `Debug` form of a duration, as in `1.2ms`, `15µs` or `0ns`.
fn parse_time(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(unit_at);
    let seconds_per_unit = match unit {
        "s" => 1.0,
        "ms" => 1e-3,
        "µs" | "μs" => 1e-6,
        "ns" => 1e-9,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds_per_unit).ok()
}

/// Returns the error for a result that does not fit the type asked for. It names the record and the path in it, as in
/// `user:ada.address.zip`.
pub(crate) fn decode_error(result: &[u8], error: &DecodeError) -> Error {
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

/// Like [`decode_error`], for data of the record with this id.
pub(crate) fn record_decode_error(id: &[u8], error: &DecodeError) -> Error {
    let record = codec::decode(id).map_or_else(|_| "a record".to_owned(), |id: Value| id.to_string());
    let path = error.path();
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    Error::new(ErrorKind::Decode, format!("cannot decode {record}{dot}{path}: {}", error.message())).answered()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_a_statement_is_read_in_every_unit() {
        for (text, expected) in [
            ("0ns", Some(Duration::ZERO)),
            ("15µs", Some(Duration::from_micros(15))),
            ("1.5ms", Some(Duration::from_micros(1_500))),
            ("2s", Some(Duration::from_secs(2))),
            ("2", None),
            ("fast", None),
        ] {
            assert_eq!(parse_time(text), expected, "{text}");
        }
    }
}
