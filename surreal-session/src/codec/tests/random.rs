use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::strategy::{record_id, value};
use super::*;
use crate::codec::reader::Reader;
use crate::codec::{Header, decode_row, writer};
use crate::value::{Datetime, RecordId, Value};

/// Plain data, which `ciborium` encodes to the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row {
    id: i64,
    name: String,
    ratio: f64,
    small: (u8, i16, f32, bool, char),
    tags: Vec<String>,
    scores: BTreeMap<String, Vec<i32>>,
    kind: Kind,
    unit: (),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    Unit,
    Newtype(i64),
    Tuple(String, u32),
    Struct { a: Vec<bool>, b: i8 },
}

fn row() -> impl Strategy<Value = Row> {
    let kind = prop_oneof![
        Just(Kind::Unit),
        any::<i64>().prop_map(Kind::Newtype),
        any::<(String, u32)>().prop_map(|(text, number)| Kind::Tuple(text, number)),
        any::<(Vec<bool>, i8)>().prop_map(|(a, b)| Kind::Struct { a, b }),
    ];
    let fields = (any::<i64>(), any::<String>(), any::<f64>(), any::<(u8, i16, f32, bool, char)>(), kind);
    (fields, any::<Vec<String>>(), any::<BTreeMap<String, Vec<i32>>>()).prop_map(|(fields, tags, scores)| {
        let (id, name, ratio, small, kind) = fields;
        Row { id, name, ratio, small, tags, scores, kind, unit: () }
    })
}

proptest! {
    #[test]
    fn plain_data_has_the_same_bytes_as_with_ciborium(row in row()) {
        let ours = encode(&row).unwrap();
        let mut theirs = Vec::new();
        ciborium::into_writer(&row, &mut theirs).unwrap();
        prop_assert_eq!(&ours, &theirs);
        prop_assert_eq!(&ciborium::from_reader::<Row, _>(&ours[..]).unwrap(), &row);
        prop_assert_eq!(&decode::<Row>(&theirs).unwrap(), &row);
        prop_assert_eq!(&decode_row::<Row>(&theirs).unwrap(), &row);
        let mut reader = Reader::new(&theirs);
        prop_assert_eq!(reader.skip().unwrap(), &theirs[..]);
        prop_assert!(reader.end().is_ok());
    }

    #[test]
    fn values_come_back_equal(value in value()) {
        let bytes = encode(&value).unwrap();
        prop_assert_eq!(&decode::<Value>(&bytes).unwrap(), &value);
        // `ciborium` reads the value, and this codec reads the same from what `ciborium` writes.
        let cbor: Cbor = ciborium::from_reader(&bytes[..]).unwrap();
        prop_assert_eq!(&bytes_of(&cbor), &bytes);
        prop_assert_eq!(Reader::new(&bytes).skip().unwrap(), &bytes[..]);
    }

    #[test]
    fn values_come_back_equal_through_serdes_buffer(value in value()) {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Flat {
            #[serde(flatten)]
            rest: BTreeMap<String, Value>,
        }
        let row = Flat { rest: BTreeMap::from([("value".to_owned(), value)]) };
        prop_assert_eq!(&decode::<Flat>(&encode(&row).unwrap()).unwrap(), &row);
    }

    #[test]
    fn record_ids_come_back_equal_through_text(id in record_id()) {
        let text = id.to_string();
        prop_assert_eq!(text.parse::<RecordId>(), Ok(id), "{}", text);
    }

    #[test]
    fn values_come_back_equal_through_text(value in value(), space in "[ \t\r\n]{0,3}") {
        let text = value.to_string();
        prop_assert_eq!(format!("{space}{text}{space}").parse::<Value>(), Ok(value), "{}", text);
    }

    /// Almost valid text reaches more code than random text.
    #[test]
    fn no_changed_character_causes_a_panic(value in value(), at in any::<prop::sample::Index>(), c: char, cut: bool) {
        let mut text: Vec<char> = value.to_string().chars().collect();
        let at = at.index(text.len());
        if cut { text.truncate(at) } else { text[at] = c }
        let text = String::from_iter(text);
        match text.parse::<Value>() {
            Ok(value) => prop_assert_eq!(value.to_string().parse::<Value>(), Ok(value)),
            Err(error) => prop_assert!(error.position().is_some_and(|position| text.is_char_boundary(position))),
        }
    }

    #[test]
    fn values_convert_to_json(value in value()) {
        let json = serde_json::to_string(&value).unwrap();
        serde_json::from_str::<Value>(&json).unwrap();
    }

    #[test]
    fn headers_equal_those_of_ciborium(first: u8, rest in proptest::collection::vec(any::<u8>(), 0..10)) {
        let mut bytes = vec![first];
        bytes.extend(rest);
        let mut decoder = ciborium_ll::Decoder::from(&bytes[..]);
        match (decoder.pull(), Reader::new(&bytes).header()) {
            (Ok(Header::Float(theirs)), Ok(Header::Float(ours))) => prop_assert_eq!(ours.to_bits(), theirs.to_bits()),
            (Ok(theirs), Ok(ours)) => {
                prop_assert_eq!(ours, theirs);
                let (mut written, mut expected) = (Vec::new(), Vec::new());
                writer::push(&mut written, ours);
                ciborium_ll::Encoder::from(&mut expected).push(ours).unwrap();
                prop_assert_eq!(written, expected);
            }
            (Ok(theirs), Err(_)) => {
                let is_longer_than_the_data = matches!(theirs,
                    Header::Bytes(Some(length)) | Header::Text(Some(length)) | Header::Array(Some(length))
                        | Header::Map(Some(length)) if length.saturating_mul(2) > bytes.len() - decoder.offset());
                prop_assert!(is_longer_than_the_data, "{:?}", theirs);
            }
            (Err(_), Err(_)) => {}
            (Err(_), Ok(ours)) => prop_assert!(false, "{:?}", ours),
        }
    }

    #[test]
    fn no_bytes_cause_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = decode::<Value>(&bytes);
        let _ = decode_row::<Option<Row>>(&bytes);
        let _ = decode::<BTreeMap<String, Datetime>>(&bytes);
        let _ = Reader::new(&bytes).skip();
    }

    /// Almost valid bytes reach more code than random ones.
    #[test]
    fn no_changed_byte_causes_a_panic(value in value(), at in any::<prop::sample::Index>(), byte: u8, cut: bool) {
        let mut bytes = encode(&value).unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Ok(value) = decode::<Value>(&bytes) {
            encode(&value).unwrap();
        }
        let _ = decode_row::<Option<RecordId>>(&bytes);
        let _ = Reader::new(&bytes).skip();
    }

    #[test]
    fn no_text_causes_a_panic(text in any::<String>()) {
        let _ = text.parse::<Value>();
        let _ = text.parse::<RecordId>();
        let _ = format!("a:[{text}]").parse::<RecordId>();
        let _ = text.parse::<Datetime>();
        let _ = text.parse::<crate::value::Duration>();
        let _ = text.parse::<crate::value::Decimal>();
        let _ = text.parse::<crate::value::File>();
    }
}
