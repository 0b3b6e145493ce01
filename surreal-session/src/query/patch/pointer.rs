//! The places that a patch changes: fields, and paths of text.

use serde::Serialize;

use crate::query::expression::{Operand, Term};
use crate::record::{At, Dot, FieldRef, Flat, Maybe, Object, Of, Optional, Part, Path, ReadOnly, Through, Writable};

/// A place that a [`PatchOp`](super::PatchOp) changes: a field that can be written, or a path of text. Sealed.
#[diagnostic::on_unimplemented(
    message = "a patch cannot name this place",
    label = "neither a field that can be changed nor a path of text",
    note = "give it a field, such as `u.address.city`, or the path, such as `\"/address/city\"`"
)]
pub trait PatchPath: private::Sealed {
    /// The type of the value at this place: that of the field, or [`AnyValue`] for a path of text.
    type Type;

    /// Returns the path in the server's form, or the reason why the place has none.
    #[doc(hidden)]
    fn pointer(self) -> Result<String, String>;

    /// Returns the value that a change at this place needs.
    #[doc(hidden)]
    fn needs(&self) -> Option<Need> {
        None
    }

    /// Returns the value that must exist for this place to have one.
    #[doc(hidden)]
    fn needs_value(&self) -> Option<Need> {
        None
    }
}

/// A value that the record must have.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    pub(super) part: Part,
    /// `true` if NULL is a value, as for an element of an array.
    pub(super) may_be_null: bool,
}

/// A [`PatchPath`] whose value fits the place `D`: any value fits a path of text, and a value of its type fits a field.
#[diagnostic::on_unimplemented(
    message = "the value of this place does not fit the other",
    label = "of another type than the place that it is copied or moved to"
)]
pub trait Fits<D>: PatchPath {
    /// `true` if the value must exist, because the other field cannot be empty.
    #[doc(hidden)]
    const NEEDS_VALUE: bool = false;
}

/// A path in a record that a patch can name.
#[doc(hidden)]
#[diagnostic::on_unimplemented(message = "a patch cannot name this place", label = "has no path in a JSON Patch")]
pub trait Pointer: Path {
    /// Adds the names on the path.
    fn names(into: &mut Vec<String>);
}

/// The type at a path of text, which may hold a value of any type or none; and the record that the values of a patch
/// belong to, because they are known when the patch is sent.
#[derive(Debug)]
#[non_exhaustive]
pub struct AnyValue;

impl<V: Serialize> Operand<AnyValue, AnyValue> for V {
    fn term(self) -> Term {
        Term::value(&self)
    }
}

#[diagnostic::do_not_recommend]
impl Optional for AnyValue {}

impl<R: 'static> Pointer for Of<R> {
    fn names(_: &mut Vec<String>) {}
}

impl<P: Pointer, O: Object, const INDEX: usize> Pointer for Dot<P, O, INDEX> {
    fn names(into: &mut Vec<String>) {
        P::names(into);
        into.push(O::FIELDS[INDEX].to_owned());
    }
}

impl<P: Pointer, const INDEX: usize> Pointer for At<P, INDEX> {
    fn names(into: &mut Vec<String>) {
        P::names(into);
        into.push(INDEX.to_string());
    }
}

impl<P: Pointer> Pointer for ReadOnly<P> {
    fn names(into: &mut Vec<String>) {
        P::names(into);
    }
}

impl<P: Pointer, T: Object> Pointer for Maybe<P, T> {
    fn names(into: &mut Vec<String>) {
        P::names(into);
    }
}

impl<P: Pointer> Pointer for Flat<P> {
    fn names(into: &mut Vec<String>) {
        P::names(into);
    }
}

impl<P: Pointer> Pointer for Through<P> {
    fn names(into: &mut Vec<String>) {
        P::names(into);
    }
}

impl<P: Pointer + Writable, T> PatchPath for FieldRef<P, T> {
    type Type = T;

    fn pointer(self) -> Result<String, String> {
        let mut names = Vec::new();
        P::names(&mut names);
        match names.iter().find(|name| name.is_empty() || name.contains(['/', '.'])) {
            Some(name) => Err(format!("a patch cannot name the field `{}`: use `.set(..)`", name.escape_debug())),
            None => Ok(names.iter().fold(String::new(), |path, name| path + "/" + name)),
        }
    }

    fn needs(&self) -> Option<Need> {
        P::optional_part().map(|part| Need { part, may_be_null: false })
    }

    fn needs_value(&self) -> Option<Need> {
        let mut place = String::new();
        P::write(&mut place);
        Some(Need { part: Part::of(place), may_be_null: P::IS_ELEMENT })
    }
}

#[diagnostic::do_not_recommend]
impl<P: Pointer + Writable, Q, T> Fits<FieldRef<Q, T>> for FieldRef<P, T> {}

#[diagnostic::do_not_recommend]
impl<P: Pointer + Writable, Q, T> Fits<FieldRef<Q, Option<T>>> for FieldRef<P, T> {}

#[diagnostic::do_not_recommend]
impl<P: Pointer + Writable, Q, T> Fits<FieldRef<Q, T>> for FieldRef<P, Option<T>> {
    const NEEDS_VALUE: bool = true;
}

macro_rules! texts {
    ($($text:ty)+) => {$(
        impl PatchPath for $text {
            type Type = AnyValue;

            fn pointer(self) -> Result<String, String> {
                Ok(self.into())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<D> Fits<D> for $text {}
        impl private::Sealed for $text {}
    )+};
}

texts! { &str String &String }

impl<P, T> private::Sealed for FieldRef<P, T> {}

mod private {
    pub trait Sealed {}
}
