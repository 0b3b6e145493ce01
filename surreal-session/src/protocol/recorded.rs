//! Replies of the versions that are supported, as they were received, and the errors that they become.
//!
//! The ignored test `recorded::replies_are_recorded` of the integration tests writes the files, one for each version.

use bytes::Bytes;
use data_encoding::HEXLOWER;

use super::{EventKind, Frame, Reply, first_failure, read_begun, read_statements};
use crate::error::{Error, ErrorKind, Violation};

const VERSIONS: [(&str, &str); 5] = [
    ("3.0.5", include_str!("recorded/3.0.5.txt")),
    ("3.1.6", include_str!("recorded/3.1.6.txt")),
    ("3.2.6", include_str!("recorded/3.2.6.txt")),
    ("3.3.5", include_str!("recorded/3.3.5.txt")),
    ("4.0.0-beta.1", include_str!("recorded/4.0.0-beta.1.txt")),
];

/// The frames of all versions with this name.
fn frames(name: &str) -> Vec<(&'static str, Bytes)> {
    let of = |(version, text): (&'static str, &'static str)| {
        let frame = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let frame = frame.unwrap_or_else(|| panic!("{version} has no `{name}`"));
        (version, HEXLOWER.decode(frame.as_bytes()).unwrap().into())
    };
    VERSIONS.map(of).into()
}

/// The error of a request or of its first failed statement.
fn error(frame: Bytes) -> Error {
    match Reply::new(frame).into_result("query") {
        Err(error) => error,
        Ok(result) => {
            let statements = read_statements(&result).unwrap();
            let (index, server) = first_failure(&statements).unwrap();
            Error::from_statement(index, server.clone())
        }
    }
}

#[test]
fn errors_are_of_the_same_kind_in_all_versions() {
    for (name, kind) in [
        ("thrown", ErrorKind::Thrown),
        ("unique", ErrorKind::Violation),
        ("assert", ErrorKind::Violation),
        ("type", ErrorKind::Violation),
        ("read_only", ErrorKind::Violation),
        ("unknown_field", ErrorKind::Violation),
        ("reference", ErrorKind::Violation),
        ("table_type", ErrorKind::Violation),
        ("hidden_unique", ErrorKind::Violation),
        ("exists", ErrorKind::AlreadyExists),
        ("no_table", ErrorKind::NotFound),
        ("no_function", ErrorKind::NotFound),
        ("method", ErrorKind::NotFound),
        ("syntax", ErrorKind::Validation),
        ("password", ErrorKind::Auth),
        ("forbidden", ErrorKind::Auth),
        ("conflict", ErrorKind::Conflict),
    ] {
        for (version, frame) in frames(name) {
            let error = error(frame);
            assert_eq!(error.kind(), kind, "{name} of {version}: {error:?}");
        }
    }
}

#[test]
fn parts_of_violations_are_found_in_all_versions() {
    for (version, frame) in frames("unique") {
        let error = error(frame);
        let Some(Violation::Unique { index: "user_mail", value: Some("'a@x.io'"), record: Some("user:ada") }) =
            error.violation()
        else {
            panic!("{version}: {error:?}")
        };
    }
    for (version, frame) in frames("type") {
        let error = error(frame);
        let Some(Violation::Type { field: "age", record: "user:ada", expected: "none | int", found: "'old'" }) =
            error.violation()
        else {
            panic!("{version}: {error:?}")
        };
    }
    for (version, frame) in frames("hidden_unique") {
        let error = error(frame);
        let Some(Violation::Unique { index: "user_mail", value, .. }) = error.violation() else {
            panic!("{version}: {error:?}")
        };
        assert_eq!(value.is_none(), version.starts_with('4'), "{version}");
    }
    // Servers before 4.0 refuse this deletion for another reason: such a user may not see the referring field.
    let (_, frame) = frames("hidden_reference").pop().unwrap();
    let hidden = error(frame);
    assert_eq!(hidden.violation(), Some(Violation::Reference { record: "guide:1", referrer: None }));
}

#[test]
fn transactions_and_events_are_read_in_all_versions() {
    for (version, frame) in frames("begun") {
        let result = Reply::new(frame).into_result("begin").unwrap();
        assert!(read_begun(&result).is_ok(), "{version}");
    }
    // Servers before 4.0 ignore options of `begin`, and those before 3.3 have no streams.
    let (_, frame) = frames("begun_with_options").pop().unwrap();
    assert!(read_begun(&Reply::new(frame).into_result("begin").unwrap()).is_ok());
    for (version, frame) in &frames("stream")[..3] {
        assert_eq!(error(frame.clone()).server().unwrap().code(), Some(-32601), "{version}");
    }
    for (version, frame) in frames("no_transaction") {
        let error = error(frame);
        assert!(error.server().unwrap().is_lost_transaction(), "{version}: {error:?}");
    }
    for (version, frame) in frames("event") {
        let read = Frame::read(&frame).unwrap();
        assert!(matches!(read, Frame::Event(_, EventKind::Create)), "{version}: {read:?}");
    }
}
