//! Places in a record, known to the compiler: the type of a path is the path.

use std::fmt::{self, Write};
use std::marker::PhantomData;
use std::ops::Deref;

use super::Object;
use crate::value::escape_identifier;

/// A place in a record. Implemented by the types of this module and of no others.
#[doc(hidden)]
pub trait Path: Copy + 'static {
    /// What the path starts in: a record, or an element of an array.
    type Root: 'static;

    /// Whether it leads through a link into another record.
    const IS_LINKED: bool = false;

    /// Whether it is an element of an array, which may not be there.
    const IS_ELEMENT: bool = false;

    /// Whether its value is always there: it does not lead through an `Option`, a link or an element of an array.
    const IS_PRESENT: bool = true;

    /// Whether it is a flattened object, which has no name.
    const IS_FLAT: bool = false;

    /// Writes the path as SurrealQL; nothing for the record itself.
    fn write(into: &mut String);

    /// The longest part of the path whose value may be missing. A write below it must not make half of that value.
    fn optional_part() -> Option<Part> {
        None
    }
}

/// An object that may be missing, known by its name or, if it is flattened, by its fields.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part(Vec<String>);

impl Part {
    pub(crate) fn of(place: String) -> Self {
        Self(vec![place])
    }

    /// The flattened object with these fields in the object at `place`.
    pub(crate) fn flat(place: &str, names: &[&str]) -> Self {
        Self(names.iter().map(|name| join(place, &escape_identifier(name))).collect())
    }

    /// The same in the object at `parent`.
    pub(crate) fn within(&self, parent: &str) -> Self {
        Self(self.0.iter().map(|place| join(parent, place)).collect())
    }

    /// Whether it is the object that it is named in.
    pub(crate) fn is_parent(&self) -> bool {
        self.0.iter().all(String::is_empty)
    }

    /// Whether a change at `place` may make or remove it.
    pub(crate) fn depends_on(&self, place: &str) -> bool {
        self.0.iter().any(|part| is_part_of(part, place))
    }

    /// SurrealQL that is true where it is there.
    pub(crate) fn condition(&self) -> String {
        match self.0.as_slice() {
            [] => "false".to_owned(),
            [place] => format!("{place} > NULL"),
            places => format!("({}) > NULL", places.join(" ?? ")),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0.join("`, `"))
    }
}

/// Whether the path leads to the place `outer` or into it.
pub(crate) fn is_part_of(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The path that leads on from `parent`.
pub(crate) fn join(parent: &str, path: &str) -> String {
    if parent.is_empty() || path.is_empty() { format!("{parent}{path}") } else { format!("{parent}.{path}") }
}

/// The field of the record in which a path begins, as SurrealQL.
pub(crate) fn first_field(path: &str) -> &str {
    let mut is_quoted = path.starts_with('`');
    let mut is_escaped = false;
    for (index, char) in path.char_indices().skip(1) {
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '`' => is_quoted = false,
            '.' | '[' if !is_quoted => return &path[..index],
            _ => {}
        }
    }
    path
}

/// A path that starts in `R`. Says the same as [`Path::Root`], in words that the compiler repeats.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this field belongs to another record",
    label = "not a field of the record that this is about",
    note = "a condition, an order or an assignment uses the fields that its closure is given, and no others"
)]
pub trait Within<R>: Path {}

/// A place that a write can change.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this field cannot be changed",
    label = "not a field that a write can change",
    note = "the id, the ends of an edge and what is `#[record(readonly)]` stay as they are",
    note = "a linked record is changed by a write of its own"
)]
pub trait Writable: Path {}

/// A place that is there, or can be made: not in an element of an array. An assignment to one that is not there is lost, or
/// makes an object of the array (server 3.3.5).
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "an element of an array cannot be assigned to",
    label = "there may be no such element",
    note = "a patch changes it, or fails if it is not there: `.patch(|u| [PatchOp::replace(u.tags.at::<0>(), \"new\")])`"
)]
pub trait Certain: Path {}

/// The record itself.
#[doc(hidden)]
pub struct Top<R>(PhantomData<fn() -> R>);

/// The row that is being inserted, where one like it exists already.
#[doc(hidden)]
pub struct Input<R>(PhantomData<fn() -> R>);

/// An element of type `T` of an array that is gone through.
#[doc(hidden)]
pub struct Item<T>(PhantomData<fn() -> T>);

/// The field `INDEX` of the object `O` that stands at `P`.
#[doc(hidden)]
pub struct Step<P, O, const INDEX: usize>(PhantomData<fn() -> (P, O)>);

/// The same place as `P`, of which a program reads and which it does not change.
#[doc(hidden)]
pub struct Fixed<P>(PhantomData<fn() -> P>);

/// The value of type `T` of the `Option` at `P`, which may be missing.
#[doc(hidden)]
pub struct Maybe<P, T>(PhantomData<fn() -> (P, T)>);

/// The flattened object at `P`, whose fields are those of the object around it.
#[doc(hidden)]
pub struct Flat<P>(PhantomData<fn() -> P>);

/// The record that the link at `P` leads to.
#[doc(hidden)]
pub struct Through<P>(PhantomData<fn() -> P>);

/// The element `INDEX` of the array at `P`, counted from 0.
#[doc(hidden)]
pub struct At<P, const INDEX: usize>(PhantomData<fn() -> P>);

/// The last element of the array at `P`.
#[doc(hidden)]
pub struct Last<P>(PhantomData<fn() -> P>);

/// The field of type `T` that stands at `P` in a record.
///
/// It is what closures such as that of [`filter`](crate::query::Select::filter) are given. It holds nothing: where it stands is
/// part of its type. The fields of an [`Object`] in it, or of a record that it links to, are its own: `u.address.city`.
/// What can be done with it is in [`Expression`](crate::Expression).
pub struct Field<P, T>(PhantomData<fn() -> (P, T)>);

impl<R: 'static> Path for Top<R> {
    type Root = R;

    fn write(_: &mut String) {}
}

impl<R: 'static> Path for Input<R> {
    type Root = R;

    fn write(into: &mut String) {
        into.push_str("$input");
    }
}

impl<T: 'static> Path for Item<T> {
    type Root = Self;

    fn write(into: &mut String) {
        into.push_str("$this");
    }
}

impl<P: Path, O: Object, const INDEX: usize> Path for Step<P, O, INDEX> {
    type Root = P::Root;

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

impl<P: Path> Path for Fixed<P> {
    type Root = P::Root;

    const IS_LINKED: bool = P::IS_LINKED;
    const IS_PRESENT: bool = P::IS_PRESENT;

    fn write(into: &mut String) {
        P::write(into);
    }
}

impl<P: Path> Path for Through<P> {
    type Root = P::Root;

    const IS_LINKED: bool = true;
    const IS_PRESENT: bool = false;

    fn write(into: &mut String) {
        P::write(into);
    }
}

impl<P: Path, const INDEX: usize> Path for At<P, INDEX> {
    type Root = P::Root;

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

impl<R: 'static> Within<R> for Top<R> {}
impl<R: 'static> Within<R> for Input<R> {}
impl<T: 'static> Within<Self> for Item<T> {}
impl<R, P: Within<R>, O: Object, const INDEX: usize> Within<R> for Step<P, O, INDEX> {}
impl<R, P: Within<R>> Within<R> for Fixed<P> {}
impl<R, P: Within<R>, T: Object> Within<R> for Maybe<P, T> {}
impl<R, P: Within<R>> Within<R> for Flat<P> {}
impl<R, P: Within<R>> Within<R> for Through<P> {}
impl<R, P: Within<R>, const INDEX: usize> Within<R> for At<P, INDEX> {}
impl<R, P: Within<R>> Within<R> for Last<P> {}

impl<R: 'static> Certain for Top<R> {}
impl<R: 'static> Certain for Input<R> {}
impl<P: Certain, O: Object, const INDEX: usize> Certain for Step<P, O, INDEX> {}
impl<P: Certain> Certain for Fixed<P> {}
impl<P: Certain, T: Object> Certain for Maybe<P, T> {}
impl<P: Certain> Certain for Flat<P> {}
impl<P: Certain> Certain for Through<P> {}

impl<R: 'static> Writable for Top<R> {}
impl<P: Writable, O: Object, const INDEX: usize> Writable for Step<P, O, INDEX> {}
impl<P: Writable, const INDEX: usize> Writable for At<P, INDEX> {}
impl<P: Writable> Writable for Last<P> {}
impl<P: Writable, T: Object> Writable for Maybe<P, T> {}
impl<P: Writable> Writable for Flat<P> {}

impl<P, T> Field<P, T> {
    /// For generated code.
    #[doc(hidden)]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P: Path, T: Object> Deref for Field<P, T> {
    type Target = T::Fields<P>;

    fn deref(&self) -> &T::Fields<P> {
        T::fields::<P>()
    }
}

impl<P: Path, T> fmt::Debug for Field<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut path = String::new();
        P::write(&mut path);
        write!(f, "Field({path})")
    }
}

macro_rules! copies {
    ($([$($generics:tt)*] $ty:ty;)+) => {$(
        impl<$($generics)*> Clone for $ty {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<$($generics)*> Copy for $ty {}
    )+};
}

// Derived, they would ask the same of the parameters, of which there is nothing inside.
copies! {
    [R] Top<R>;
    [R] Input<R>;
    [T] Item<T>;
    [P, O, const INDEX: usize] Step<P, O, INDEX>;
    [P] Fixed<P>;
    [P, T] Maybe<P, T>;
    [P] Flat<P>;
    [P] Through<P>;
    [P, const INDEX: usize] At<P, INDEX>;
    [P] Last<P>;
    [P, T] Field<P, T>;
}

#[cfg(test)]
mod tests {
    use super::first_field;

    #[test]
    fn path_begins_in_a_field() {
        for (path, expected) in [
            ("name", "name"),
            ("address.city", "address"),
            ("tags[0].text", "tags"),
            ("`a.b[`[$]", "`a.b[`"),
            (r"`a\`.b`.c", r"`a\`.b`"),
            (r"`a\\`.c", r"`a\\`"),
            ("``.c", "``"),
            ("é.c", "é"),
            ("", ""),
        ] {
            assert_eq!(first_field(path), expected, "{path}");
        }
    }
}
