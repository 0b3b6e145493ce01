//! DELETE: records that are to be no more.

use super::write::{Before, Deletes, HasData, Mutation, NeedsTarget};

/// Records to be deleted when awaited, giving them back as they were.
///
/// It can be awaited once it says which records it is about, with [`id`](Mutation::id), [`filter`](Mutation::filter) or
/// [`all`](Mutation::all). [`return_none`](Mutation::return_none) spares the way back. Edges from and to a record that is
/// deleted are deleted with it.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if it is about one record and none came back, because it does not exist,
/// does not pass the filter, or the identity may not delete or not read it, unless [`optional`](Mutation::optional); and if
/// the table does not exist (server 3.3.5). Otherwise what the schema refuses, such as a record that is referenced.
///
/// # Cancel safety
///
/// See [`CallFuture`](crate::CallFuture). Repeating a dropped delete deletes nothing else; of one record it may find
/// that it is gone.
///
/// # Examples
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String, age: u8 }
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let ada: User = session.delete::<User>().id("ada").await?;
/// let minors: Vec<User> = session.delete::<User>().filter(|u| u.age.lt(18)).await?;
/// session.delete::<User>().all().return_none().await?;
/// # Ok(())
/// # }
/// ```
pub type Delete<T, S = NeedsTarget, R = Before<T>> = Mutation<Deletes, T, S, HasData, R>;
