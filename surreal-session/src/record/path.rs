//! Paths to the fields of a record, as types: the compiler knows the record, the field and what may be missing.

use std::fmt::Write;
use std::marker::PhantomData;

use super::part::Part;
use super::{HasTable, Object};
use crate::value::{Value, escape_identifier};

/// A path to a value in a record. Implemented by the types of this module only.
pub trait Path: Copy + 'static {
    /// The start of the path: a record, or an element of an array.
    type Root: 'static;

    /// The type that is read where a value of type `T` is stored: `Option<T>` if the path may lead nowhere.
    #[doc(hidden)]
    type Read<T>;

    /// `true` if the path leads through a link into another record.
    #[doc(hidden)]
    const IS_LINKED: bool = false;

    /// `true` if the path ends in an element of an array, which may not exist.
    #[doc(hidden)]
    const IS_ELEMENT: bool = false;

    /// `true` if the value always exists: the path leads through no `Option`, link or element of an array.
    #[doc(hidden)]
    const IS_PRESENT: bool = true;

    /// `true` if the value is a flattened object, which has no name.
    #[doc(hidden)]
    const IS_FLAT: bool = false;

    /// Writes the path as SurrealQL; writes nothing for the record itself.
    #[doc(hidden)]
    fn write(into: &mut String);

    /// Returns the longest prefix of the path that may be missing. A write below it must not create half of that value.
    #[doc(hidden)]
    fn optional_part() -> Option<Part> {
        None
    }
}

/// A path that starts in `R`: [`Path::Root`] as a bound with its own message.
#[diagnostic::on_unimplemented(
    message = "this field belongs to another record",
    label = "not a field of `{R}`",
    note = "conditions, orders and assignments use the fields that their closure receives"
)]
pub trait Within<R>: Path {}

#[diagnostic::do_not_recommend]
impl<R, P: Path<Root = R>> Within<R> for P {}

/// A path whose value a write can change.
#[diagnostic::on_unimplemented(
    message = "this field cannot be changed",
    label = "read-only",
    note = "the id, the ends of an edge, and `readonly`, `computed` and `version` fields cannot be changed",
    note = "change a linked record with a write to that record"
)]
pub trait Writable: Path {}

/// A path that leads through no element of an array. An assignment to an element that does not exist is lost, or turns
/// the array into an object (server 3.3.5).
#[diagnostic::on_unimplemented(
    message = "an element of an array cannot be assigned to",
    label = "this element may not exist",
    note = "use a patch, which fails if the element does not exist: `.patch(|u| [PatchOp::replace(u.tags.at::<0>(), \"new\")])`"
)]
pub trait AlwaysPresent: Path {}

/// The start of a path: a record of type `R`.
pub struct Of<R>(PhantomData<fn() -> R>);

/// The start of a path: the row that an insert could not insert because the record exists.
pub struct Inserted<R>(PhantomData<fn() -> R>);

/// The start of a path: an element of type `T` of an array, in the closure of `any`, `all` or `each`.
pub struct Element<T>(PhantomData<fn() -> T>);

/// The field number `INDEX` of the object `O` at `P`.
pub struct Dot<P, O, const INDEX: usize>(PhantomData<fn() -> (P, O)>);

/// The path `P`, read-only.
pub struct ReadOnly<P>(PhantomData<fn() -> P>);

/// The object of type `T` in the `Option` at `P`, which may be missing.
pub struct Maybe<P, T>(PhantomData<fn() -> (P, T)>);

/// The flattened object at `P`, whose fields belong to the object around it.
pub struct Flat<P>(PhantomData<fn() -> P>);

/// The record that the link at `P` leads to.
pub struct Through<P>(PhantomData<fn() -> P>);

/// The link at `P` if it leads to a record of type `T`.
pub struct LeadingTo<P, T>(PhantomData<fn() -> (P, T)>);

/// The element number `INDEX` of the array at `P`, counted from 0.
pub struct At<P, const INDEX: usize>(PhantomData<fn() -> P>);

/// The last element of the array at `P`.
pub struct Last<P>(PhantomData<fn() -> P>);

impl<R: 'static> Path for Of<R> {
    type Root = R;
    type Read<T> = T;

    fn write(_: &mut String) {}
}

impl<R: 'static> Path for Inserted<R> {
    type Root = R;
    type Read<T> = T;

    fn write(into: &mut String) {
        into.push_str("$input");
    }
}

impl<T: 'static> Path for Element<T> {
    type Root = Self;
    type Read<U> = U;

    fn write(into: &mut String) {
        into.push_str("$this");
    }
}

impl<P: Path, O: Object, const INDEX: usize> Path for Dot<P, O, INDEX> {
    type Root = P::Root;
    type Read<T> = P::Read<T>;

    const IS_LINKED: bool = P::IS_LINKED;
    const IS_PRESENT: bool = P::IS_PRESENT;

    fn write(into: &mut String) {
        P::write(into);
        if !into.is_empty() {
            into.push('.');
        }
        into.push_str(&escape_identifier(O::FIELDS[INDEX]));
    }

    fn optional_part() -> Option<Part> {
        P::optional_part()
    }
}

impl<P: Path, T: Object> Path for Maybe<P, T> {
    type Root = P::Root;
    type Read<U> = Option<U>;

    const IS_LINKED: bool = P::IS_LINKED;
    const IS_PRESENT: bool = false;

    fn write(into: &mut String) {
        P::write(into);
    }

    fn optional_part() -> Option<Part> {
        let mut place = String::new();
        P::write(&mut place);
        Some(if P::IS_FLAT { Part::flat(&place, T::FIELDS) } else { Part::of(place) })
    }
}

impl<P: Path> Path for Flat<P> {
    type Root = P::Root;
    type Read<T> = P::Read<T>;

    const IS_LINKED: bool = P::IS_LINKED;
    const IS_PRESENT: bool = P::IS_PRESENT;
    const IS_FLAT: bool = true;

    fn write(into: &mut String) {
        P::write(into);
    }

    fn optional_part() -> Option<Part> {
        P::optional_part()
    }
}

impl<P: Path> Path for ReadOnly<P> {
    type Root = P::Root;
    type Read<T> = P::Read<T>;

    const IS_LINKED: bool = P::IS_LINKED;
    const IS_PRESENT: bool = P::IS_PRESENT;

    fn write(into: &mut String) {
        P::write(into);
    }
}

impl<P: Path> Path for Through<P> {
    type Root = P::Root;
    type Read<T> = Option<T>;

    const IS_LINKED: bool = true;
    const IS_PRESENT: bool = false;

    fn write(into: &mut String) {
        P::write(into);
    }
}

impl<P: Path, T: HasTable + 'static> Path for LeadingTo<P, T> {
    type Root = P::Root;
    type Read<U> = U;

    const IS_LINKED: bool = P::IS_LINKED;
    const IS_PRESENT: bool = false;

    fn write(into: &mut String) {
        let mut link = String::new();
        P::write(&mut link);
        let table = Value::from(T::NAME);
        // Writing to a `String` cannot fail.
        let _ = write!(into, "(IF type::is_record({link}, {table}) {{ {link} }} ELSE {{ NONE }})");
    }
}

impl<P: Path, const INDEX: usize> Path for At<P, INDEX> {
    type Root = P::Root;
    type Read<T> = T;

    const IS_LINKED: bool = P::IS_LINKED;
    const IS_PRESENT: bool = false;
    const IS_ELEMENT: bool = true;

    fn write(into: &mut String) {
        P::write(into);
        // Writing to a `String` cannot fail.
        let _ = write!(into, "[{INDEX}]");
    }

    fn optional_part() -> Option<Part> {
        P::optional_part()
    }
}

impl<P: Path> Path for Last<P> {
    type Root = P::Root;
    type Read<T> = T;

    const IS_LINKED: bool = P::IS_LINKED;
    const IS_PRESENT: bool = false;
    const IS_ELEMENT: bool = true;

    fn write(into: &mut String) {
        P::write(into);
        into.push_str("[$]");
    }

    fn optional_part() -> Option<Part> {
        P::optional_part()
    }
}

#[diagnostic::do_not_recommend]
impl<R: 'static> AlwaysPresent for Of<R> {}
#[diagnostic::do_not_recommend]
impl<R: 'static> AlwaysPresent for Inserted<R> {}
#[diagnostic::do_not_recommend]
impl<P: AlwaysPresent, O: Object, const INDEX: usize> AlwaysPresent for Dot<P, O, INDEX> {}
#[diagnostic::do_not_recommend]
impl<P: AlwaysPresent> AlwaysPresent for ReadOnly<P> {}
#[diagnostic::do_not_recommend]
impl<P: AlwaysPresent, T: Object> AlwaysPresent for Maybe<P, T> {}
#[diagnostic::do_not_recommend]
impl<P: AlwaysPresent> AlwaysPresent for Flat<P> {}
#[diagnostic::do_not_recommend]
impl<P: AlwaysPresent> AlwaysPresent for Through<P> {}

#[diagnostic::do_not_recommend]
impl<R: 'static> Writable for Of<R> {}
#[diagnostic::do_not_recommend]
impl<P: Writable, O: Object, const INDEX: usize> Writable for Dot<P, O, INDEX> {}
#[diagnostic::do_not_recommend]
impl<P: Writable, const INDEX: usize> Writable for At<P, INDEX> {}
#[diagnostic::do_not_recommend]
impl<P: Writable> Writable for Last<P> {}
#[diagnostic::do_not_recommend]
impl<P: Writable, T: Object> Writable for Maybe<P, T> {}
#[diagnostic::do_not_recommend]
impl<P: Writable> Writable for Flat<P> {}

/// Implements `Copy`, and `Debug` as the type's name, without bounds on the parameters: nothing of them is held.
macro_rules! markers {
    ($($name:ident [$($generics:tt)*] $ty:ty;)+) => {$(
        impl<$($generics)*> Clone for $ty {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<$($generics)*> Copy for $ty {}

        impl<$($generics)*> std::fmt::Debug for $ty {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )+};
}

markers! {
    Of [R] Of<R>;
    Inserted [R] Inserted<R>;
    Element [T] Element<T>;
    Dot [P, O, const INDEX: usize] Dot<P, O, INDEX>;
    ReadOnly [P] ReadOnly<P>;
    Maybe [P, T] Maybe<P, T>;
    Flat [P] Flat<P>;
    Through [P] Through<P>;
    LeadingTo [P, T] LeadingTo<P, T>;
    At [P, const INDEX: usize] At<P, INDEX>;
    Last [P] Last<P>;
}
