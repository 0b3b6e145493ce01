//! The verbs of the writes, as types.

use serde::de::DeserializeOwned;

use super::{Before, Returning};
use crate::error::{Error, ErrorKind};

/// What a write does: [`Creates`], [`Updates`], [`Upserts`] or [`Deletes`]. Sealed.
pub trait Writing: private::Sealed + 'static {
    /// What `return_before` gives: an `Option` where the record may not have been there.
    type Before<T: DeserializeOwned + 'static>: Returning;

    #[doc(hidden)]
    const VERB: Verb;
}

/// A [`Writing`] of records that may be there already, so that it can change a part of them.
pub trait Changing: Writing {}

macro_rules! verbs {
    ($($(#[$doc:meta])+ $name:ident $verb:ident $before:ty, $($changing:ident)?;)+) => {$(
        $(#[$doc])+
        #[derive(Debug)]
        #[non_exhaustive]
        pub struct $name;

        impl Writing for $name {
            type Before<T: DeserializeOwned + 'static> = $before;

            const VERB: Verb = Verb::$verb;
        }

        $(impl $changing for $name {})?
        impl private::Sealed for $name {}
    )+};
}

verbs! {
    /// Makes records that are not there.
    Creates Create Before<Option<T>>,;
    /// Changes records that are there.
    Updates Update Before<T>, Changing;
    /// Changes records, and makes those that are not there.
    Upserts Upsert Before<Option<T>>, Changing;
    /// Deletes records.
    Deletes Delete Before<T>, Changing;
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
