//! Some of the fields of a record.

use serde::de::DeserializeOwned;

use super::fragment::Fragment;
use super::link::{Fetch, Link};
use crate::record::{Field, Object, Path, Record, Root};
use crate::value::{Id, escape_identifier};

/// The struct of fields that closures about records of type `T` are given.
pub type Fields<T> = <T as Object>::Fields<Root<T>>;

/// A struct with some of the fields of records of type `T`, to read no more than is needed.
///
/// Implemented with `#[derive(View)]`, which checks the fields against those of the record.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a view of `{T}`",
    label = "expected a struct with `#[derive(View)]` and `#[record(of = {T})]`"
)]
pub trait View<T: Record>: DeserializeOwned + 'static {
    /// What is read for each field.
    #[doc(hidden)]
    fn selected(record: Fields<T>) -> Vec<Selected>;
}

/// The type that a field of type `T` can have in a view: the same, or a [`Link`] for an [`Id`].
#[diagnostic::on_unimplemented(
    message = "a field of type `{T}` cannot be viewed as `{Self}`",
    label = "expected `{T}`, as in the record",
    note = "an `Id<_>` in the record may be a `Link<_>` in the view, which follows it"
)]
pub trait Viewed<T> {
    /// What gives it, from the field at `path`.
    #[doc(hidden)]
    fn viewed(path: Fragment) -> Fragment;
}

impl<T> Viewed<T> for T {
    fn viewed(path: Fragment) -> Fragment {
        path
    }
}

macro_rules! links {
    ($($id:ty => $link:ty;)+) => {$(
        impl<T: Record<Key = K>, K> Viewed<$id> for $link
        where
            $id: Fetch,
        {
            fn viewed(path: Fragment) -> Fragment {
                <$id as Fetch>::fetched(path)
            }
        }
    )+};
}

links! {
    Id<T, K> => Link<T>;
    Option<Id<T, K>> => Option<Link<T>>;
    Vec<Id<T, K>> => Vec<Link<T>>;
    Option<Vec<Id<T, K>>> => Option<Vec<Link<T>>>;
}

/// What is read for one field of a view.
#[doc(hidden)]
#[derive(Debug)]
pub struct Selected(Fragment);

/// For generated code: reads `field` as the field `name` of a view, where it has the type `V`.
#[doc(hidden)]
pub fn selected<V: Viewed<T>, P: Path, T>(_: Field<P, T>, name: &str) -> Selected {
    let value = V::viewed(Fragment::path::<P>());
    Selected(value.text(" AS ").text(&escape_identifier(name)))
}

impl Selected {
    pub(super) fn into_fragment(self) -> Fragment {
        self.0
    }
}
