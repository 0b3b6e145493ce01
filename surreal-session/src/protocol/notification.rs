//! Events of live queries: routing by the head, and the byte ranges of what they carry.

use bytes::Bytes;

use super::LiveId;
use super::response::Entries;
use crate::codec::reader::Reader;
use crate::codec::{self, DecodeError, NONE};
use crate::value::Uuid;

/// What routing needs to know of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) id: LiveId,
    pub(crate) kind: EventKind,
}

/// What happened to a record, or to the live query itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    Create,
    Update,
    Delete,
    /// The live query is over.
    Killed,
    /// Known to the server's types, never sent by 3.3.5, and whatever a later server may send.
    Other,
}

/// An event as it came. The ranges are found when it is read.
#[derive(Debug)]
pub(crate) struct Notification {
    pub(crate) kind: EventKind,
    /// The record's id.
    pub(crate) record: Bytes,
    /// The record, its projection, or the operations that changed it.
    pub(crate) data: Bytes,
}

impl Head {
    pub(super) fn read(result: &[u8]) -> Result<Self, DecodeError> {
        let (mut id, mut kind) = (None, None);
        let mut reader = Reader::new(result);
        let mut entries = Entries::of(&mut reader)?;
        while let Some(key) = entries.next(&mut reader)? {
            let item = reader.skip()?;
            match &*key {
                "id" => id = Some(codec::decode(item)?),
                "action" => kind = Some(EventKind::read(item)?),
                _ => {}
            }
            if let (Some(id), Some(kind)) = (id, kind) {
                return Ok(Self { id, kind });
            }
        }
        Err(DecodeError::new("an event without the id of its live query or its action"))
    }
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

impl Notification {
    /// Reads a whole frame that is known to be an event.
    pub(crate) fn read(frame: &Bytes) -> Result<Self, DecodeError> {
        let mut notification = Self { kind: EventKind::Other, record: none(), data: none() };
        let mut reader = Reader::new(frame);
        let mut outer = Entries::of(&mut reader)?;
        while let Some(key) = outer.next(&mut reader)? {
            if key == "result" {
                notification.read_result(frame, &mut reader)?;
            } else {
                reader.skip()?;
            }
        }
        Ok(notification)
    }

    fn read_result<'de>(&mut self, frame: &'de Bytes, reader: &mut Reader<'de>) -> Result<(), DecodeError> {
        let mut entries = Entries::of(reader)?;
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

/// Returns the UUID that the data of an event begins with: the position of the change, in the live queries of this client.
///
/// `None` for the events of other live queries.
pub(crate) fn position(frame: &Bytes) -> Option<Uuid> {
    let data = Notification::read(frame).ok()?.data;
    let mut reader = Reader::new(&data);
    reader.array().ok()?;
    codec::decode(reader.skip().ok()?).ok()
}

fn none() -> Bytes {
    Bytes::from_static(NONE)
}

#[cfg(test)]
mod tests {
    use ciborium::{Value, cbor};

    use super::*;
    use crate::protocol::Head as Frame;

    fn event(action: &str) -> Bytes {
        let id = Value::Tag(37, Box::new(Value::Bytes(vec![7; 16])));
        let result = cbor!({"action" => action, "id" => id, "record" => 1, "result" => [2], "session" => null});
        let mut frame = Vec::new();
        ciborium::into_writer(&cbor!({"result" => result.unwrap()}).unwrap(), &mut frame).unwrap();
        frame.into()
    }

    #[test]
    fn events_are_told_by_their_live_query_and_action() {
        for (text, kind) in [
            ("CREATE", EventKind::Create),
            ("UPDATE", EventKind::Update),
            ("DELETE", EventKind::Delete),
            ("KILLED", EventKind::Killed),
            ("ERROR", EventKind::Other),
        ] {
            let frame = event(text);
            let Frame::Notification(head) = Frame::read(&frame).unwrap() else { panic!("not an event") };
            assert_eq!((head.id.as_uuid().as_bytes(), head.kind), (&[7; 16], kind));
            let notification = Notification::read(&frame).unwrap();
            assert_eq!(notification.kind, kind);
            assert_eq!((&*notification.record, &*notification.data), (&[1][..], &[0x81, 2][..]));
        }
    }

    #[test]
    fn position_is_the_uuid_that_the_data_begins_with() {
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
}
