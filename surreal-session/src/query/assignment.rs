//! What a write does to fields, one by one.

use std::fmt;
use std::marker::PhantomData;

use super::expression::{Collection, Computed, Container, Operand, Settable};
use super::fragment::Fragment;
use crate::record::{Certain, Field, Optional, Path, Within, Writable};

/// What a write does to fields of a record of type `R`: one thing, or several in a tuple, an array or a `Vec`.
///
/// They happen in their order, each to what the one before has left; but what they read of the record, as in
/// `u.age.set(u.old_age)` and in `mul` and `div`, is what it was before all of them (server 3.3.5).
///
/// | Assignment | Field becomes |
/// |---|---|
/// | `u.age.set(37)`, `u.age.set(u.old_age)` | that value |
/// | `u.nickname.unset()` | missing |
/// | `u.age.add(1)`, `u.age.sub(1)` | more or less by that; a missing one counts as zero, and NULL fails |
/// | `u.age.mul(2)`, `u.age.div(2)` | the product or quotient |
/// | `u.tags.push("new")` | the array with that element at its end, the set with that element |
/// | `u.tags.remove("old")` | the array or set without that element, however often it was there |
///
/// For a list that is put together at run time, each becomes an [`Assign`] with `.into()`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what happens to the fields of `{R}`",
    label = "expected an assignment",
    note = "assignments are `u.age.set(37)`, `u.age.add(1)`, `u.nickname.unset()`, `u.tags.push(\"new\")` and the like",
    note = "several go into a tuple, or with `.into()` into a `Vec<Assign<{R}>>`"
)]
pub trait Assignment<R> {
    /// Adds each as it stands after SET.
    #[doc(hidden)]
    fn assign(self, into: &mut Vec<Fragment>);
}

/// What a write does to one field of a record of type `R`.
#[must_use = "nothing is changed until a write is given it"]
pub struct Assign<R> {
    fragment: Fragment,
    record: PhantomData<fn() -> R>,
}

impl<P: Path, T> Field<P, T> {
    /// Gives the field a value.
    pub fn set<V: Settable<P::Root, T>>(self, value: V) -> Assign<P::Root>
    where
        P: Writable + Certain,
    {
        Assign::new(Fragment::path::<P>().text(" = ").then(value.term().into_fragment()))
    }

    /// Removes the field, which makes it NONE.
    pub fn unset(self) -> Assign<P::Root>
    where
        P: Writable + Certain,
        T: Optional,
    {
        Assign::new(Fragment::path::<P>().text(" = NONE"))
    }

    /// Adds an element to the end of the array, or to the set.
    pub fn push<V>(self, element: V) -> Assign<P::Root>
    where
        P: Writable + Certain,
        T: Collection,
        V: Operand<P::Root, <T as Container>::Item>,
    {
        // An array is added element by element, so that an element that is an array itself stays one.
        let [open, close] = if T::IS_SET { ["{", ",}"] } else { ["[", "]"] };
        let elements = Fragment::new(open).then(element.term().into_fragment()).text(close);
        Assign::new(Fragment::path::<P>().text(" += ").then(elements))
    }

    /// Removes an element from the array, wherever it is in it, or from the set.
    pub fn remove<V>(self, element: V) -> Assign<P::Root>
    where
        P: Writable + Certain,
        T: Collection,
        V: Operand<P::Root, <T as Container>::Item>,
    {
        let elements = Fragment::new("[").then(element.term().into_fragment()).text("]");
        Assign::new(Fragment::path::<P>().text(" -= ").then(elements))
    }
}

impl<R> Assign<R> {
    fn new(fragment: Fragment) -> Self {
        Self { fragment, record: PhantomData }
    }
}

impl<R, T, P: Writable + Certain + Within<R>> From<Computed<R, T, P>> for Assign<R> {
    fn from(calculation: Computed<R, T, P>) -> Self {
        Self::new(calculation.into_change())
    }
}

impl<R> Assignment<R> for Assign<R> {
    fn assign(self, into: &mut Vec<Fragment>) {
        into.push(self.fragment);
    }
}

impl<R, T, P: Writable + Certain + Within<R>> Assignment<R> for Computed<R, T, P> {
    fn assign(self, into: &mut Vec<Fragment>) {
        into.push(self.into_change());
    }
}

impl<R, T: Assignment<R>> Assignment<R> for Vec<T> {
    fn assign(self, into: &mut Vec<Fragment>) {
        for each in self {
            each.assign(into);
        }
    }
}

impl<R, T: Assignment<R>, const N: usize> Assignment<R> for [T; N] {
    fn assign(self, into: &mut Vec<Fragment>) {
        for each in self {
            each.assign(into);
        }
    }
}

/// Nothing, if there is none.
impl<R, T: Assignment<R>> Assignment<R> for Option<T> {
    fn assign(self, into: &mut Vec<Fragment>) {
        if let Some(assignment) = self {
            assignment.assign(into);
        }
    }
}

macro_rules! tuples {
    ($($($name:ident $index:tt),+;)+) => {$(
        impl<R, $($name: Assignment<R>),+> Assignment<R> for ($($name,)+) {
            fn assign(self, into: &mut Vec<Fragment>) {
                $(self.$index.assign(into);)+
            }
        }
    )+};
}

tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
}

impl<R> Clone for Assign<R> {
    fn clone(&self) -> Self {
        Self::new(self.fragment.clone())
    }
}

/// The SurrealQL, without the values.
impl<R> fmt::Debug for Assign<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assign({})", self.fragment)
    }
}
