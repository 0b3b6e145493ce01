//! CREATE: one new record.

use super::write::{After, Creates, Mutation, NeedsData};
use crate::record::{Ids, IntoId, Record};

/// A record to be created when awaited, giving it back as stored.
///
/// It can be awaited once it has its content: [`content`](Mutation::content).
///
/// # Errors
///
/// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) for an id that is taken;
/// [`NotFound`](crate::ErrorKind::NotFound) if the server gives no record back, because the identity may not create or
/// not read it, unless [`optional`](Mutation::optional);
/// [`is_unique_violation`](crate::Error::is_unique_violation) for a value that a UNIQUE index has already; otherwise
/// what the table's schema refuses.
///
/// # Cancel safety
///
/// See [`CallFuture`](crate::CallFuture). Creating again after a dropped call without an id may make a second record.
///
/// # Examples
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let ada = session.create::<User>().id("ada").content(NewUser { name: "Ada".into() }).await?;
/// match session.create::<User>().id("ada").content(NewUser { name: "Another".into() }).await {
///     Err(error) if error.is_already_exists() => println!("{} is taken", ada.id),
///     other => drop(other?),
/// }
/// # Ok(())
/// # }
/// ```
///
/// Where the server makes no keys of the record's type it needs an [`id`](Mutation::id) as well; see [`Key`](crate::model::Key).
pub type Create<T, D = NeedsData, R = After<T>, S = <T as Record>::Ids> = Mutation<Creates, T, S, D, R>;

impl<T: Record, S: Ids, D, R> Mutation<Creates, T, S, D, R> {
    /// Sets the id, or the key of the id, of the record; otherwise the server makes one, which is text.
    pub fn id(self, id: impl IntoId<T>) -> Mutation<Creates, T, S::Named, D, R> {
        self.with_id(&id.into_id()).becoming()
    }
}
