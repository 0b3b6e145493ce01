//! The server's error objects, read into [`ServerError`].

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::codec::{self, DecodeError};
use crate::error::{ErrorDetails, ServerError};
use crate::value::Value;

/// Reads the `error` object of a reply.
pub(crate) fn read_failure(bytes: &[u8]) -> Result<ServerError, DecodeError> {
    codec::decode::<Failure>(bytes).map(ServerError::from)
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    code: Option<i64>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    details: Option<Value>,
    #[serde(default)]
    cause: Option<Box<Failure>>,
}

impl From<Failure> for ServerError {
    fn from(failure: Failure) -> Self {
        Self {
            code: failure.code,
            message: failure.message,
            kind: failure.kind.unwrap_or_default(),
            details: failure.details.and_then(read_details),
            cause: failure.cause.map(|cause| Box::new((*cause).into())),
        }
    }
}

/// Takes `{kind, details?}` apart, where `details` are the fields of the variant or another such object.
pub(super) fn read_details(value: Value) -> Option<ErrorDetails> {
    let Value::Object(mut object) = value else { return None };
    let kind = match object.remove("kind")? {
        Value::String(kind) => kind,
        other => other.to_string(),
    };
    let mut details = ErrorDetails { kind, ..ErrorDetails::default() };
    match object.remove("details") {
        Some(Value::Object(inner)) if inner.contains_key("kind") => {
            details.inner = read_details(Value::Object(inner)).map(Box::new);
        }
        Some(Value::Object(fields)) => details.fields = fields.into_iter().map(field_text).collect(),
        Some(Value::None | Value::Null) | None => {}
        Some(other) => details.fields = BTreeMap::from([field_text(("details".to_owned(), other))]),
    }
    Some(details)
}

fn field_text((name, value): (String, Value)) -> (String, String) {
    match value {
        Value::String(text) => (name, text),
        other => (name, other.to_string()),
    }
}
