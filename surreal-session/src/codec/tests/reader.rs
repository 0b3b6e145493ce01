use ciborium_ll::Header;

use crate::codec::reader::Reader;
use crate::codec::writer;

#[test]
fn reader_reads_what_the_writer_writes() {
    let uuid = uuid::Uuid::from_u128(7);
    let mut buffer = Vec::new();
    writer::map(&mut buffer, 2);
    writer::text(&mut buffer, "id");
    writer::integer(&mut buffer, -7);
    writer::text(&mut buffer, "params");
    writer::begin_array(&mut buffer);
    writer::begin_map(&mut buffer);
    writer::end(&mut buffer);
    writer::raw(&mut buffer, b"\x82");
    writer::none(&mut buffer);
    writer::null(&mut buffer);
    writer::uuid(&mut buffer, &uuid);
    writer::raw(&mut buffer, b"\x41\x05");
    writer::end(&mut buffer);

    let mut reader = Reader::new(&buffer);
    assert_eq!(reader.map().unwrap(), Some(2));
    assert_eq!(reader.text().unwrap(), "id");
    assert!(matches!(reader.peek().unwrap(), Header::Negative(6)));
    assert_eq!(reader.integer().unwrap(), -7);
    assert_eq!(reader.text().unwrap(), "params");
    assert_eq!(reader.array().unwrap(), None);
    assert!(!reader.at_break().unwrap());
    assert_eq!(reader.map().unwrap(), None);
    assert!(reader.at_break().unwrap());
    assert_eq!(reader.skip().unwrap(), b"\x82\xc6\xf6\xf6");
    assert_eq!(reader.header().unwrap(), Header::Tag(37));
    assert_eq!(*reader.bytes().unwrap(), *uuid.as_bytes());
    assert_eq!(reader.skip().unwrap(), b"\x41\x05");
    assert!(reader.at_break().unwrap());
    assert_eq!(reader.position(), buffer.len());
    reader.end().unwrap();
    assert!(reader.peek().is_err());
    assert!(reader.skip().is_err());
}

#[test]
fn refused_item_is_not_consumed() {
    let mut reader = Reader::new(b"\x01");
    assert_eq!(reader.text().unwrap_err().to_string(), "expected a string, found the int 1");
    assert_eq!(reader.bytes().unwrap_err().to_string(), "expected bytes, found the int 1");
    assert_eq!(reader.map().unwrap_err().to_string(), "expected an object, found the int 1");
    assert_eq!(reader.array().unwrap_err().to_string(), "expected an array, found the int 1");
    assert_eq!(reader.integer().unwrap(), 1);
    assert!(Reader::new(b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff").integer().is_err());
}

#[test]
fn ints_of_every_size_round_trip() {
    for number in [0, 1, 23, 24, 255, 256, 65_535, 65_536, i64::from(u32::MAX), 1 << 32, i64::MAX] {
        for number in [number, !number] {
            let mut buffer = Vec::new();
            writer::integer(&mut buffer, number);
            assert_eq!(Reader::new(&buffer).integer().unwrap(), number);
            assert_eq!(ciborium::from_reader::<i64, _>(&buffer[..]).unwrap(), number);
        }
    }
}

#[test]
fn skip_ends_at_the_end_of_the_item() {
    for item in [
        &b"\x00"[..],
        b"\xf6",
        b"\xf9\x3e\x00",
        b"\x63abc",
        b"\x7f\x61a\xff",
        b"\x80",
        b"\xa0",
        b"\x9f\xff",
        b"\xbf\xff",
        b"\x83\x01\x82\x02\x03\xa1\x61a\xc6\xf6",
        b"\xbf\x61a\x9f\x01\xbf\xff\xff\x61b\xd8\x25\x41\x00\xff",
    ] {
        let mut bytes = item.to_vec();
        bytes.push(0x05);
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.skip().unwrap(), item);
        assert_eq!(reader.integer().unwrap(), 5);
        for end in 0..item.len() {
            assert!(Reader::new(&item[..end]).skip().is_err(), "{:02x?}", &item[..end]);
        }
    }
    for malformed in [&b"\xff"[..], b"\x82\x01\xff", b"\xbf\x61a\xff", b"\xc6\xff", b"\xa1\x61a\xff"] {
        assert!(Reader::new(malformed).skip().is_err(), "{malformed:02x?}");
    }
}

#[test]
fn skip_uses_no_stack_and_bounded_memory() {
    for open in [&b"\x81"[..], b"\x9f", b"\xa1\x60", b"\xbf\x60", b"\xc6"] {
        let bytes = open.repeat(1_000_000);
        let error = Reader::new(&bytes).skip().unwrap_err();
        assert_eq!(error.to_string(), "the value is nested deeper than 4096 levels");
    }
}
