//! How many records a write touches, what it gives back of them, and what it still has to be told.
//!
//! # What a typed write guarantees
//!
//! A typed write leaves every record that it touches readable as its type, or it is refused before anything is sent, or it
//! fails and has written nothing. The rules, measured with server 3.3.5:
//!
//! | Write | Rule |
//! |---|---|
//! | `update`, `upsert` or `delete` with a [`filter`](Mutation::filter) that follows a link, or is [`raw`](crate::Condition::raw) | The condition is about the records as they were before the write. The statement selects the ids of the matching records first, which takes the permission to read them: of records that the identity may not select it writes none. A linked record that the identity may not select is missing for the condition, as it is in `select`. |
//! | `create`, `insert`, `relate`, `upsert` without an id | Compiles only if the server makes keys of the record's type: `String` and [`RecordKey`](crate::value::RecordKey), or with `#[record(default)]` on the field `id`, where the schema makes them. See [`Key`](crate::model::Key). |
//! | `set` or `merge` of a part of an `Option<Object>`, also in [`on_duplicate`](crate::query::Insert::on_duplicate) | Changes only records that have the object, at any depth. The others stay as they are, whether the object is NONE or NULL. Set the whole object to create it. |
//! | [`patch`](Mutation::patch) of a part of an `Option<Object>`, or of an element of an array | Fails with [`Thrown`](crate::ErrorKind::Thrown) if the object or the element is missing, and writes nothing. Paths of text are not checked. |
//! | A required field set to, or copied from, a field that may be missing | With [`set`](Mutation::set) the field keeps its value if the other is missing; with [`PatchOp::copy`](crate::query::PatchOp::copy) the write fails. |
//! | `add` to an `Option<Datetime>` that is `None` | Changes nothing. |
//! | [`content`](Mutation::content) and [`replace`](Mutation::replace) of a record that exists | Keep the read-only fields of the type, those that serde does not write, and those with `#[record(default)]` that are `None`. |
//! | A patch of a flattened `Object`, or of an `Option` of one | `set` writes all its fields and removes those that are absent. `merge` changes only records that have it. |
//! | A patch of a flattened map | `set` adds entries. The patch that `diff` returns also removes entries. `unset`, and setting an empty map, fail with [`Encode`](crate::ErrorKind::Encode). |
//! | A patch of another flattened type, such as an enum | Only the patch that `diff` returns is possible, or `content`. `set` fails with [`Encode`](crate::ErrorKind::Encode), as the old fields are not known. |
//! | Two entries of an object with the same key; a flattened map with an entry that has the name of a field, of the id or of an end of an edge | Fails with [`Encode`](crate::ErrorKind::Encode), and the message names the key. The flattened fields of a generic record are checked only against the fields that are written. |
//! | `None` | A field that is an `Option` is absent. Inside of a newtype, of an enum's variant and in a map, `None` is NULL, because the server drops an entry that is NONE. Both are read as `None`. A schema of `TYPE option<..>` refuses NULL. |
//! | A field of type [`Value`](crate::Value) | [`Value::None`](crate::Value::None) is absent, and what is absent is read as `Value::None`. In a map of values an entry that is NONE is dropped. |
//! | Text with SurrealQL, such as a raw condition, that ends its statement and begins another | Fails with [`InvalidArgument`](crate::ErrorKind::InvalidArgument) after the statements have run: it cannot be known before. |
//!
//! What a write does not guarantee:
//!
//! - An `upsert` that makes a record writes what it is given and nothing else. With `set` or `merge`, it has to give all
//!   fields that are required.
//! - Two transactions that change the same record conflict. A transaction that only reads a linked record does not conflict with
//!   one that changes it.
//! - Assignments that read linked records see what the same statement has already changed in them.
//! - The server calculates with ints of 64 bits: a field of type `u8` can be set to -1 by a calculation, see
//!   [`Number`](crate::query::Number).
//! - A variant of an untagged enum that holds an `Option` is written as that `Option`, and absent if it is `None`. Give such
//!   a field `#[serde(default)]`.
//! - An identity without the permission to read a field cannot keep it by `content`, nor change a part of it.
//!
//! # The types of this module
//!
//! What stands here are the type parameters of the builders that write, [`Mutation`], [`Insert`](crate::query::Insert),
//! [`Relate`](crate::query::Relate) and [`untyped::Write`](crate::query::untyped::Write). A program meets them in signatures and in messages of the compiler, and
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
