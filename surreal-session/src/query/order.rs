//! The order in which records come.

use std::fmt;
use std::marker::PhantomData;

use super::statement::Fragment;
use crate::record::{Field, Path, Within, first_field, tuples};

/// By which field of a record of type `R` records are put in order, and in which direction.
///
/// Missing values come before everything else, NONE before NULL: first when ascending, last when descending.
///
/// With an index on the field the server (3.3.5) takes the order of the index. Datetimes within one second come out of order
/// there, `00:00:00.5Z` before `00:00:00Z`; with a limit, the wrong ones of that second may be chosen. Without an index the
/// order is right. Leave the index away, or store times of one precision: whole seconds, or always with a fraction
/// of nine digits that are not all zero. An index on an array has its
/// elements, and gives a record once for each.
#[must_use = "nothing is put in order until a select is given it"]
pub struct Order<R> {
    path: Fragment,
    field: Option<String>,
    collate: bool,
    numeric: bool,
    direction: &'static str,
    record: PhantomData<fn() -> R>,
}

impl<P: Path, T> Field<P, T> {
    /// From the least to the greatest.
    pub fn asc(self) -> Order<P::Root> {
        Order::new::<P>(" ASC")
    }

    /// From the greatest to the least.
    pub fn desc(self) -> Order<P::Root> {
        Order::new::<P>(" DESC")
    }
}

impl<R> Order<R> {
    fn new<P: Path>(direction: &'static str) -> Self {
        let mut path = String::new();
        P::write(&mut path);
        let field = (!P::IS_LINKED).then(|| first_field(&path).to_owned());
        Self { path: Fragment::path::<P>(), field, collate: false, numeric: false, direction, record: PhantomData }
    }

    /// Puts text in the order of a dictionary, where `é` is near `e` and case matters little, instead of that of bytes.
    ///
    /// It affects text only. On other types, ids among them, the server (3.3.5) ignores it.
    pub fn collate(mut self) -> Self {
        self.collate = true;
        self
    }

    /// Puts the numbers in text in their order: `a9` before `a10`.
    ///
    /// It affects text only. On other types, ids among them, the server (3.3.5) ignores it.
    pub fn numeric(mut self) -> Self {
        self.numeric = true;
        self
    }

    fn into_key(self) -> Key {
        let collate = if self.collate { " COLLATE" } else { "" };
        let numeric = if self.numeric { " NUMERIC" } else { "" };
        Key { path: self.path, field: self.field, manner: format!("{collate}{numeric}{}", self.direction) }
    }
}

/// By what records are put in order, and how.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Key {
    pub(super) path: Fragment,
    /// The field of the record in which the path begins, as SurrealQL; `None` for a path into a linked record, which ORDER BY
    /// does not find (server 3.3.5).
    pub(super) field: Option<String>,
    pub(super) manner: String,
}

/// What records of type `R` are put in order by: a field, an [`Order`], or several in a tuple or a `Vec`.
#[diagnostic::on_unimplemented(
    message = "records of type `{R}` cannot be put in order by `{Self}`",
    label = "expected a field, as in `u.name.asc()`",
    note = "several go into a tuple: `(u.age.desc(), u.name.asc())`"
)]
pub trait IntoOrder<R> {
    /// Adds each as it stands after ORDER BY.
    #[doc(hidden)]
    fn order(self, into: &mut Vec<Key>);
}

impl<R> IntoOrder<R> for Order<R> {
    fn order(self, into: &mut Vec<Key>) {
        into.push(self.into_key());
    }
}

impl<R, P: Within<R>, T> IntoOrder<R> for Field<P, T> {
    fn order(self, into: &mut Vec<Key>) {
        into.push(self.asc().into_key());
    }
}

impl<R> IntoOrder<R> for Vec<Order<R>> {
    fn order(self, into: &mut Vec<Key>) {
        into.extend(self.into_iter().map(Order::into_key));
    }
}

macro_rules! order {
    ($([$type:ident $_type:ident $_name:ident $index:tt])+) => {
        impl<R, $($type: IntoOrder<R>),+> IntoOrder<R> for ($($type,)+) {
            fn order(self, into: &mut Vec<Key>) {
                $(self.$index.order(into);)+
            }
        }
    };
}

tuples! { order }

impl<R> Clone for Order<R> {
    fn clone(&self) -> Self {
        Self { path: self.path.clone(), field: self.field.clone(), record: PhantomData, ..*self }
    }
}

impl<R> fmt::Debug for Order<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Key { path, manner, .. } = self.clone().into_key();
        write!(f, "Order({path}{manner})")
    }
}
