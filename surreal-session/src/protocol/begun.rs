//! The reply to `begin`.

use super::TransactionId;
use super::response::Entries;
use crate::codec::reader::Reader;
use crate::codec::{self, DecodeError, Header};
use crate::value::Uuid;

/// Reads the id of a transaction that was begun: a uuid, or since 4.0 an object that has it as `id`.
pub(crate) fn read_begun(result: &[u8]) -> Result<TransactionId, DecodeError> {
    let mut reader = Reader::new(result);
    let id = if matches!(reader.peek()?, Header::Map(_)) { find_id(&mut reader)? } else { result };
    codec::decode::<Uuid>(id).map(TransactionId::new)
}

fn find_id<'de>(reader: &mut Reader<'de>) -> Result<&'de [u8], DecodeError> {
    let mut entries = Entries::of(reader)?;
    while let Some(key) = entries.next(reader)? {
        let item = reader.skip()?;
        if key == "id" {
            return Ok(item);
        }
    }
    Err(DecodeError::new("the object has no `id`"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::value::Value;

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
