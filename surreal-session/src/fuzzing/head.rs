//! Frames from the server, taken apart as the connection and a query do.

use bytes::Bytes;

use super::encode_unless_too_much;
use crate::codec::decode;
use crate::codec::reader::Reader;
use crate::protocol::{Head, Outcome, Reply, RequestId, misfit, read_statements};
use crate::value::Value;

/// What is taken out of a frame lies in it and is whole, and the head agrees with the frame read as a value.
pub fn head(frame: &[u8]) -> bool {
    let head = Head::read(frame);
    if let Ok(Head::Unattributed(error)) = &head {
        assert!(!format!("{error:?}").is_empty());
    }
    agrees_with_value(frame);
    let frame = Bytes::copy_from_slice(frame);
    let result = Reply::new(frame.clone()).into_result("query");
    match &result {
        Ok(result) => check_result(&frame, result),
        Err(error) => assert!(!format!("{error}{error:?}").is_empty()),
    }
    head.is_ok() && (result.is_ok() || result.is_err_and(|error| error.server().is_some()))
}

fn check_result(frame: &Bytes, result: &Bytes) {
    is_part(frame, result);
    match decode::<Value>(result) {
        Ok(_) => {}
        Err(error) => assert!(!misfit(result, &error).to_string().is_empty()),
    }
    let Ok(statements) = read_statements(result) else { return };
    for statement in statements {
        assert!(!format!("{statement:?}").is_empty());
        if let Outcome::Ok(data) = statement.outcome
            && *data != *crate::codec::NONE
        {
            is_part(result, &data);
        }
    }
}

/// Checks that this is one item, which lies in the other bytes and is not a copy.
fn is_part(whole: &Bytes, part: &Bytes) {
    assert!(whole.as_ptr_range().contains(&part.as_ptr()));
    assert_eq!(Reader::new(part).skip().ok(), Some(&**part));
}

/// Reads the frame without the duplicates and long forms that it may have, by the head and as a value.
fn agrees_with_value(frame: &[u8]) {
    let Ok(value @ Value::Object(_)) = decode::<Value>(frame) else { return };
    let Some(frame) = encode_unless_too_much(&value) else { return };
    let head = Head::read(&frame);
    match (value.get("id"), value.get("error")) {
        (Some(&Value::Int(id)), _) => assert_eq!(head.ok(), Some(Head::Reply(RequestId(id)))),
        (_, Some(_)) => assert!(matches!(head, Err(_) | Ok(Head::Unattributed(_)))),
        (_, None) => assert!(matches!(head, Err(_) | Ok(Head::Notification(_)))),
    }
}
