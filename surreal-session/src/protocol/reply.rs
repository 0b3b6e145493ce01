//! Replies to requests: the byte range of the result, or the server's error.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use serde::Deserialize;

use super::{LiveId, TransactionId};
use crate::codec::reader::{MapEntries, Reader, Remaining};
use crate::codec::{self, DecodeError, Header};
use crate::error::{Error, ErrorDetails, Result, ServerError};
use crate::value::{Uuid, Value};

/// The frame of a reply.
#[derive(Debug)]
pub(crate) struct Reply(Bytes);

impl Reply {
    pub(crate) fn new(frame: Bytes) -> Self {
        Self(frame)
    }

    /// Returns the bytes of the result, or the server's error.
    ///
    /// `request` names the request in the error's message.
    pub(crate) fn into_result(self, request: impl fmt::Display + Copy) -> Result<Bytes> {
        self.into_body(request, |mut result| result.skip())
    }

    /// Returns the bytes of the results of statements, for [`read_statements`](super::read_statements), or the server's
    /// error. The rest of the frame follows the results: to find their end would take one more pass over them.
    pub(crate) fn into_statements(self, request: impl fmt::Display + Copy) -> Result<Bytes> {
        self.into_body(request, |results| Ok(results.rest()))
    }

    fn into_body(
        self,
        request: impl fmt::Display + Copy,
        read: impl for<'de> FnOnce(Reader<'de>) -> Result<&'de [u8], DecodeError>,
    ) -> Result<Bytes> {
        match self.find().map_err(|error| malformed(request, error))? {
            ReplyBody::Result(result) => match read(result) {
                Ok(result) => Ok(self.0.slice_ref(result)),
                Err(error) => Err(malformed(request, error)),
            },
            ReplyBody::Failure(failure) => {
                let failure = read_server_error(failure).map_err(|error| malformed(request, error))?;
                Err(match failure.is_result_lost() {
                    true => Error::result_lost(request, failure),
                    false => Error::from_server(request, failure),
                })
            }
            ReplyBody::Neither => {
                Err(Error::protocol(format!("the reply to `{request}` has neither result nor error")))
            }
        }
    }

    /// Returns the id of the live query that the last statement of a `query` request has registered.
    ///
    /// It is found even if the end of the reply is missing, so that the live query can be killed.
    pub(crate) fn live_id(&self) -> Option<LiveId> {
        let mut reader = Reader::new(&self.0);
        let mut entries = MapEntries::of(&mut reader).ok()?;
        while let Ok(Some(key)) = entries.next(&mut reader) {
            if key == "result" {
                return read_live_id(&mut reader);
            }
            reader.skip().ok()?;
        }
        None
    }

    /// Returns the transaction that a successful reply to `begin` names.
    pub(crate) fn begun(&self) -> Result<Option<TransactionId>, DecodeError> {
        match self.find()? {
            ReplyBody::Result(mut result) => read_begun(result.skip()?).map(Some),
            ReplyBody::Failure(_) | ReplyBody::Neither => Ok(None),
        }
    }

    fn find(&self) -> Result<ReplyBody<'_>, DecodeError> {
        let mut reader = Reader::new(&self.0);
        let mut entries = MapEntries::of(&mut reader)?;
        while let Some(key) = entries.next(&mut reader)? {
            match &*key {
                "result" => return Ok(ReplyBody::Result(reader)),
                "error" => return reader.skip().map(ReplyBody::Failure),
                _ => drop(reader.skip()?),
            }
        }
        Ok(ReplyBody::Neither)
    }
}

enum ReplyBody<'a> {
    /// The result is next.
    Result(Reader<'a>),
    Failure(&'a [u8]),
    Neither,
}

pub(crate) fn malformed(request: impl fmt::Display, error: DecodeError) -> Error {
    Error::protocol(format!("the reply to `{request}` is malformed")).with_source(error)
}

/// The id of the live query that the last statement has registered; `None` if it failed or was another statement. The end
/// of the last statement may be missing.
fn read_live_id(reader: &mut Reader<'_>) -> Option<LiveId> {
    let mut left = Remaining::of(reader.array().ok()?);
    let mut last = None;
    while left.next(reader).ok()? {
        let mut entries = MapEntries::of(reader).ok()?;
        last = None;
        while let Ok(key) = entries.next(reader) {
            let Some(key) = key else { break };
            let Ok(item) = reader.skip() else { break };
            if key == "result" {
                last = codec::decode(item).ok();
            }
        }
    }
    last
}

/// Reads the id of a transaction that was begun: a uuid, or since 4.0 an object that has it as `id`.
pub(crate) fn read_begun(result: &[u8]) -> Result<TransactionId, DecodeError> {
    let mut reader = Reader::new(result);
    let id = if matches!(reader.peek()?, Header::Map(_)) { find_id(&mut reader)? } else { result };
    codec::decode::<Uuid>(id).map(TransactionId::new)
}

fn find_id<'de>(reader: &mut Reader<'de>) -> Result<&'de [u8], DecodeError> {
    let mut entries = MapEntries::of(reader)?;
    while let Some(key) = entries.next(reader)? {
        let item = reader.skip()?;
        if key == "id" {
            return Ok(item);
        }
    }
    Err(DecodeError::new("the object has no `id`"))
}

/// Reads the `error` object of a reply.
pub(crate) fn read_server_error(bytes: &[u8]) -> Result<ServerError, DecodeError> {
    codec::decode::<ServerErrorObject>(bytes).map(ServerError::from)
}

#[derive(Deserialize)]
struct ServerErrorObject {
    #[serde(default)]
    code: Option<i64>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    details: Option<Value>,
    #[serde(default)]
    cause: Option<Box<ServerErrorObject>>,
}

impl From<ServerErrorObject> for ServerError {
    fn from(object: ServerErrorObject) -> Self {
        Self {
            code: object.code,
            message: object.message,
            kind: object.kind.unwrap_or_default(),
            details: object.details.and_then(read_details),
            cause: object.cause.map(|cause| Box::new((*cause).into())),
        }
    }
}

/// Reads `{kind, details?}`, where `details` are the fields of the variant or another such object.
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

#[cfg(test)]
mod tests {
    use ciborium::cbor;

    use super::*;
    use crate::error::{Delivery, ErrorKind};

    fn frame(value: &ciborium::Value) -> Bytes {
        let mut frame = Vec::new();
        ciborium::into_writer(value, &mut frame).unwrap();
        frame.into()
    }

    #[test]
    fn reply_gives_the_bytes_of_the_result() {
        let reply = Reply::new(frame(&cbor!({"id" => 1, "result" => "ok"}).unwrap()));
        assert_eq!(&*reply.into_result("ping").unwrap(), b"\x62ok");
        let reply = Reply::new(frame(&cbor!({"id" => 1}).unwrap()));
        let error = reply.into_result("ping").unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Protocol, Delivery::Unknown));
    }

    #[test]
    fn live_id_is_found_in_a_reply_without_its_end() {
        let uuid = ciborium::Value::Tag(37, Box::new(ciborium::Value::Bytes(vec![7; 16])));
        let statement = |result: ciborium::Value| cbor!({"result" => result, "status" => "OK"}).unwrap();
        let (first, last) = (statement(1.into()), statement(uuid));
        let whole = frame(&cbor!({"id" => 1, "result" => [first, last]}).unwrap());
        let id = |frame: &Bytes| Reply::new(frame.clone()).live_id().map(|id| *id.as_uuid().as_bytes());
        assert_eq!(id(&whole), Some([7; 16]));
        // Without the status of the last statement, which is "OK".
        let cut = whole.len() - b"\x66status\x62OK".len();
        assert_eq!(id(&whole.slice(..cut)), Some([7; 16]));
        assert!((0..cut - 1).all(|cut| id(&whole.slice(..cut)).is_none()));
        let failed = cbor!({"id" => 1, "result" => [{"result" => "no", "status" => "ERR"}]}).unwrap();
        assert_eq!(id(&frame(&failed)), None);
        assert_eq!(id(&frame(&cbor!({"id" => 1, "result" => []}).unwrap())), None);
    }

    #[test]
    fn result_that_cannot_be_sent_is_told_apart_from_text_that_does_not_parse() {
        let parse = cbor!({"kind" => "Parse"}).unwrap();
        for (code, details, expected) in [
            (-32700, parse.clone(), (ErrorKind::Serialization, Delivery::Unknown)),
            (-32000, parse, (ErrorKind::Validation, Delivery::Answered)),
            (-32700, ciborium::Value::Null, (ErrorKind::Validation, Delivery::Answered)),
        ] {
            let error =
                cbor!({"code" => code, "message" => "Parse error", "kind" => "Validation", "details" => details});
            let reply = Reply::new(frame(&cbor!({"id" => 1, "error" => error.unwrap()}).unwrap()));
            let error = reply.into_result("query").unwrap_err();
            assert_eq!((error.kind(), error.delivery()), expected, "{error:?}");
            assert!(!error.is_retryable());
        }
    }

    fn encoded(value: &Value) -> Vec<u8> {
        codec::encode(value).unwrap().to_vec()
    }

    #[test]
    fn begun_is_a_uuid_or_an_object_with_one() {
        let uuid = Uuid::new_v7();
        let id = Value::Uuid(uuid);
        let object = |entries: &[(&str, &Value)]| {
            let entries = entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).clone()));
            Value::Object(entries.collect::<BTreeMap<_, _>>())
        };
        let isolation = Value::from("snapshot");
        for reply in
            [&id, &object(&[("id", &id)]), &object(&[("a", &Value::None), ("id", &id), ("isolation", &isolation)])]
        {
            assert_eq!(read_begun(&encoded(reply)).unwrap(), TransactionId::new(uuid), "{reply:?}");
        }
        for reply in [&isolation, &Value::None, &object(&[]), &object(&[("id", &isolation)])] {
            assert!(read_begun(&encoded(reply)).is_err(), "{reply:?}");
        }
    }
}
