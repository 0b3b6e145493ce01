//! Replies: routing by the head, and the byte range of the result.

use std::fmt;

use bytes::Bytes;

use super::{LiveId, RequestId, TransactionId, notification, read_begun, read_failure, statement};
use crate::codec::reader::{Reader, Remaining};
use crate::codec::{DecodeError, Header};
use crate::error::{Error, Result, ServerError};

/// What routing needs to know of an incoming frame.
#[derive(Debug, PartialEq)]
pub(crate) enum Head {
    /// The reply to a request.
    Reply(RequestId),
    /// An error that the server could not attribute to a request, as for a frame that it could not decode.
    Unattributed(Box<ServerError>),
    /// An event of a live query.
    Notification(notification::Head),
}

impl Head {
    /// Reads as much of a frame as tells where it belongs.
    pub(crate) fn read(frame: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(frame);
        let (mut failure, mut result) = (None, None);
        let mut entries = Entries::of(&mut reader)?;
        while let Some(key) = entries.next(&mut reader)? {
            match &*key {
                "id" if is_integer(&reader)? => return Ok(Self::Reply(RequestId(reader.integer()?))),
                "error" => failure = Some(reader.skip()?),
                "result" => result = Some(reader.skip()?),
                _ => drop(reader.skip()?),
            }
        }
        match (failure, result) {
            (Some(failure), _) => Ok(Self::Unattributed(Box::new(read_failure(failure)?))),
            (None, Some(result)) => notification::Head::read(result).map(Self::Notification),
            (None, None) => Err(DecodeError::new("neither a reply nor an event")),
        }
    }
}

/// A reply to a request, as it came.
#[derive(Debug)]
pub(crate) struct Reply(Bytes);

impl Reply {
    pub(crate) fn new(frame: Bytes) -> Self {
        Self(frame)
    }

    /// The bytes of the result, or the error that the server sent instead of one.
    ///
    /// `request` names the request in the error's message.
    pub(crate) fn into_result(self, request: impl fmt::Display + Copy) -> Result<Bytes> {
        match self.find().map_err(|error| malformed(request, error))? {
            Answer::Result(result) => Ok(self.0.slice_ref(result)),
            Answer::Failure(failure) => {
                let failure = read_failure(failure).map_err(|error| malformed(request, error))?;
                Err(match failure.is_result_lost() {
                    true => Error::result_lost(request, failure),
                    false => Error::from_server(request, failure),
                })
            }
            Answer::Neither => Err(Error::protocol(format!("the reply to `{request}` has neither result nor error"))),
        }
    }

    /// The id of the live query that the last statement of a `query` request has registered.
    ///
    /// It is found even if the end of the reply is missing, so that the live query can be killed.
    pub(crate) fn live_id(&self) -> Option<LiveId> {
        let mut reader = Reader::new(&self.0);
        let mut entries = Entries::of(&mut reader).ok()?;
        while let Ok(Some(key)) = entries.next(&mut reader) {
            if key == "result" {
                return statement::read_live_id(&mut reader);
            }
            reader.skip().ok()?;
        }
        None
    }

    /// The transaction that this reply to `begin` says is open, if it says so.
    pub(crate) fn begun(&self) -> Result<Option<TransactionId>, DecodeError> {
        match self.find()? {
            Answer::Result(result) => read_begun(result).map(Some),
            Answer::Failure(_) | Answer::Neither => Ok(None),
        }
    }

    fn find(&self) -> Result<Answer<'_>, DecodeError> {
        let mut reader = Reader::new(&self.0);
        let mut entries = Entries::of(&mut reader)?;
        while let Some(key) = entries.next(&mut reader)? {
            let item = reader.skip()?;
            match &*key {
                "result" => return Ok(Answer::Result(item)),
                "error" => return Ok(Answer::Failure(item)),
                _ => {}
            }
        }
        Ok(Answer::Neither)
    }
}

enum Answer<'a> {
    Result(&'a [u8]),
    Failure(&'a [u8]),
    Neither,
}

/// Walks the entries of a map, of definite length or not. The caller consumes each value.
pub(super) struct Entries {
    left: Remaining,
}

impl Entries {
    pub(super) fn of(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { left: Remaining::of(reader.map()?) })
    }

    pub(super) fn next<'de>(
        &mut self,
        reader: &mut Reader<'de>,
    ) -> Result<Option<std::borrow::Cow<'de, str>>, DecodeError> {
        if self.left.next(reader)? { reader.text().map(Some) } else { Ok(None) }
    }
}

/// The value of an entry of an object, as it is written.
pub(super) fn find_entry<'de>(object: &'de [u8], name: &str) -> Result<Option<&'de [u8]>, DecodeError> {
    let mut reader = Reader::new(object);
    let mut entries = Entries::of(&mut reader)?;
    while let Some(key) = entries.next(&mut reader)? {
        let item = reader.skip()?;
        if key == name {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

fn is_integer(reader: &Reader<'_>) -> Result<bool, DecodeError> {
    Ok(matches!(reader.peek()?, Header::Positive(_) | Header::Negative(_)))
}

pub(crate) fn malformed(request: impl fmt::Display, error: DecodeError) -> Error {
    Error::protocol(format!("the reply to `{request}` is malformed")).with_source(error)
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
    fn head_tells_replies_from_notifications_and_stray_errors() {
        let cases = [
            (cbor!({"id" => 7, "result" => [1, 2]}), Head::Reply(RequestId(7))),
            (cbor!({"error" => {"code" => -32000, "message" => "no"}, "id" => 8}), Head::Reply(RequestId(8))),
        ];
        for (value, expected) in cases {
            assert_eq!(Head::read(&frame(&value.unwrap())).unwrap(), expected);
        }
        let stray = frame(&cbor!({"error" => {"code" => -32700, "message" => "Parse error"}}).unwrap());
        let Head::Unattributed(error) = Head::read(&stray).unwrap() else { panic!("not a stray error") };
        assert_eq!((error.code(), error.message()), (Some(-32700), "Parse error"));
    }

    #[test]
    fn head_of_garbage_is_an_error() {
        for garbage in
            [&b""[..], b"\xff", b"\xa1", b"\x83\x01\x02\x03", b"\xbf\x62id", b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff"]
        {
            assert!(Head::read(garbage).is_err(), "{garbage:?}");
        }
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
}
