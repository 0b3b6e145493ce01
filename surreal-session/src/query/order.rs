//! The order of the records of a select.

use std::fmt;
use std::marker::PhantomData;

use super::statement::Fragment;
use crate::record::{FieldRef, Path, Within, first_field, tuples};

/// An order of records of type `R` by one field, ascending or descending.
///
/// Missing values are the least: first when ascending, last when descending. NONE comes before NULL.
///
/// If the field has an index, the server (3.3.5) uses the order of the index, which differs in two cases. Datetimes within one
/// second are out of order, `00:00:00.5Z` before `00:00:00Z`, and a limit may choose the wrong ones of that second. Use no
/// index for such a field, or store times of one precision: whole seconds, or always a fraction of nine digits that are not
/// all zero. An index on an array has an entry for each element, so that a record is returned once for each.
#[must_use = "an order has no effect until `order_by` returns it"]
pub struct Order<R> {
    path: Fragment,
    field: Option<String>,
    collate: bool,
    numeric: bool,
    direction: &'static str,
    record: PhantomData<fn() -> R>,
}

impl<P: Path, T> FieldRef<P, T> {
    /// Orders by this field, the least value first.
    pub fn asc(self) -> Order<P::Root> {
        Order::new::<P>(ASCENDING)
    }

    /// Orders by this field, the greatest value first.
    pub fn desc(self) -> Order<P::Root> {
        Order::new::<P>(DESCENDING)
    }
}

impl<R> Order<R> {
    fn new<P: Path>(direction: &'static str) -> Self {
        let mut path = String::new();
        P::write(&mut path);
        let field = (!P::IS_LINKED).then(|| first_field(&path).to_owned());
        Self { path: Fragment::path::<P>(), field, collate: false, numeric: false, direction, record: PhantomData }
    }

    /// Orders text as a dictionary does, with `é` near `e` and case of little weight, instead of by bytes.
    ///
    /// Affects only text. For other types, ids included, the server (3.3.5) ignores it.
    pub fn collate(mut self) -> Self {
        self.collate = true;
        self
    }

    /// Orders numbers in text by their value: `a9` before `a10`.
    ///
    /// Affects only text. For other types, ids included, the server (3.3.5) ignores it.
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

/// One key of an ORDER BY clause.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Key {
    pub(super) path: Fragment,
    /// The field of the record in which the path begins, as SurrealQL. `None` for a path into a linked record, which ORDER BY
    /// does not find (server 3.3.5).
    pub(super) field: Option<String>,
    pub(super) manner: String,
}

impl Key {
    /// The order by the id.
    pub(super) fn id() -> Self {
        Self { path: Fragment::new("id"), field: Some("id".to_owned()), manner: ASCENDING.to_owned() }
    }

    /// An order by chance.
    pub(super) fn random() -> Self {
        Self { path: Fragment::new("RAND()"), field: Some("id".to_owned()), manner: String::new() }
    }

    /// Returns true for an order by chance, which no value decides.
    pub(super) fn is_random(&self) -> bool {
        self.manner.is_empty()
    }

    /// The order by a column with this name, which is the path.
    pub(super) fn of_column(&self, name: &str) -> String {
        if self.is_random() { self.path.to_string() } else { format!("{name}{}", self.manner) }
    }

    pub(super) fn is_id(&self) -> bool {
        self.field.as_deref() == Some("id") && self.path.to_string() == "id"
    }

    /// The order in which the server reads records.
    pub(super) fn is_plain_id(&self) -> bool {
        self.is_id() && self.manner == ASCENDING
    }

    pub(super) fn is_descending(&self) -> bool {
        self.manner.ends_with(DESCENDING)
    }

    /// Returns true if the order is not that of the operators `<` and `>`.
    pub(super) fn has_own_comparison(&self) -> bool {
        self.manner != ASCENDING && self.manner != DESCENDING
    }

    /// The opposite order.
    pub(super) fn reversed(&self) -> Self {
        let manner = if self.is_descending() { ASCENDING } else { DESCENDING };
        Self { manner: manner.to_owned(), ..self.clone() }
    }
}

const ASCENDING: &str = " ASC";
const DESCENDING: &str = " DESC";

/// An order of records of type `R`: a field, an [`Order`], or several in a tuple or a `Vec`.
#[diagnostic::on_unimplemented(
    message = "records of type `{R}` cannot be ordered by `{Self}`",
    label = "expected a field, as in `u.name.asc()`",
    note = "put several fields into a tuple: `(u.age.desc(), u.name.asc())`"
)]
pub trait IntoOrder<R> {
    /// Adds the keys of the ORDER BY clause.
    #[doc(hidden)]
    fn order(self, into: &mut Vec<Key>);
}

#[diagnostic::do_not_recommend]
impl<R> IntoOrder<R> for Order<R> {
    fn order(self, into: &mut Vec<Key>) {
        into.push(self.into_key());
    }
}

#[diagnostic::do_not_recommend]
impl<R, P: Within<R>, T> IntoOrder<R> for FieldRef<P, T> {
    fn order(self, into: &mut Vec<Key>) {
        into.push(self.asc().into_key());
    }
}

#[diagnostic::do_not_recommend]
impl<R> IntoOrder<R> for Vec<Order<R>> {
    fn order(self, into: &mut Vec<Key>) {
        into.extend(self.into_iter().map(Order::into_key));
    }
}

macro_rules! order {
    ($([$type:ident $_type:ident $_name:ident $index:tt])+) => {
        #[diagnostic::do_not_recommend]
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
