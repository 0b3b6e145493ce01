//! The results of several statements as one tuple.

use serde::Deserialize;

use super::Response;
use crate::error::Result;
use crate::record::tuples;

/// What [`Response::take_all`] gives: a tuple of up to twelve, an element for each statement. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple of results",
    note = "write the result of one statement as a tuple with a comma: `(Vec<User>,)`"
)]
pub trait Results<'de>: private::Sealed<'de> {}

/// How many statements `T` is the results of.
pub(super) fn count<'de, T: Results<'de>>() -> usize {
    T::COUNT
}

/// Decodes each result. The caller has counted the statements.
pub(super) fn decode<'de, T: Results<'de>>(response: &'de Response) -> Result<T> {
    T::decode(response)
}

macro_rules! results {
    ($([$type:ident $_type:ident $_name:ident $index:tt])+) => {
        impl<'de, $($type: Deserialize<'de>),+> Results<'de> for ($($type,)+) {}

        impl<'de, $($type: Deserialize<'de>),+> private::Sealed<'de> for ($($type,)+) {
            const COUNT: usize = [$($index),+].len();

            fn decode(response: &'de Response) -> Result<Self> {
                Ok(($(response.take::<$type>($index)?,)+))
            }
        }
    };
}

tuples! { results }

mod private {
    use super::{Response, Result};

    pub trait Sealed<'de>: Sized {
        const COUNT: usize;

        fn decode(response: &'de Response) -> Result<Self>;
    }
}
