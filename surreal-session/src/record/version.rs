//! Versions of records, as an optimistic lock.

use serde::{Serialize, Serializer};

use super::Record;

/// A record with a version: a field with `#[record(version)]`, which every typed write adds one to.
///
/// Implemented with `#[derive(Record)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no version",
    label = "needs a field with `#[record(version)]`",
    note = "add a field to `{Self}`, such as `#[record(version)] version: u64`: every typed write adds one to it"
)]
pub trait Versioned: Record {
    /// The type of the field.
    type Version: VersionNumber;
}

/// The type of a version: `u32`, `u64`, `i32` or `i64`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a version",
    label = "expected `u64`",
    note = "the versions of records are of type `u32`, `u64`, `i32` or `i64`"
)]
pub trait VersionNumber: Copy + 'static {
    /// The version as the server stores it. A larger number is the version of no record.
    #[doc(hidden)]
    fn stored(self) -> i64;
}

macro_rules! version_numbers {
    ($($number:ty: |$version:ident| $stored:expr;)+) => {$(
        impl VersionNumber for $number {
            fn stored(self) -> i64 {
                let $version = self;
                $stored
            }
        }
    )+};
}

version_numbers! {
    u32: |version| version.into();
    u64: |version| i64::try_from(version).unwrap_or(i64::MAX);
    i32: |version| version.into();
    i64: |version| version;
}

/// Writes the content of a new record with its first version.
pub(super) fn with_first<S: Serializer>(
    content: &impl Serialize,
    field: &'static str,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    /// An object with this entry.
    struct First(&'static str);

    impl Serialize for First {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([(self.0, 1)])
        }
    }

    #[derive(Serialize)]
    struct WithVersion<'a, T> {
        #[serde(flatten)]
        content: &'a T,
        #[serde(flatten)]
        version: First,
    }

    WithVersion { content, version: First(field) }.serialize(serializer)
}
