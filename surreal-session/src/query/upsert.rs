//! UPSERT: changes of records, which are made if they are not there.

use super::write::{After, Makes, Mutation, NeedsData, NeedsTarget, Single, Upserts};
use crate::record::Record;

/// Records to be changed when awaited, or made if they are not there, giving them back as they are then.
///
/// It is told the same as an [`Update`](crate::query::Update). What is made where there was nothing:
///
/// | About | Makes |
/// |---|---|
/// | [`id`](Mutation::id) | the record with that id |
/// | [`by_unique_index`](Mutation::by_unique_index) | a record, if no other has the same value in a UNIQUE index |
/// | [`filter`](Mutation::filter), [`all`](Mutation::all) | one record, if none passes the filter or none is there at all |
///
/// Except by id, a record that is made gets its key from the server: that compiles only if the server makes keys of its
/// type; see [`Key`](crate::model::Key).
///
/// A record that is made has what is written and nothing else, and does not have to pass the filter. Where it would
/// have the same value in a UNIQUE index as another record, nothing is written; with an id, that is an error (server
/// 3.3.5).
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if it is about one record and none came back, because the record is there
/// and does not pass the filter, or the identity may not write or not read it, unless [`optional`](Mutation::optional);
/// [`is_unique_violation`](crate::Error::is_unique_violation) for a value that a UNIQUE index has already. Otherwise
/// what the table's schema refuses.
///
/// # Cancel safety
///
/// See [`CallFuture`](crate::CallFuture). Repeating a dropped upsert is as safe as doing it twice.
///
/// # Examples
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct Visits { id: Id<Visits>, count: u64 }
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let visits = session.upsert::<Visits>().id("home").set(|v| v.count.add(1)).await?;
/// println!("{} so far", visits.count);
/// # Ok(())
/// # }
/// ```
pub type Upsert<T, S = NeedsTarget, D = NeedsData, R = After<T>> = Mutation<Upserts, T, S, D, R>;

impl<T: Record, D, R> Upsert<T, NeedsTarget, D, R> {
    /// Writes the record that has the same value in a UNIQUE index as what is written, or makes a record.
    ///
    /// Needs such an index: without one it always makes a record.
    pub fn by_unique_index(self) -> Upsert<T, Single, D, R>
    where
        NeedsTarget: Makes<Upserts, T>,
    {
        self.becoming()
    }
}
