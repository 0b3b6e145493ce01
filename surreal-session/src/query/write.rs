//! How many records a write touches, and what it gives back of them.
//!
//! What stands here are the type parameters of the builders that write, such as [`untyped::Write`](crate::untyped::Write).
//! A program meets them in signatures and in messages of the compiler, and seldom writes them.

mod bulk;
mod parts;
mod returning;
mod shape;

use std::marker::PhantomData;

pub(super) use bulk::{Bulk, Rows};
#[doc(hidden)]
pub use parts::Place;
pub(super) use parts::{Parts, Verb, timeout};
pub use returning::{After, Before, Diff, Nothing, Returning, ReturningRecords};
pub use shape::{Complete, HasData, Many, MayHaveContent, NeedsData, NoData, One, OneOrNone, Shape};

/// What a builder has only in its type.
pub(super) type State<T> = PhantomData<fn() -> T>;
