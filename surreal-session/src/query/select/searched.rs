//! The words of a full-text search, the fields in which they are looked for, and the records that it finds.

use std::fmt;

use crate::query::condition::Tree;
use crate::query::order::Key;
use crate::query::statement::Fragment;
use crate::record::{FieldRef, Path, Stored, Text, Within, tuples};

/// A record that a search has found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Scored<V> {
    /// The record, or the view of it.
    pub record: V,
    /// The relevance: a BM25 score, with several fields the weighted sum of theirs. Words that most records contain score 0.
    pub score: f64,
    /// The text of each searched field, in their order, with the marks of [`highlight`](super::Search::highlight). `None` for a
    /// field that is missing; empty without marks.
    pub highlights: Vec<Option<String>>,
}

impl<V> Scored<V> {
    /// The text of the first searched field with its marks, if there are any.
    pub fn highlighted(&self) -> Option<&str> {
        self.highlights.first()?.as_deref()
    }
}

/// The parts of a search.
#[derive(Debug, Clone)]
pub(super) struct Searched {
    pub(super) fields: Vec<SearchField>,
    pub(super) words: String,
    pub(super) operator: &'static str,
    pub(super) marks: Option<[String; 2]>,
}

/// A field that is searched.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct SearchField {
    path: Fragment,
    weight: Option<f64>,
}

/// The fields of records of type `R` in which a search looks: one of text, or several in a tuple, each with a
/// [`weight`](FieldRef::weight) if they are not equal.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be searched in records of type `{R}`",
    label = "expected a field of text, or a tuple of them"
)]
pub trait SearchFields<R> {
    /// Adds the fields.
    #[doc(hidden)]
    fn fields(self, into: &mut Vec<SearchField>);
}

/// A field with its weight in a search.
#[must_use = "nothing is searched until `search` is given it"]
pub struct Weighted<P, T> {
    field: FieldRef<P, T>,
    weight: f64,
}

impl<P: Path, T: Stored<As: Text>> FieldRef<P, T> {
    /// Multiplies the score of this field in a [search](super::Select::search) of several fields; 1 unless set.
    pub fn weight(self, weight: f64) -> Weighted<P, T> {
        Weighted { field: self, weight }
    }
}

#[diagnostic::do_not_recommend]
impl<R, P: Within<R>, T: Stored<As: Text>> SearchFields<R> for FieldRef<P, T> {
    fn fields(self, into: &mut Vec<SearchField>) {
        into.push(SearchField { path: Fragment::path::<P>(), weight: None });
    }
}

#[diagnostic::do_not_recommend]
impl<R, P: Within<R>, T: Stored<As: Text>> SearchFields<R> for Weighted<P, T> {
    fn fields(self, into: &mut Vec<SearchField>) {
        let Self { field: _, weight } = self;
        into.push(SearchField { path: Fragment::path::<P>(), weight: Some(weight) });
    }
}

macro_rules! several {
    ($([$name:ident $_name:ident $variable:ident $index:tt])+) => {
        #[diagnostic::do_not_recommend]
        impl<R, $($name: SearchFields<R>),+> SearchFields<R> for ($($name,)+) {
            fn fields(self, into: &mut Vec<SearchField>) {
                $(self.$index.fields(into);)+
            }
        }
    };
}

tuples! { several }

impl Searched {
    /// The condition that a record matches.
    pub(super) fn condition(&self) -> Tree {
        Tree::any(self.fields.iter().enumerate().map(|(index, field)| {
            let operator = format!(" @{index},{}@ ", self.operator);
            Tree::Leaf(field.path.clone().text(&operator).value(&self.words))
        }))
    }

    pub(super) fn score(&self) -> Fragment {
        let scores = self.fields.iter().enumerate().map(|(index, field)| {
            let score = Fragment::new(format!("search::score({index})"));
            match field.weight {
                Some(weight) => score.text(" * ").value(&weight),
                None => score,
            }
        });
        Fragment::new("(").joined(scores, " + ").text(")")
    }

    pub(super) fn highlights(&self) -> Fragment {
        let Some([before, after]) = &self.marks else { return Fragment::new("[]") };
        let marked = (0..self.fields.len()).map(|index| {
            let call = Fragment::new("search::highlight(").value(before).text(", ").value(after);
            call.text(&format!(", {index})"))
        });
        Fragment::new("[").joined(marked, ", ").text("]")
    }

    /// The best first, and those that are equally good by their ids.
    pub(super) fn order(&self) -> Vec<Key> {
        let score = Key { path: self.score(), field: None, manner: " DESC".to_owned() };
        let id = Key { path: Fragment::new("id"), field: None, manner: " ASC".to_owned() };
        vec![score, id]
    }
}

impl<P, T> Clone for Weighted<P, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, T> Copy for Weighted<P, T> {}

impl<P: Path, T> fmt::Debug for Weighted<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Weighted({:?} * {})", self.field, self.weight)
    }
}
