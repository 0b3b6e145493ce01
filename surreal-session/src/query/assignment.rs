//! Assignments of a write to single fields.

use std::fmt;
use std::marker::PhantomData;

use super::expression::{Computed, Operand, Settable};
use super::statement::Fragment;
use super::surql::IntoSurql;
use crate::record::{
    AlwaysPresent, Collection, Container, FieldRef, Kind, Optional, Part, Path, Stored, Sum, Within, Writable,
    is_part_of, tuples,
};

/// The assignments of a write to fields of a record of type `R`: one, or several in a tuple, an array or a `Vec`.
///
/// They run in order, each on the result of the one before. Fields that they read, as in `u.age.set(u.old_age)` and in `mul`
/// and `div`, have the values from before the write (server 3.3.5).
///
/// | Assignment | Field becomes |
/// |---|---|
/// | `u.age.set(37)`, `u.age.set(u.old_age)` | that value |
/// | `u.seen_at.set_raw("time::now()")` | the value of an expression in SurrealQL |
/// | `u.nickname.unset()` | missing |
/// | `u.age.add(1)`, `u.age.sub(1)` | more or less by that; a missing one counts as zero, and NULL fails |
/// | `u.age.mul(2)`, `u.age.div(2)` | the product or quotient; a missing one stays missing |
/// | `u.tags.push("new")` | the array with that element at its end, the set with that element, once |
/// | `u.tags.remove("old")` | the array or set without that element, however often it was there |
///
/// A field that is not an `Option` keeps its value if it is set to another field that is missing: a part of an optional
/// object, of a linked record, or of an element of an array.
///
/// To build a list at run time, convert each assignment to an [`Assign`] with `.into()`.
///
/// # Parts of optional objects
///
/// An assignment to a field of an object that is an `Option`, such as `u.address.city` where `address` is an
/// `Option<Address>`, changes only records that have the object. The others stay as they are: half of an object could
/// not be read any more. Set the object itself, `u.address.set(Address { .. })`, to create it. In the
/// same write, such an assignment may follow one that sets the object to a value. After another change of the object or of
/// the field itself it fails with [`InvalidArgument`](crate::ErrorKind::InvalidArgument) before anything is sent, because it
/// is computed from the record as it was before the write.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what happens to the fields of `{R}`",
    label = "expected an assignment",
    note = "assignments are `u.age.set(37)`, `u.age.add(1)`, `u.nickname.unset()`, `u.tags.push(\"new\")` and the like",
    note = "several go into a tuple, or with `.into()` into a `Vec<Assign<{R}>>`"
)]
pub trait Assignment<R> {
    /// Adds each assignment in the form of the SET clause.
    #[doc(hidden)]
    fn assign(self, into: &mut Vec<Setting>);
}

/// The assignment of a write to one field of a record of type `R`.
#[must_use = "nothing is changed until a write is given it"]
pub struct Assign<R> {
    setting: Setting,
    record: PhantomData<fn() -> R>,
}

/// One assignment of a SET clause.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Setting {
    place: String,
    fragment: Fragment,
    /// The object that has to be there.
    part: Option<Part>,
    /// The same where it is there for certain.
    unguarded: Option<Fragment>,
    /// `true` if it sets the field to a value that exists.
    is_value: bool,
}

impl Setting {
    /// Changes the place `P`.
    fn plain<P: Path>(change: Fragment) -> Self {
        Self {
            place: text::<P>(),
            fragment: Fragment::path::<P>().then(change),
            part: None,
            unguarded: None,
            is_value: false,
        }
    }

    /// Changes the place `P` if `part` is there, and nothing otherwise: to set a field of what is missing to NONE, or to
    /// subtract NONE from it, makes no object (server 3.3.5).
    fn guarded<P: Path>(operator: &str, part: Part, value: Fragment) -> Self {
        let condition = Fragment::new(format!(" {operator} IF {} {{ ", part.condition()));
        let change = condition.then(value).text(" } ELSE { NONE }");
        Self { part: Some(part), ..Self::plain::<P>(change) }
    }

    /// Its form after an assignment that creates the object.
    fn or_plain<P: Path>(self, change: Fragment) -> Self {
        Self { unguarded: Some(Fragment::path::<P>().then(change)), ..self }
    }

    /// The assignments of a SET or ON DUPLICATE KEY UPDATE clause.
    ///
    /// The server (3.3.5) computes all values before it changes the first field. A guarded value must therefore not depend
    /// on what an earlier assignment changes.
    pub(super) fn clause(settings: Vec<Self>) -> Fragment {
        let pieces = settings.iter().enumerate().map(|(index, setting)| setting.after(&settings[..index]));
        Fragment::default().joined(pieces, ", ")
    }

    fn after(&self, earlier: &[Self]) -> Fragment {
        let Some(part) = &self.part else { return self.fragment.clone() };
        let is_stale = |other: &&Self| part.depends_on(&other.place) || is_part_of(&other.place, &self.place);
        match (earlier.iter().rev().find(is_stale), &self.unguarded) {
            (None, _) => self.fragment.clone(),
            (Some(other), Some(unguarded)) if other.is_value && *part == Part::of(other.place.clone()) => {
                unguarded.clone()
            }
            (Some(other), _) => {
                let (first, second) = (&other.place, &self.place);
                let reason = format!("`{first}` is changed before `{second}` in the same write, which depends on it");
                self.fragment.clone().refused(&format!("{reason}: make one assignment of the two"))
            }
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fragment.fmt(f)
    }
}

/// The value, or what is at `P` if there is none.
fn or_unchanged<P: Path>(value: Fragment) -> Fragment {
    Fragment::new("(").then(value).text(" ?? ").then(Fragment::path::<P>()).text(")")
}

fn text<P: Path>() -> String {
    let mut path = String::new();
    P::write(&mut path);
    path
}

impl<P: Path, T> FieldRef<P, T> {
    /// Gives the field a value.
    pub fn set<V: Settable<P::Root, T>>(self, value: V) -> Assign<P::Root>
    where
        P: Writable + AlwaysPresent,
    {
        let term = value.term();
        let is_value = !(term.is_none() || term.is_place() || term.is_computed());
        let value = term.into_fragment();
        let plain = Fragment::new(" = ").then(value.clone());
        let setting = match P::optional_part() {
            Some(part) if V::MAY_BE_MISSING => Setting::guarded::<P>("=", part, or_unchanged::<P>(value)),
            Some(part) => Setting::guarded::<P>("=", part, value).or_plain::<P>(plain),
            None if V::MAY_BE_MISSING => {
                let change = Fragment::new(" = ").then(or_unchanged::<P>(value));
                Setting { part: Some(Part::of(text::<P>())), ..Setting::plain::<P>(change) }
            }
            None => Setting::plain::<P>(plain),
        };
        Assign::new(Setting { is_value, ..setting })
    }

    /// Gives the field the value of an expression of the server, as in `u.seen_at.set_raw("time::now()")`.
    ///
    /// The type of the value is not checked: one of another type makes a record that cannot be read. In the text, fields have
    /// the values from before the write. For [`on_duplicate`](crate::query::write::Insert::on_duplicate) the server (3.3.5)
    /// computes the value also before it has read the record, when all fields are NONE: `age + 1` fails there, and
    /// `(age ?? 0) + 1` does not. The text is put in parentheses.
    ///
    /// A new record gets such a value with [`content_with`](crate::query::write::CreateWithoutContent::content_with).
    ///
    /// # Examples
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # use surreal_session::value::Duration;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, seen_at: Option<Datetime>, code: String }
    /// # surreal_session_embedded::example(async |session| {
    /// # session.execute("CREATE user:ada SET code = 'a'").await?;
    /// let ago = surql!("time::now() - $ago", ago = Duration::from_secs(60));
    /// let write = session.update::<User>().id("ada").set(|u| (u.seen_at.set_raw(ago), u.code.set_raw("rand::ulid()")));
    /// let ada = write.await?;
    /// assert!(ada.seen_at < Some(Datetime::now()));
    /// assert_eq!(ada.code.len(), 26);
    /// # Ok(()) });
    /// ```
    pub fn set_raw(self, surql: impl IntoSurql) -> Assign<P::Root>
    where
        P: Writable + AlwaysPresent,
    {
        let value = Fragment::of_surql(surql.into_surql());
        let plain = Fragment::new(" = ").then(value.clone());
        Assign::new(match P::optional_part() {
            Some(part) => Setting::guarded::<P>("=", part, value).or_plain::<P>(plain),
            None => Setting::plain::<P>(plain),
        })
    }

    /// Removes the field, which makes it NONE.
    pub fn unset(self) -> Assign<P::Root>
    where
        P: Writable + AlwaysPresent,
        T: Optional,
    {
        Assign::new(Setting::plain::<P>(Fragment::new(" = NONE")))
    }

    /// Adds an element to the end of the array, or to the set.
    pub fn push<V>(self, element: V) -> Assign<P::Root>
    where
        P: Writable + AlwaysPresent,
        T: Collection,
        V: Operand<P::Root, <T as Container>::Item>,
    {
        // An array is added element by element, so that an element that is an array itself stays one.
        let [open, close] = if T::IS_SET { ["{", ",}"] } else { ["[", "]"] };
        let elements = Fragment::new(open).then(element.term().into_fragment()).text(close);
        let path = Fragment::path::<P>;
        // An array has what is in it already only once if it is taken out first.
        let added = match T::IS_UNORDERED {
            true => {
                Fragment::new(" -= ").then(elements.clone()).text(", ").then(path()).text(" += ").then(elements.clone())
            }
            false => Fragment::new(" += ").then(elements.clone()),
        };
        Assign::new(match P::optional_part() {
            Some(part) => {
                let none = if T::IS_SET { "{,}" } else { "[]" };
                let present = Fragment::new("(").then(path()).text(&format!(" ?? {none})"));
                let others = if T::IS_UNORDERED { present.text(" - ").then(elements.clone()) } else { present };
                Setting::guarded::<P>("=", part, others.text(" + ").then(elements)).or_plain::<P>(added)
            }
            None => Setting::plain::<P>(added),
        })
    }

    /// Removes an element from the array, wherever it is in it, or from the set.
    pub fn remove<V>(self, element: V) -> Assign<P::Root>
    where
        P: Writable + AlwaysPresent,
        T: Collection,
        V: Operand<P::Root, <T as Container>::Item>,
    {
        let elements = Fragment::new("[").then(element.term().into_fragment()).text("]");
        // This makes no array, and so no half of an object, where there is none (server 3.3.5).
        Assign::new(Setting::plain::<P>(Fragment::new(" -= ").then(elements)))
    }
}

impl<R> Assign<R> {
    fn new(setting: Setting) -> Self {
        Self { setting, record: PhantomData }
    }
}

impl<R, T: Stored<As: Sum>, P: Writable + AlwaysPresent + Within<R>> From<Computed<R, T, P>> for Assign<R> {
    fn from(calculation: Computed<R, T, P>) -> Self {
        Self::new(calculated(calculation))
    }
}

fn calculated<R, T: Stored<As: Sum>, P: Path>(calculation: Computed<R, T, P>) -> Setting {
    let (operator, other) = calculation.into_change();
    let place = Fragment::path::<P>();
    let result = |other: Fragment| place.clone().text(&format!(" {operator} ")).then(other);
    match (operator, P::optional_part()) {
        // The server (3.3.5) makes a duration of a missing datetime.
        ('+', _) if T::As::HAS_NO_ZERO && matches!(T::KIND, Kind::Option(_)) => {
            Setting::guarded::<P>("=", Part::of(text::<P>()), result(other))
        }
        // As without an optional part, a missing field counts as zero.
        ('+', Some(part)) => {
            let missing = Fragment::new("IF ").then(place.clone()).text(" = NONE { ").then(other.clone());
            let sum = missing.text(" } ELSE { ").then(result(other.clone())).text(" }");
            let plain = Fragment::new(" += ").then(other);
            Setting::guarded::<P>("=", part, sum).or_plain::<P>(plain)
        }
        ('-', Some(part)) => {
            Setting::guarded::<P>("-=", part, other.clone()).or_plain::<P>(Fragment::new(" -= ").then(other))
        }
        ('+' | '-', None) => Setting::plain::<P>(Fragment::new(format!(" {operator}= ")).then(other)),
        // The server fails to multiply or divide what is missing.
        (_, part) => {
            let present = Fragment::new("IF ").then(place.clone()).text(" > NULL { ").then(result(other));
            let result = present.text(" } ELSE { ").then(place.clone()).text(" }");
            match part {
                Some(part) => Setting::guarded::<P>("=", part, result),
                None => Setting::plain::<P>(Fragment::new(" = ").then(result)),
            }
        }
    }
}

#[diagnostic::do_not_recommend]
impl<R> Assignment<R> for Assign<R> {
    fn assign(self, into: &mut Vec<Setting>) {
        into.push(self.setting);
    }
}

impl<R, T: Stored<As: Sum>, P: Writable + AlwaysPresent + Within<R>> Assignment<R> for Computed<R, T, P> {
    fn assign(self, into: &mut Vec<Setting>) {
        into.push(calculated(self));
    }
}

#[diagnostic::do_not_recommend]
impl<R, T: Assignment<R>> Assignment<R> for Vec<T> {
    fn assign(self, into: &mut Vec<Setting>) {
        for each in self {
            each.assign(into);
        }
    }
}

#[diagnostic::do_not_recommend]
impl<R, T: Assignment<R>, const N: usize> Assignment<R> for [T; N] {
    fn assign(self, into: &mut Vec<Setting>) {
        for each in self {
            each.assign(into);
        }
    }
}

/// Nothing, if there is none.
#[diagnostic::do_not_recommend]
impl<R, T: Assignment<R>> Assignment<R> for Option<T> {
    fn assign(self, into: &mut Vec<Setting>) {
        if let Some(assignment) = self {
            assignment.assign(into);
        }
    }
}

macro_rules! assignments {
    ($([$name:ident $name2:ident $variable:ident $index:tt])+) => {
        #[diagnostic::do_not_recommend]
        impl<R, $($name: Assignment<R>),+> Assignment<R> for ($($name,)+) {
            fn assign(self, into: &mut Vec<Setting>) {
                $(self.$index.assign(into);)+
            }
        }
    };
}

tuples! { assignments }

impl<R> Clone for Assign<R> {
    fn clone(&self) -> Self {
        Self::new(self.setting.clone())
    }
}

/// The SurrealQL, without the values.
impl<R> fmt::Debug for Assign<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assign({})", self.setting.fragment)
    }
}
