//! The same interface for programs without `async`: [`wait`](Wait::wait) in place of `.await`.
//!
//! There is no second set of types. Every builder and future of this crate has [`Wait::wait`], so that each method of
//! [`Surreal`], [`Session`] and [`Transaction`] works in both forms:
//!
//! | Async | Blocking |
//! |---|---|
//! | `session.select::<User>().await?` | `session.select::<User>().wait()?` |
//! | `session.transaction().run(async \|tx\| ..).await?` | [`session.transaction().run_blocking(\|tx\| ..)?`](TransactionBuilder::run_blocking) |
//! | `while let Some(event) = stream.next().await` | [`for event in stream.iter()`](Iterate::iter) |
//! | `timeout(limit, stream.next()).await` | [`for event in stream.iter_within(limit)`](Iterate::iter_within) |
//! | `while let Some(event) = db.events().next().await` | [`for event in db.events().iter()`](ConnectionEvents::iter) |
//! | `db.closed().await` | [`db.wait_closed()?`](Surreal::wait_closed) |
//!
//! `use surreal_session::blocking::*;` imports this module and the [prelude](crate::prelude).
//!
//! # Threads
//!
//! The connections run on one thread of the process, which the first `wait` starts. It ends with the process; connections end
//! when their handles are dropped, as in an async program. Calls wait on the threads that made them: any number of threads may
//! share a session. A program needs no dependency on tokio.
//!
//! # In async programs
//!
//! `wait` would keep a worker of the program's runtime from its other tasks, and could wait for itself. So in a runtime it
//! fails with [`InvalidArgument`](crate::ErrorKind::InvalidArgument), also in `spawn_blocking` and `block_in_place`, which
//! look the same: use [`wait_on`](Wait::wait_on) there.
//!
//! # Examples
//!
//! A program in both forms.
//!
//! ```
//! use surreal_session::blocking::*;
//!
//! # use serde::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize, Record)]
//! struct User { id: Id<User>, name: String, age: u8 }
//!
//! # let server = surreal_session_embedded::Embedded::blocking().unwrap();
//! # let url = server.url();
//! fn birthdays(url: &str) -> surreal_session::Result<u8> {
//!     let db = Surreal::connect(url).wait()?;
//!     let session = db.new_session().signin(Root::new("root", "root")).use_ns("shop").use_db("inventory").wait()?;
//!     let ada = session.create::<User>().content(NewUser { name: "Ada".into(), age: 36 }).wait()?;
//!     session.transaction().run_blocking(|tx| {
//!         let user = tx.select::<User>().id(&ada.id).one().wait()?;
//!         tx.update::<User>().id(&ada.id).merge(UserPatch { age: set(user.age + 1), ..keep() }).wait()
//!     })?;
//!     Ok(session.select::<User>().id(&ada.id).one().wait()?.age)
//! }
//! assert_eq!(birthdays(url).unwrap(), 37);
//!
//! async fn birthdays_async(url: &str) -> surreal_session::Result<u8> {
//!     let db = Surreal::connect(url).await?;
//!     let session = db.new_session().signin(Root::new("root", "root")).use_ns("shop").use_db("inventory").await?;
//!     let ada = session.create::<User>().content(NewUser { name: "Ada".into(), age: 36 }).await?;
//!     session
//!         .transaction()
//!         .run(async |tx| {
//!             let user = tx.select::<User>().id(&ada.id).one().await?;
//!             tx.update::<User>().id(&ada.id).merge(UserPatch { age: set(user.age + 1), ..keep() }).await
//!         })
//!         .await?;
//!     Ok(session.select::<User>().id(&ada.id).one().await?.age)
//! }
//! assert_eq!(birthdays_async(url).wait().unwrap(), 37);
//! ```

mod executor;
mod iterate;

use std::future::ready;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::runtime::Handle;

use crate::connection::ConnectionEvents;
use crate::error::Result;
use crate::transaction::TransactionBuilder;

#[doc(no_inline)]
pub use crate::prelude::*;
use iterate::Iter;
pub use iterate::Iterate;

/// Waits for the outcome of a call on the current thread.
///
/// Every builder and future of this crate has it, and every other future of a `Result` whose error can be made from
/// [`Error`].
pub trait Wait {
    /// A `Result`.
    type Output;

    /// Carries out the call and waits for its outcome, in place of `.await`.
    ///
    /// The deadline of the call bounds the time. Where the documentation of a method speaks of its future being dropped,
    /// nothing corresponds to it here.
    ///
    /// # Errors
    ///
    /// Those of the call. [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if this thread belongs to a tokio runtime,
    /// as in an `async` function: nothing was sent then. [`Connect`](crate::ErrorKind::Connect) if the thread for
    /// connections cannot be started.
    fn wait(self) -> Self::Output;

    /// Does the same with the runtime of an async program, for its blocking sections: `spawn_blocking`, `block_in_place`,
    /// and threads of its own.
    ///
    /// # Panics
    ///
    /// In an `async` context, like [`Handle::block_on`].
    fn wait_on(self, runtime: &Handle) -> Self::Output;
}

impl<F, T, E> Wait for F
where
    F: IntoFuture<Output = Result<T, E>>,
    E: From<Error>,
{
    type Output = Result<T, E>;

    fn wait(self) -> Result<T, E> {
        // Without a limit there is an outcome.
        executor::run(self, None)?.unwrap_or_else(|| Err(Error::protocol("a call has no outcome").into()))
    }

    fn wait_on(self, runtime: &Handle) -> Result<T, E> {
        runtime.block_on(async move { self.await })
    }
}

impl TransactionBuilder {
    /// Runs an ordinary closure in a transaction, like [`run`](Self::run).
    ///
    /// The closure waits for each of its calls. It runs on this thread, and again from the start after a conflict.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run) and of [`Wait::wait`].
    ///
    /// # Examples
    ///
    /// ```
    /// use surreal_session::blocking::*;
    ///
    /// # let server = surreal_session_embedded::Embedded::blocking().unwrap();
    /// # let db = server.connect().wait().unwrap();
    /// # let session = db.new_session().signin(Root::new("root", "root")).use_ns("a").use_db("b").wait().unwrap();
    /// # session.execute("DEFINE TABLE account; CREATE account:ada, account:bob SET balance = 100").wait().unwrap();
    /// session.transaction().run_blocking(|tx| {
    ///     tx.execute("UPDATE account:ada SET balance -= 10").wait()?;
    ///     tx.execute("UPDATE account:bob SET balance += 10").wait()
    /// })?;
    /// # Ok::<(), surreal_session::Error>(())
    /// ```
    pub fn run_blocking<T>(self, body: impl FnMut(Transaction) -> Result<T>) -> Result<T> {
        self.try_run_blocking(body)
    }

    /// Does the same with an error type of the program, like [`try_run`](Self::try_run).
    ///
    /// # Errors
    ///
    /// The closure's own error; or an error of [`run_blocking`](Self::run_blocking), converted to that type.
    pub fn try_run_blocking<T, E: From<Error>>(
        self,
        mut body: impl FnMut(Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        self.try_run(|tx| ready(executor::in_closure(|| body(tx)))).wait()
    }
}

impl ConnectionEvents {
    /// Returns an iterator that waits for each event, until the end of the connection.
    ///
    /// An item is an error only in an async context, and is the last one then; see [`Wait::wait`].
    pub fn iter(&mut self) -> impl Iterator<Item = Result<ConnectionEvent>> {
        Iter::new(self.map(Ok), None)
    }

    /// Does the same, and ends when no event comes within `limit`.
    pub fn iter_within(&mut self, limit: Duration) -> impl Iterator<Item = Result<ConnectionEvent>> {
        Iter::new(self.map(Ok), Some(limit))
    }
}

impl Surreal {
    /// Waits until the connection is over for good, like [`closed`](Self::closed).
    ///
    /// # Errors
    ///
    /// Those of [`Wait::wait`] in an async context.
    pub fn wait_closed(&self) -> Result<()> {
        let closed = self.closed();
        executor::run(closed, None).map(drop)
    }
}
