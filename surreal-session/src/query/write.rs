//! How many records a write touches, what it gives back of them, and what it still has to be told.
//!
//! What stands here are the type parameters of the builders that write, [`Mutation`], [`Insert`](crate::Insert),
//! [`Relate`](crate::Relate) and [`untyped::Write`](crate::untyped::Write). A program meets them in signatures and in messages of the compiler, and
//! seldom writes them.

mod builder;
mod bulk;
mod parts;
mod returning;
mod shape;
mod verb;

use std::marker::PhantomData;

pub use super::patch::{Fits, Holds, PatchPath, Removable};
pub use crate::record::{NeedsRelation, Normal};
pub use builder::Mutation;
pub(super) use bulk::Bulk;
#[doc(hidden)]
pub use bulk::Rows;
#[doc(hidden)]
pub use parts::Place;
pub(super) use parts::{Parts, Reach};
pub use returning::{After, Before, Diff, Nothing, Returning, ReturningRecords};
#[doc(hidden)]
pub use shape::{Aimed, Filled, Makes, MakesOne, Unnamed};
pub use shape::{
    Complete, Filtered, HasData, Many, MayHaveContent, NeedsData, NeedsId, NeedsTarget, Shape, Single, SingleOrNone,
};
#[doc(hidden)]
pub use verb::Verb;
pub use verb::{Changing, Creates, Deletes, Ranges, Updates, Upserts, Writing};

/// What a builder has only in its type.
pub(super) type State<T> = PhantomData<fn() -> T>;
