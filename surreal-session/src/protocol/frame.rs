//! Incoming frames: replies, events of live queries, and errors that belong to no request.

use bytes::Bytes;

use super::reply::read_server_error;
use super::{LiveId, RequestId};
use crate::codec::reader::{MapEntries, Reader};
use crate::codec::{self, DecodeError, Header, NONE};
use crate::error::ServerError;
use crate::value::Uuid;

/// The destination of an incoming frame. Nothing else of the frame is read.
#[derive(Debug, PartialEq)]
pub(crate) enum Frame {
    /// The reply to a request.
    Reply(RequestId),
    /// An error that the server could not attribute to a request, as for a frame that it could not decode.
    Unattributed(Box<ServerError>),
    /// An event of a live query.
    Event(LiveId, EventKind),
}

/// The destination of a frame of which the middle is missing.
#[derive(Debug, PartialEq)]
pub(crate) enum ShortenedFrame {
    Reply(RequestId),
    /// An event, with its [`position`].
    Event(LiveId, Option<Uuid>),
    /// It does not show its destination.
    Unattributed,
}

/// The kind of an event: a change of a record, or the end of the live query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    Create,
    Update,
    Delete,
    /// The live query is over.
    Killed,
    /// Known to the server's types and never sent by 3.3.5, or unknown.
    Other,
}

/// An event, parsed. What is missing is NONE.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) kind: EventKind,
    /// The record's id.
    pub(crate) record: Bytes,
    /// The data that the live query selects.
    pub(crate) data: Bytes,
}

impl Frame {
    /// Reads a frame as far as its destination needs.
    pub(crate) fn read(frame: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(frame);
        let (mut failure, mut result) = (None, None);
        let mut entries = MapEntries::of(&mut reader)?;
        while let Some(key) = entries.next(&mut reader)? {
            match &*key {
                "id" if is_integer(&reader)? => return Ok(Self::Reply(RequestId(reader.integer()?))),
                "error" => failure = Some(reader.skip()?),
                "result" => result = Some(reader.skip()?),
                _ => drop(reader.skip()?),
            }
        }
        match (failure, result) {
            (Some(failure), _) => Ok(Self::Unattributed(Box::new(read_server_error(failure)?))),
            (None, Some(result)) => Self::read_event(result),
            (None, None) => Err(DecodeError::new("neither a reply nor an event")),
        }
    }

    fn read_event(result: &[u8]) -> Result<Self, DecodeError> {
        let (mut id, mut kind) = (None, None);
        let mut reader = Reader::new(result);
        let mut entries = MapEntries::of(&mut reader)?;
        while let Some(key) = entries.next(&mut reader)? {
            let item = reader.skip()?;
            match &*key {
                "id" => id = Some(codec::decode(item)?),
                "action" => kind = Some(EventKind::read(item)?),
                _ => {}
            }
            if let (Some(id), Some(kind)) = (id, kind) {
                return Ok(Self::Event(id, kind));
            }
        }
        Err(DecodeError::new("an event without the id of its live query or its action"))
    }
}

impl ShortenedFrame {
    /// Reads the start of a frame, and its end if that is known.
    ///
    /// The server sorts the keys. So the id comes before a result, and after an error.
    pub(crate) fn read(start: &[u8], end: &[u8]) -> Self {
        Self::read_start(start).or_else(|| read_end(start, end).map(Self::Reply)).unwrap_or(Self::Unattributed)
    }

    fn read_start(start: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(start);
        let mut entries = MapEntries::of(&mut reader).ok()?;
        while let Ok(Some(key)) = entries.next(&mut reader) {
            match &*key {
                "id" if is_integer(&reader).ok()? => return Some(Self::Reply(RequestId(reader.integer().ok()?))),
                "result" => return Self::read_event(&mut reader),
                _ => drop(reader.skip().ok()?),
            }
        }
        None
    }

    fn read_event(reader: &mut Reader<'_>) -> Option<Self> {
        let mut id = None;
        let mut entries = MapEntries::of(reader).ok()?;
        while let Ok(Some(key)) = entries.next(reader) {
            if key == "result" {
                return Some(Self::Event(id?, read_position(reader)));
            }
            let Ok(item) = reader.skip() else { break };
            if key == "id" {
                id = codec::decode(item).ok();
            }
        }
        id.map(|id| Self::Event(id, None))
    }
}

/// Returns the id that follows the error of a reply, if the frame ends with it or with the id of its session.
fn read_end(start: &[u8], end: &[u8]) -> Option<RequestId> {
    let mut reader = Reader::new(start);
    let entries = reader.map().ok()??;
    let is_error = reader.text().is_ok_and(|key| key == "error");
    let mut keys = (0..end.len()).filter(|at| is_error && end[*at..].starts_with(ID));
    keys.find_map(|at| {
        let mut reader = Reader::new(&end[at..]);
        for index in 1..entries {
            let key = reader.text().ok()?;
            (key == if index == 1 { "id" } else { "session" }).then_some(())?;
            reader.skip().ok()?;
        }
        reader.end().ok()?;
        Reader::new(&end[at + ID.len()..]).integer().ok().map(RequestId)
    })
}

/// The key `id` in CBOR.
const ID: &[u8] = b"\x62id";

fn is_integer(reader: &Reader<'_>) -> Result<bool, DecodeError> {
    Ok(matches!(reader.peek()?, Header::Positive(_) | Header::Negative(_)))
}

impl EventKind {
    pub(crate) fn read(item: &[u8]) -> Result<Self, DecodeError> {
        Ok(match codec::decode(item)? {
            "CREATE" => Self::Create,
            "UPDATE" => Self::Update,
            "DELETE" => Self::Delete,
            "KILLED" => Self::Killed,
            _ => Self::Other,
        })
    }
}

impl Event {
    /// Parses a frame that is known to be an event.
    pub(crate) fn read(frame: &Bytes) -> Result<Self, DecodeError> {
        let mut event = Self { kind: EventKind::Other, record: none(), data: none() };
        let mut reader = Reader::new(frame);
        let mut outer = MapEntries::of(&mut reader)?;
        while let Some(key) = outer.next(&mut reader)? {
            if key == "result" {
                event.read_result(frame, &mut reader)?;
            } else {
                reader.skip()?;
            }
        }
        Ok(event)
    }

    fn read_result<'de>(&mut self, frame: &'de Bytes, reader: &mut Reader<'de>) -> Result<(), DecodeError> {
        let mut entries = MapEntries::of(reader)?;
        while let Some(key) = entries.next(reader)? {
            let item = reader.skip()?;
            match &*key {
                "action" => self.kind = EventKind::read(item)?,
                "record" => self.record = frame.slice_ref(item),
                "result" => self.data = frame.slice_ref(item),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Returns the position of the change that an event reports: the UUID that the data of this client's live queries begin with.
///
/// `None` for an event of another live query.
pub(crate) fn position(frame: &Bytes) -> Option<Uuid> {
    let data = Event::read(frame).ok()?.data;
    read_position(&mut Reader::new(&data))
}

fn read_position(data: &mut Reader<'_>) -> Option<Uuid> {
    data.array().ok()?;
    codec::decode(data.skip().ok()?).ok()
}

fn none() -> Bytes {
    Bytes::from_static(NONE)
}

#[cfg(test)]
mod tests {
    use ciborium::{Value, cbor};

    use super::*;

    fn encoded(value: &Value) -> Bytes {
        let mut frame = Vec::new();
        ciborium::into_writer(value, &mut frame).unwrap();
        frame.into()
    }

    fn event(action: &str) -> Bytes {
        let id = Value::Tag(37, Box::new(Value::Bytes(vec![7; 16])));
        let result = cbor!({"action" => action, "id" => id, "record" => 1, "result" => [2], "session" => null});
        let mut frame = Vec::new();
        ciborium::into_writer(&cbor!({"result" => result.unwrap()}).unwrap(), &mut frame).unwrap();
        frame.into()
    }

    #[test]
    fn event_has_its_live_query_and_its_action() {
        for (text, kind) in [
            ("CREATE", EventKind::Create),
            ("UPDATE", EventKind::Update),
            ("DELETE", EventKind::Delete),
            ("KILLED", EventKind::Killed),
            ("ERROR", EventKind::Other),
        ] {
            let frame = event(text);
            let Frame::Event(id, read) = Frame::read(&frame).unwrap() else { panic!("not an event") };
            assert_eq!((id.as_uuid().as_bytes(), read), (&[7; 16], kind));
            let event = Event::read(&frame).unwrap();
            assert_eq!(event.kind, kind);
            assert_eq!((&*event.record, &*event.data), (&[1][..], &[0x81, 2][..]));
        }
    }

    #[test]
    fn position_is_the_uuid_at_the_start_of_the_data() {
        let uuid = Value::Tag(37, Box::new(Value::Bytes(vec![8; 16])));
        for (data, expected) in [
            (Value::Array(vec![uuid.clone(), 1.into()]), Some([8; 16])),
            (Value::Array(vec![1.into(), uuid.clone()]), None),
            (Value::Array(vec![]), None),
            (uuid, None),
        ] {
            let mut frame = Vec::new();
            let event = Value::Map(vec![("result".into(), Value::Map(vec![("result".into(), data)]))]);
            ciborium::into_writer(&event, &mut frame).unwrap();
            assert_eq!(position(&frame.into()).map(|uuid| *uuid.as_bytes()), expected);
        }
    }

    #[test]
    fn frames_that_are_neither_reply_nor_event_are_errors() {
        for value in [cbor!({}), cbor!({"result" => 1}), cbor!({"result" => {"id" => 1, "action" => "CREATE"}})] {
            let mut frame = Vec::new();
            ciborium::into_writer(&value.unwrap(), &mut frame).unwrap();
            assert!(Frame::read(&frame).is_err());
        }
    }

    #[test]
    fn shortened_frames_show_their_destination() {
        let long = "x".repeat(1_000);
        let uuid = |byte: u8| Value::Tag(37, Box::new(Value::Bytes(vec![byte; 16])));
        let data = Value::Array(vec![uuid(8), long.as_str().into()]);
        let change = cbor!({"action" => "CREATE", "id" => uuid(7), "record" => 1, "result" => data}).unwrap();
        let plain = cbor!({"action" => "CREATE", "id" => uuid(7), "record" => 1, "result" => long}).unwrap();
        let live: LiveId = Frame::read(&event("CREATE"))
            .map(|frame| match frame {
                Frame::Event(id, _) => id,
                other => panic!("{other:?}"),
            })
            .unwrap();
        let position = position(&encoded(&cbor!({"result" => change}).unwrap()));
        assert!(position.is_some());
        let error = cbor!({"code" => -32000, "message" => long}).unwrap();
        let misleading = cbor!({"message" => long, "text" => "the end: bid\u{5}"}).unwrap();
        for (frame, expected) in [
            (cbor!({"id" => 7, "result" => long}), ShortenedFrame::Reply(RequestId(7))),
            (cbor!({"id" => 7, "result" => long, "session" => uuid(9)}), ShortenedFrame::Reply(RequestId(7))),
            (cbor!({"result" => change}), ShortenedFrame::Event(live, position)),
            (cbor!({"result" => plain}), ShortenedFrame::Event(live, None)),
            (cbor!({"error" => error, "id" => 5}), ShortenedFrame::Reply(RequestId(5))),
            (cbor!({"error" => error, "id" => 1_000_000}), ShortenedFrame::Reply(RequestId(1_000_000))),
            (cbor!({"error" => error, "id" => 6, "session" => uuid(9)}), ShortenedFrame::Reply(RequestId(6))),
            (cbor!({"error" => error}), ShortenedFrame::Unattributed),
            (cbor!({"error" => misleading}), ShortenedFrame::Unattributed),
            (cbor!({"error" => misleading, "id" => 5}), ShortenedFrame::Reply(RequestId(5))),
            (cbor!({"error" => error, "id" => null}), ShortenedFrame::Unattributed),
            (cbor!([long]), ShortenedFrame::Unattributed),
        ] {
            let frame = encoded(&frame.unwrap());
            let (start, end) = (&frame[..200], &frame[frame.len() - 64..]);
            assert_eq!(ShortenedFrame::read(start, end), expected, "{frame:?}");
        }
    }

    #[test]
    fn shortened_garbage_is_unattributed() {
        let frame = encoded(&cbor!({"error" => {"code" => 1, "message" => "no"}, "id" => 8}).unwrap());
        for at in 0..frame.len() {
            // Nothing is read that is not there.
            let read = ShortenedFrame::read(&frame[..at], &frame[at..]);
            assert!(
                matches!(read, ShortenedFrame::Unattributed | ShortenedFrame::Reply(RequestId(8))),
                "{at}: {read:?}"
            );
            ShortenedFrame::read(&frame[at..], &frame[..at]);
        }
    }

    #[test]
    fn reply_and_unattributed_error_are_recognised() {
        let cases = [
            (cbor!({"id" => 7, "result" => [1, 2]}), Frame::Reply(RequestId(7))),
            (cbor!({"error" => {"code" => -32000, "message" => "no"}, "id" => 8}), Frame::Reply(RequestId(8))),
        ];
        for (value, expected) in cases {
            assert_eq!(Frame::read(&encoded(&value.unwrap())).unwrap(), expected);
        }
        let stray = encoded(&cbor!({"error" => {"code" => -32700, "message" => "Parse error"}}).unwrap());
        let Frame::Unattributed(error) = Frame::read(&stray).unwrap() else { panic!("not a stray error") };
        assert_eq!((error.code(), error.message()), (Some(-32700), "Parse error"));
    }

    #[test]
    fn garbage_is_an_error() {
        for garbage in
            [&b""[..], b"\xff", b"\xa1", b"\x83\x01\x02\x03", b"\xbf\x62id", b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff"]
        {
            assert!(Frame::read(garbage).is_err(), "{garbage:?}");
        }
    }
}
