//! Frames from the server, read as the connection and the queries read them.

use bytes::Bytes;

use super::encode_unless_too_much;
use crate::codec::reader::Reader;
use crate::codec::{NONE, decode};
use crate::protocol::{
    Event, Frame, LiveId, Outcome, Reply, RequestId, ShortenedFrame, TransactionId, decode_error, read_statements,
};
use crate::value::Value;

/// The parts of a frame are whole items inside it, and its head agrees with the frame read as a [`Value`].
pub fn head(frame: &[u8]) -> bool {
    agrees_with_value(frame);
    let head = Frame::read(frame);
    if let Ok(Frame::Unattributed(error)) = &head {
        assert!(!format!("{error:?}").is_empty());
    }
    for at in 0..frame.len().min(256) {
        is_shortened(frame, head.as_ref().ok(), at);
    }
    let frame = Bytes::copy_from_slice(frame);
    if let Ok(event) = Event::read(&frame) {
        is_part(&frame, &event.record);
        is_part(&frame, &event.data);
    }
    head.is_ok() & reply(&frame)
}

/// A frame of which only the ends are left names no other request.
fn is_shortened(frame: &[u8], head: Option<&Frame>, at: usize) {
    let shortened = ShortenedFrame::read(&frame[..at], &frame[frame.len() - at..]);
    if let (Some(Frame::Reply(id)), ShortenedFrame::Reply(other)) = (head, shortened) {
        assert_eq!(*id, other);
    }
}

/// Returns `true` for a reply with a result or an error of the server.
fn reply(frame: &Bytes) -> bool {
    match Reply::new(frame.clone()).into_result("query") {
        Ok(result) => {
            check_result(frame, &result);
            true
        }
        Err(error) => {
            assert!(!format!("{error}{error:?}").is_empty());
            error.server().is_some()
        }
    }
}

fn check_result(frame: &Bytes, result: &Bytes) {
    is_part(frame, result);
    if let Err(error) = decode::<Value>(result) {
        assert!(!decode_error(result, &error).to_string().is_empty());
    }
    for statement in read_statements(result).into_iter().flatten() {
        assert!(!format!("{statement:?}").is_empty());
        if let Outcome::Ok(data) = statement.outcome {
            is_part(result, &data);
        }
    }
}

/// Checks that a part is one item inside the other bytes and not a copy. A missing part is NONE.
fn is_part(whole: &Bytes, part: &Bytes) {
    assert!(whole.as_ptr_range().contains(&part.as_ptr()) || *part == NONE);
    assert_eq!(Reader::new(part).skip().ok(), Some(&**part));
}

/// Encodes the frame again, without duplicate keys and long forms, and compares its head with its value.
fn agrees_with_value(frame: &[u8]) {
    let Ok(value @ Value::Object(_)) = decode::<Value>(frame) else { return };
    let Some(frame) = encode_unless_too_much(&value).map(Bytes::from) else { return };
    let head = Frame::read(&frame);
    match (value.get("id"), value.get("error"), value.get("result")) {
        (Some(&Value::Int(id)), _, _) => assert_eq!(head.ok(), Some(Frame::Reply(RequestId(id)))),
        (_, Some(_), _) => assert!(matches!(head, Err(_) | Ok(Frame::Unattributed(_)))),
        (_, None, result) => is_event(&frame, head.ok(), result),
    }
    if let (None, Some(&Value::Uuid(id))) = (value.get("error"), value.get("result")) {
        assert_eq!(Reply::new(frame).begun().ok(), Some(Some(TransactionId::new(id))));
    }
}

/// Checks that a frame is an event exactly if it has the id of a live query and an action.
fn is_event(frame: &Bytes, head: Option<Frame>, result: Option<&Value>) {
    let entry = |name| result.and_then(|result| result.get(name));
    match (head, entry("id"), entry("action")) {
        (Some(Frame::Event(live, kind)), Some(&Value::Uuid(id)), Some(Value::String(_))) => {
            assert_eq!(live, LiveId::from(id));
            assert_eq!(Event::read(frame).map(|event| event.kind).ok(), Some(kind));
        }
        (head, id, action) => {
            assert_eq!(head, None);
            assert!(!matches!((id, action), (Some(Value::Uuid(_)), Some(Value::String(_)))), "{result:?}");
        }
    }
}
