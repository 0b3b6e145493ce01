//! Text that is parsed as a [`RecordId`].

use super::{decode_again, encode_unless_too_much};
use crate::value::RecordId;

/// A parsed record id is the same after formatting and parsing, and after encoding and decoding.
pub fn record_id(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let id = match text.parse::<RecordId>() {
        Ok(id) => id,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return false;
        }
    };
    let written = id.to_string();
    if let Some(encoded) = encode_unless_too_much(&id) {
        assert_eq!(written.parse::<RecordId>().as_ref(), Ok(&id), "{written}");
        assert_eq!(decode_again::<RecordId>(&encoded, &id), id);
    }
    true
}
