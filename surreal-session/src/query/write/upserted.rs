//! Whether an upsert has created its record.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Returns, Write, WriteMany, WriteOptional, first, rows};

/// A record that an upsert has written, and whether the upsert created it.
///
/// Made by `return_created()` on an upsert: [`Write::return_created`], [`WriteOptional::return_created`] and
/// [`WriteMany::return_created`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Upserted<T> {
    /// The record as it is after the write.
    #[serde(rename = "__record")]
    pub record: T,
    /// True if there was no such record before the write.
    #[serde(rename = "__created")]
    pub created: bool,
}

/// The clause after RETURN.
///
/// The server (3.3.5) removes fields that the identity may not see from the result by their names, so that no field of a
/// table may have one of these names.
pub(super) const CREATED: &str = "VALUE { __record: $after, __created: $before = NONE }";

macro_rules! return_created {
    ($($builder:ident $output:ty, $read:expr, $what:literal;)+) => {$(
        /// A write that may create its record.
        impl<T: DeserializeOwned, Out> $builder<T, Out, Option<T>> {
            #[doc = concat!("Returns ", $what)]
            ///
            /// # Examples
            ///
            /// ```
            /// # use serde::{Deserialize, Serialize};
            /// # use surreal_session::prelude::*;
            /// # #[derive(Serialize, Deserialize, Record)]
            /// # struct Visits { id: Id<Visits>, count: u64 }
            /// # surreal_session_embedded::example(async |session| {
            /// let visit = async || session.upsert::<Visits>().id("home").set(|v| v.count.add(1)).return_created().await;
            /// assert!(visit().await?.created);
            /// let second = visit().await?;
            /// assert_eq!((second.record.count, second.created), (2, false));
            /// # Ok(()) });
            /// ```
            pub fn return_created(self) -> $builder<T, $output, Option<T>> {
                self.returning(Returns::Created, $read)
            }
        }
    )+};
}

return_created! {
    Write Upserted<T>, first, "the record with whether the write created it.";
    WriteOptional Option<Upserted<T>>, first, "the record with whether the write created it, or `None` if there is none.";
    WriteMany Vec<Upserted<T>>, rows, "each record with whether the write created it.";
}
