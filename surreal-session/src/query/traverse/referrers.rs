//! Steps back along references.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::Traverse;
use super::walk::Walk;
use crate::query::condition::default_condition;
use crate::query::select::Fields;
use crate::query::statement::Fragment;
use crate::record::{Dot, FieldRef, Key, Object, Of, ReadOnly, Record};
use crate::value::{Id, RecordId, Set};

/// A step to records of type `R` that link to records of type `T`. [`via`](Self::via) names the field with the links.
#[must_use = "call `.via(|r| ..)` to name the field with the links"]
pub struct ReferrersWithoutField<R, T> {
    walk: Walk,
    marker: PhantomData<fn() -> (R, T)>,
}

impl<R: Record, T: Record> ReferrersWithoutField<R, T> {
    pub(super) fn new(walk: Walk) -> Self {
        Self { walk, marker: PhantomData }
    }

    /// Goes to the records with the link in this field, which is a field of the record itself and not of an object in it.
    ///
    /// The server tracks links in fields that are defined with REFERENCE. Through any other field it finds nothing, and that
    /// is not an error. For such a field use a select: `session.select::<Post>().filter(|p| p.author.eq(&ada.id))`.
    ///
    /// # Examples
    ///
    /// ```
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
    /// # surreal_session_embedded::example(async |session| {
    /// # let ada = session.create::<User>().content(NewUser { name: "Ada".into() }).await?;
    /// session.execute("DEFINE FIELD author ON post TYPE record<user> REFERENCE").await?;
    /// session.create::<Post>().content(NewPost { author: ada.id.clone() }).await?;
    /// let posts: Vec<Post> = session.traverse(&ada.id).referenced_by::<Post>().via(|p| p.author).await?;
    /// assert_eq!(posts.len(), 1);
    /// # Ok(()) });
    /// ```
    pub fn via<F: Reference<R, T>>(mut self, field: impl FnOnce(Fields<R>) -> F) -> Traverse<R, T> {
        self.walk.go_back(R::TABLE, field(*R::fields()).path());
        if let Some(scope) = default_condition::<R>() {
            self.walk.filter_end(scope);
        }
        Traverse::at(self.walk)
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.walk.call.deadline.end_after(deadline);
        self
    }

    /// Fails at once if there is no socket, instead of waiting for one until the deadline; see
    /// [`Connect::fail_fast`](crate::Connect::fail_fast).
    pub fn fail_fast(mut self) -> Self {
        self.walk.call.deadline.fail_fast();
        self
    }

    /// Returns the steps before this one and the names bound to them, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.walk.clone().into_fragment().to_surql()
    }
}

/// A field of a record of type `R` that may link to records of type `T`.
///
/// It holds an [`Id`] or a [`RecordId`], an `Option` of one, or an array or a set of them.
#[diagnostic::on_unimplemented(
    message = "this field of `{R}` is not a link to `{T}`",
    label = "not a reference to the records of the traversal",
    note = "it must hold an `Id<{T}>` and be a field of `{R}` itself, not of an object or of another record in it"
)]
pub trait Reference<R, T> {
    #[doc(hidden)]
    fn path(self) -> Fragment;
}

macro_rules! references {
    ($($link:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl<R: Object, T: Record<Key = K>, K: Key, const INDEX: usize> Reference<R, T> for FieldRef<Dot<Of<R>, R, INDEX>, $link> {
            fn path(self) -> Fragment {
                Fragment::path::<Dot<Of<R>, R, INDEX>>()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<R: Object, T: Record<Key = K>, K: Key, const INDEX: usize> Reference<R, T> for FieldRef<ReadOnly<Dot<Of<R>, R, INDEX>>, $link> {
            fn path(self) -> Fragment {
                Fragment::path::<ReadOnly<Dot<Of<R>, R, INDEX>>>()
            }
        }
    )+};
}

references! { Id<T, K>, Option<Id<T, K>>, Vec<Id<T, K>>, Option<Vec<Id<T, K>>>, Set<Id<T, K>>, Option<Set<Id<T, K>>> }
references! { RecordId, Option<RecordId>, Vec<RecordId>, Option<Vec<RecordId>> }

impl<R, T> fmt::Debug for ReferrersWithoutField<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReferrersWithoutField({})", self.walk.clone().into_fragment())
    }
}
