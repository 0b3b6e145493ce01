//! Types that serde would silently write as something else than the server's type for them.
//!
//! The derive has each field's type looked up here while the program compiles: `Foreign::<T>::ADVICE` is the constant of
//! an impl below if there is one for exactly `T`, by whatever name the program calls it, and else that of [`Native`].

use std::marker::PhantomData;

/// The type that is looked up.
#[derive(Debug)]
pub struct Foreign<T: ?Sized>(PhantomData<T>);

/// What holds for a type of which nothing else is said.
pub trait Native {
    /// What to do instead of storing the type as it is; `None` if that is fine.
    const ADVICE: Option<&'static str> = None;
}

impl<T: ?Sized> Native for Foreign<T> {}

/// Fails to compile where it is called, with the advice as the message.
#[track_caller]
#[expect(clippy::panic, reason = "it is called while a program compiles, and never when one runs")]
pub const fn refuse(advice: Option<&'static str>) {
    if let Some(advice) = advice {
        panic!("{}", advice);
    }
}

/// Says that a type is not to be stored as serde has it, nor an `Option` or `Vec` of it, and what to do instead.
macro_rules! foreign {
    ([$($generics:tt)*] $foreign:ty => $advice:expr) => {
        $crate::value::with::foreign::foreign! { @ [$($generics)*] $foreign => $advice }
        $crate::value::with::foreign::foreign! { @ [$($generics)*] Option<$foreign> => $advice }
        $crate::value::with::foreign::foreign! { @ [$($generics)*] Vec<$foreign> => $advice }
    };
    (@ [$($generics:tt)*] $type:ty => $advice:expr) => {
        impl<$($generics)*> $crate::value::with::Foreign<$type> {
            /// What to do instead of storing the type as it is.
            pub const ADVICE: Option<&'static str> = Some($advice);
        }
    };
    ($foreign:ty => $advice:expr) => {
        $crate::value::with::foreign::foreign! { [] $foreign => $advice }
    };
}

/// The advice on a type that has an adapter.
macro_rules! use_adapter {
    ($name:literal, $stored:literal, $module:literal, $native:ident) => {
        concat!(
            "`",
            $name,
            "` would be stored as ",
            $stored,
            ": add `#[serde(with = \"surreal_session::value::with::",
            $module,
            "\")]`, or use `surreal_session::value::",
            stringify!($native),
            "`"
        )
    };
}

pub(super) use {foreign, use_adapter};
