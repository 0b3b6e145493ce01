//! The arguments of a function.

use bytes::Bytes;
use serde::Serialize;

use crate::codec;
use crate::error::{Error, Result};
use crate::record::tuples;

/// The arguments of a [`Run`](super::Run): a tuple of up to twelve, or a slice, array or `Vec` of one type. Sealed.
///
/// The type of the value is not checked. Types of chrono, time, jiff, uuid and `rust_decimal` and `std::time::Duration` are
/// sent as serde writes them, a time as text: convert them first, as in `Datetime::from(time)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of arguments",
    note = "write one argument as a tuple with a comma: `.args((value,))`"
)]
pub trait Args: private::Sealed {}

/// Each argument as it is sent.
pub(super) fn encode(args: &impl Args) -> Result<Vec<Bytes>> {
    args.encode()
}

fn encode_one<T: Serialize + ?Sized>(index: usize, value: &T) -> Result<Bytes> {
    codec::encode(value).map_err(|error| Error::from(error).in_context(format_args!("argument {index}")))
}

fn encode_all<T: Serialize>(values: &[T]) -> Result<Vec<Bytes>> {
    values.iter().enumerate().map(|(index, value)| encode_one(index, value)).collect()
}

macro_rules! lists {
    ($([$($generics:tt)*] $list:ty;)+) => {$(
        impl<T: Serialize, $($generics)*> Args for $list {}

        impl<T: Serialize, $($generics)*> private::Sealed for $list {
            fn encode(&self) -> Result<Vec<Bytes>> {
                encode_all(self)
            }
        }
    )+};
}

lists! {
    [] &[T];
    [] Vec<T>;
    [const N: usize] [T; N];
}

macro_rules! args {
    ($([$type:ident $_type:ident $_name:ident $index:tt])*) => {
        impl<$($type: Serialize),*> Args for ($($type,)*) {}

        impl<$($type: Serialize),*> private::Sealed for ($($type,)*) {
            fn encode(&self) -> Result<Vec<Bytes>> {
                Ok(vec![$(encode_one($index, &self.$index)?),*])
            }
        }
    };
}

args! {}

tuples! { args }

mod private {
    use super::{Bytes, Result};

    pub trait Sealed {
        fn encode(&self) -> Result<Vec<Bytes>>;
    }
}
