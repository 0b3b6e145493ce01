//! Iterators that wait for the items of streams.

use std::time::{Duration, Instant};

use futures_util::{Stream, StreamExt};

use super::executor;
use crate::error::{Error, Result};

/// Waits for the items of a stream on the current thread. Every stream of this crate has it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use surreal_session::blocking::*;
///
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # let server = surreal_session_embedded::Embedded::blocking().unwrap();
/// # let db = server.connect().wait()?;
/// # let session = db.new_session().signin(Root::new("root", "root")).use_ns("a").use_db("b").wait()?;
/// # session.execute("DEFINE TABLE user").wait()?;
/// let mut users = session.live::<User>().wait()?;
/// session.create::<User>().content(NewUser { name: "Ada".into() }).wait()?;
/// for event in users.iter() {
///     if let LiveEvent::Change(change) = event? {
///         assert_eq!(change.data.name, "Ada");
///         break;
///     }
/// }
/// assert!(users.iter_within(Duration::from_millis(50)).next().is_none());
/// # Ok::<(), surreal_session::Error>(())
/// ```
pub trait Iterate<T, E>: Stream<Item = Result<T, E>> + Unpin + Sized {
    /// Returns an iterator that waits for each item, until the end of the stream.
    ///
    /// It may be dropped and made again: no item is lost by that. In an async context its only item is the error of
    /// [`Wait::wait`](super::Wait::wait).
    fn iter(&mut self) -> impl Iterator<Item = Result<T, E>>;

    /// Does the same, and ends when no item comes within `limit`.
    fn iter_within(&mut self, limit: Duration) -> impl Iterator<Item = Result<T, E>>;
}

impl<S, T, E> Iterate<T, E> for S
where
    S: Stream<Item = Result<T, E>> + Unpin,
    E: From<Error>,
{
    fn iter(&mut self) -> impl Iterator<Item = Result<T, E>> {
        Iter::new(self, None)
    }

    fn iter_within(&mut self, limit: Duration) -> impl Iterator<Item = Result<T, E>> {
        Iter::new(self, Some(limit))
    }
}

/// An iterator that waits for the items of a stream.
pub(super) struct Iter<S> {
    /// `None` after the last item.
    stream: Option<S>,
    /// The time for each item.
    limit: Option<Duration>,
}

impl<S> Iter<S> {
    pub(super) fn new(stream: S, limit: Option<Duration>) -> Self {
        Self { stream: Some(stream), limit }
    }
}

impl<S, T, E> Iterator for Iter<S>
where
    S: Stream<Item = Result<T, E>> + Unpin,
    E: From<Error>,
{
    type Item = Result<T, E>;

    fn next(&mut self) -> Option<Self::Item> {
        let until = self.limit.and_then(|limit| Instant::now().checked_add(limit));
        let item = match executor::run(self.stream.as_mut()?.next(), until) {
            Ok(Some(Some(item))) => return Some(item),
            Ok(_) => None,
            Err(error) => Some(Err(error.into())),
        };
        self.stream = None;
        item
    }
}
