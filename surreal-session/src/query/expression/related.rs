//! Conditions on other records: edges of a record, and the results of other selects.

use std::fmt;
use std::marker::PhantomData;

use super::{Computed, Term};
use crate::query::condition::{Condition, IntoCondition, Tree};
use crate::query::select::Fields;
use crate::query::statement::Fragment;
use crate::record::{FieldRef, Key, LeadingTo, LinkField, LinkTo, Path, Record, Relation};
use crate::value::{Id, Table};

/// The edges of type `E` of the record that an id leads to, in a condition on records of type `R`.
///
/// Made by [`out`](FieldRef::out) and [`in_`](FieldRef::in_) of an id.
#[must_use = "call `.exists()` or `.count()` to make a condition"]
pub struct Edges<R, E> {
    /// The id and the arrow.
    from: Fragment,
    filter: Vec<Tree>,
    marker: PhantomData<fn() -> (R, E)>,
}

impl<P: Path, T: Record<Key = K>, K: Key> FieldRef<P, Id<T, K>> {
    /// The edges of a relation that begin at the record: `u.id.out::<Wrote>().exists()`.
    pub fn out<E: Relation<In: LinkTo<Id<T, K>>>>(self) -> Edges<P::Root, E> {
        Edges::new::<P>("->")
    }

    /// The edges of a relation that end at the record: `p.id.in_::<Wrote>().count().gt(3)`.
    pub fn in_<E: Relation<Out: LinkTo<Id<T, K>>>>(self) -> Edges<P::Root, E> {
        Edges::new::<P>("<-")
    }
}

/// The link at `P` if it leads to a record of type `T`.
type LinkToOne<P, T> = FieldRef<LeadingTo<P, T>, Option<Id<T, <T as Record>::Key>>>;

impl<P: Path, L> FieldRef<P, L> {
    /// The link if it leads to a record of type `T`, of a field that may lead to records of several tables:
    /// `c.author.to::<User>().name`. Missing for records of other tables.
    ///
    /// It has the fields of the record, and [`fetch`](crate::query::Select::fetch) follows it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Debug, Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String }
    /// # #[derive(Debug, Serialize, Deserialize, Record)]
    /// # struct Bot { id: Id<Bot>, version: u32 }
    /// #[derive(Debug, Clone, PartialEq, LinkTo)]
    /// enum Author {
    ///     User(Id<User>),
    ///     Bot(Id<Bot>),
    /// }
    ///
    /// #[derive(Debug, Serialize, Deserialize, Record)]
    /// struct Comment {
    ///     id: Id<Comment>,
    ///     author: Author,
    /// }
    ///
    /// # surreal_session_embedded::example(async |session| {
    /// # session.execute("CREATE user:ada SET name = 'Ada'; CREATE bot:b SET version = 7").await?;
    /// # session.execute("CREATE comment:a SET author = user:ada; CREATE comment:b SET author = bot:b").await?;
    /// let by_ada = session.select::<Comment>().filter(|c| c.author.to::<User>().name.eq("Ada")).await?;
    /// assert_eq!(by_ada.len(), 1);
    /// let bots = session.select::<Comment>().fetch(|c| c.author.to::<Bot>()).await?;
    /// let versions: Vec<_> = bots.iter().map(|(_, bot)| Some(bot.as_ref()?.record()?.version)).collect();
    /// assert_eq!(versions, [None, Some(7)]);
    /// # Ok(()) });
    /// ```
    pub fn to<T: Record>(self) -> LinkToOne<P, T>
    where
        L: LinkField<Id<T, T::Key>>,
    {
        FieldRef::new()
    }
}

impl<R, E: Relation> Edges<R, E> {
    fn new<P: Path>(arrow: &str) -> Self {
        Self { from: Fragment::path::<P>().text(arrow), filter: Vec::new(), marker: PhantomData }
    }

    /// Takes only edges for which this is true. Several filters must all be true.
    pub fn filter<C: IntoCondition<E>>(mut self, condition: impl FnOnce(Fields<E>) -> C) -> Self {
        self.filter.push(condition(*E::fields()).into_condition().into_tree());
        self
    }

    /// True if there is such an edge.
    pub fn exists(self) -> Condition<R> {
        Condition::new(Tree::Leaf(self.number().text(" > 0")))
    }

    /// The number of such edges; 0 if there is no record.
    pub fn count(self) -> Computed<R, u64> {
        Computed::new(Term::computed(self.number(), Vec::new()))
    }

    fn number(self) -> Fragment {
        let table = Table::new(E::TABLE).to_string();
        let edges = match self.filter.is_empty() {
            true => self.from.text(&table),
            false => {
                let condition = Tree::all(self.filter).into_fragment();
                self.from.text(&format!("({table} WHERE ")).then(condition).text(")")
            }
        };
        Fragment::new("array::len(").then(edges).text(" ?? [])").following_links(true)
    }
}

impl<R, E> Clone for Edges<R, E> {
    fn clone(&self) -> Self {
        Self { from: self.from.clone(), filter: self.filter.clone(), marker: PhantomData }
    }
}

/// The SurrealQL of the id, without the values.
impl<R, E> fmt::Debug for Edges<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Edges({})", self.from)
    }
}
