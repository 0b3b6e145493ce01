//! Steps back along references.

use std::fmt;
use std::marker::PhantomData;

use super::walk::Walk;
use super::{Filters, Traverse};
use crate::query::fragment::Fragment;
use crate::query::lacking::lacking;
use crate::query::select::Fields;
use crate::record::{Dot, Field, Key, Object, Of, Path, ReadOnly, Record};
use crate::value::{Id, RecordId, Set};

/// The records of type `R` that have a link to the records of type `T` that a walk has come to.
#[must_use = "say with `.via(|r| ..)` in which field the links are"]
pub struct Referrers<R, T> {
    walk: Walk,
    marker: PhantomData<fn() -> (R, T)>,
}

/// Stands for a last step that went back along references.
#[derive(Debug)]
#[non_exhaustive]
pub struct Referred;

impl Filters for Referred {}

impl<R: Record, T: Record> Referrers<R, T> {
    pub(super) fn new(walk: Walk) -> Self {
        Self { walk, marker: PhantomData }
    }

    /// Goes to those that have the link in this field, of their own and not of an object in them.
    ///
    /// The server keeps track of links in fields that are defined with REFERENCE. Through any other field it finds
    /// nothing, and that is not an error: `session.select::<Post>().filter(|p| p.author.eq(&ada.id))` does without.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String }
    /// #[derive(Serialize, Deserialize, Record)]
    /// struct Post {
    ///     id: Id<Post>,
    ///     author: Id<User>,
    /// }
    ///
    /// # async fn example(session: Session, ada: User) -> surreal_session::Result<()> {
    /// session.query("DEFINE FIELD author ON post TYPE record<user> REFERENCE").await?.check()?;
    /// let posts: Vec<Post> = session.traverse(&ada.id).referenced_by::<Post>().via(|p| p.author).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn via<P: Own<R>, L: Refers<Id<T, T::Key>>>(
        mut self,
        field: impl FnOnce(Fields<R>) -> Field<P, L>,
    ) -> Traverse<R, Referred> {
        let _ = field(*R::fields());
        self.walk.go_back(R::TABLE, Fragment::path::<P>());
        Traverse::at(self.walk)
    }
}

/// Never implemented: what is said of it is what is said where [`Referrers::via`] was forgotten.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this step does not say in which field of `{Self}` the links are",
    label = "say it before `.await`: `.via(|r| ..)`"
)]
pub trait Via<T> {}

lacking! { [R, T] Referrers<R, T>: R, Via<T> => Vec<R> }

/// A place right in a record of type `R`.
#[diagnostic::on_unimplemented(
    message = "only a field of `{R}` itself can be a reference",
    label = "this field is in an object, in an array, or in another record"
)]
pub trait Own<R>: Path {}

impl<R: Object, const INDEX: usize> Own<R> for Dot<Of<R>, R, INDEX> {}
impl<R: Object, const INDEX: usize> Own<R> for ReadOnly<Dot<Of<R>, R, INDEX>> {}

/// A type of field that may hold the id `I`: as it is, as an `Option`, or in an array or a set.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` never holds `{I}`",
    label = "holds no link to the records that the walk has come to"
)]
pub trait Refers<I> {}

macro_rules! refers {
    ($($ty:ty),+) => {$(
        impl<T: Record<Key = K>, K: Key> Refers<Id<T, K>> for $ty {}
    )+};
}

refers! { Id<T, K>, Option<Id<T, K>>, Vec<Id<T, K>>, Option<Vec<Id<T, K>>>, Set<Id<T, K>>, Option<Set<Id<T, K>>> }
refers! { RecordId, Option<RecordId>, Vec<RecordId>, Option<Vec<RecordId>> }

impl<R, T> fmt::Debug for Referrers<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Referrers({})", self.walk.clone().into_fragment())
    }
}
