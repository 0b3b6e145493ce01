//! The verbs of the writes, as types.

use serde::de::DeserializeOwned;

use super::{Before, Returning};
use crate::error::{Error, ErrorKind};

/// What a write does: [`Creates`], [`Updates`], [`Upserts`] or [`Deletes`]. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a verb",
    label = "expected `Creates`, `Updates`, `Upserts` or `Deletes`"
)]
pub trait Writing: private::Sealed + 'static {
    /// What `return_before` gives: an `Option` where the record may not have been there.
    type Before<T: DeserializeOwned + 'static>: Returning;

    #[doc(hidden)]
    const VERB: Verb;
}

/// A [`Writing`] of records that may be there already, so that it can choose among them and change a part of them.
#[diagnostic::on_unimplemented(
    message = "a record that is created has nothing to change yet",
    label = "not for a create",
    note = "a create is given the whole `.content(..)`, and if need be an `.id(..)`; `upsert` changes what is there already"
)]
pub trait Changing: Writing {}

/// A [`Writing`] of records that are there, which can be chosen by a range of ids.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be about a range of ids",
    label = "only for an update and a delete",
    note = "an upsert makes the records that are not there, of which a range has no list: give it `.ids([..])`"
)]
pub trait Ranges: Writing {}

impl Ranges for Updates {}
impl Ranges for Deletes {}

impl Changing for Updates {}
impl Changing for Upserts {}
impl Changing for Deletes {}

macro_rules! verbs {
    ($($(#[$doc:meta])+ $name:ident $verb:ident $before:ty;)+) => {$(
        $(#[$doc])+
        #[derive(Debug)]
        #[non_exhaustive]
        pub struct $name;

        impl Writing for $name {
            type Before<T: DeserializeOwned + 'static> = $before;

            const VERB: Verb = Verb::$verb;
        }

        impl private::Sealed for $name {}
    )+};
}

verbs! {
    /// Makes records that are not there.
    Creates Create Before<Option<T>>;
    /// Changes records that are there.
    Updates Update Before<T>;
    /// Changes records, and makes those that are not there.
    Upserts Upsert Before<Option<T>>;
    /// Deletes records.
    Deletes Delete Before<T>;
}

/// The verbs as the server knows them.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verb {
    Create,
    Update,
    Upsert,
    Delete,
    Relate,
}

impl Verb {
    pub(super) fn keyword(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Upsert => "UPSERT",
            Self::Delete => "DELETE",
            Self::Relate => "RELATE",
        }
    }

    /// Its name in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Delete => "delete",
            Self::Relate => "relate",
        }
    }

    /// The error for one record that did not come back: why a write may have touched nothing without failing.
    pub(in crate::query) fn missing(self, subject: &str, is_filtered: bool) -> Error {
        let missing = match (self, is_filtered) {
            (Self::Update | Self::Delete, true) => "it does not exist or does not pass the filter, or ",
            (Self::Update | Self::Delete, false) => "it does not exist, or ",
            (_, true) => "it does not pass the filter, or ",
            (_, false) => "",
        };
        let action = match self {
            Self::Create | Self::Relate => "create",
            Self::Update => "update",
            Self::Upsert => "create, update",
            Self::Delete => "delete",
        };
        let message = format!("no record came back for `{subject}`: {missing}this session may not {action} or read it");
        Error::new(ErrorKind::NotFound, message).answered()
    }
}

mod private {
    pub trait Sealed {}
}
