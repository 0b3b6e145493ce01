//! Choosing the namespace and the database of a session.

use bytes::Bytes;
use serde::{Serialize, Serializer};
use tracing::debug;

use super::change::{Alter, Change};
use super::state::Shared;
use super::{CallFuture, Scope, Session};
use crate::codec;
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::Request;
use crate::value::Null;

/// A change of a session's namespace, database or both, carried out when awaited; see [`Session::use_ns`].
#[derive(Debug, Clone)]
#[must_use = "nothing is selected until this is awaited"]
pub struct Use {
    session: Session,
    place: Place,
}

/// What a change makes of a session's namespace and database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) namespace: Part,
    pub(super) database: Part,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Part {
    #[default]
    Keep,
    Unset,
    Select(String),
}

impl Session {
    /// Selects a namespace, and with [`Use::use_db`] a database in it.
    ///
    /// Without one the server (3.3.5) keeps the database that was selected before, under its old name in the new
    /// namespace; [`Use::unset_db`] leaves it. Namespace and database are created if the identity may do so; otherwise
    /// statements fail later.
    ///
    /// # Errors
    ///
    /// [`Auth`](crate::ErrorKind::Auth) for a namespace or database that the identity may not enter, or is bound to and
    /// may not leave: the session then stays as it was. [`Conflict`](crate::ErrorKind::Conflict) if another connection
    /// creates them at the same time: trying again is safe. If the server fails halfway,
    /// [`namespace`](Self::namespace) and [`database`](Self::database) say what has been selected.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use surreal_session::prelude::*;
    /// # async fn example(session: Session) -> surreal_session::Result<()> {
    /// session.use_ns("shop").use_db("inventory").await?;
    /// session.use_db("orders").await?;
    /// session.use_ns("archive").unset_db().await?;
    /// assert_eq!((session.namespace().as_deref(), session.database()), (Some("archive"), None));
    /// # Ok(())
    /// # }
    /// ```
    pub fn use_ns(&self, namespace: impl Into<String>) -> Use {
        Use::of(self, Place { namespace: Part::Select(namespace.into()), database: Part::Keep })
    }

    /// Selects a database in the session's namespace.
    ///
    /// # Errors
    ///
    /// Like [`use_ns`](Self::use_ns); also fails if the session has no namespace.
    pub fn use_db(&self, database: impl Into<String>) -> Use {
        Use::of(self, Place { namespace: Part::Keep, database: Part::Select(database.into()) })
    }

    /// Leaves the namespace, and the database with it.
    ///
    /// # Errors
    ///
    /// Fails only if the session is closed, or the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    pub async fn unset_ns(&self) -> Result<()> {
        Use::of(self, Place { namespace: Part::Unset, database: Part::Unset }).await
    }

    /// Leaves the database and stays in the namespace.
    ///
    /// # Errors
    ///
    /// [`Auth`](crate::ErrorKind::Auth) for an identity that is bound to its database: a user of it, or a record user.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    pub async fn unset_db(&self) -> Result<()> {
        Use::of(self, Place { namespace: Part::Keep, database: Part::Unset }).await
    }

    /// The namespace in which the session's requests run, as the server last confirmed it.
    ///
    /// `None` if there is none, and also while it is not known: a change that may select another one (`use_ns`, `use_db`,
    /// `unset_ns`, `unset_db`, a sign-in, `reset`) was sent and has no reply at its deadline. Queries then run where the
    /// server has the session, before or after that change. The handle knows the place again when the late reply comes.
    /// Any later change waits for that reply, so its success means that the place is known.
    pub fn namespace(&self) -> Option<String> {
        self.shared.state().selected.namespace.clone()
    }

    /// The database in which the session's requests run, as the server last confirmed it.
    ///
    /// `None` if there is none, and also while it is not known; see [`namespace`](Self::namespace).
    pub fn database(&self) -> Option<String> {
        self.shared.state().selected.database.clone()
    }
}

impl Use {
    fn of(session: &Session, place: Place) -> Self {
        Self { session: session.clone(), place }
    }

    /// Selects this namespace instead.
    pub fn use_ns(mut self, namespace: impl Into<String>) -> Self {
        self.place.namespace = Part::Select(namespace.into());
        self
    }

    /// Selects this database too.
    pub fn use_db(mut self, database: impl Into<String>) -> Self {
        self.place.database = Part::Select(database.into());
        self
    }

    /// Leaves the database that was selected before.
    pub fn unset_db(mut self) -> Self {
        self.place.database = Part::Unset;
        self
    }
}

impl IntoFuture for Use {
    type Output = Result<()>;
    type IntoFuture = CallFuture<()>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { session, place } = self;
            session.change(place).await
        })
    }
}

/// As `use` has it: NONE leaves a part unchanged, NULL unsets it.
impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep => serializer.serialize_none(),
            Self::Unset => Null.serialize(serializer),
            Self::Select(name) => serializer.serialize_str(name),
        }
    }
}

impl Alter for Place {
    type Output = ();

    fn request(&self, scope: &Scope) -> Result<Request> {
        Ok(scope.request("use").value(&self.namespace)?.value(&self.database)?.finish())
    }

    fn doubt(&self, shared: &Shared) {
        shared.state().forget_selected();
    }

    async fn conclude(&self, change: &Change, reply: Result<Bytes>) -> Result<()> {
        let Err(error) = reply.and_then(|reply| confirm(&change.shared, &reply)) else { return Ok(()) };
        // The server (3.3.5) selects the namespace first: when the database fails, the session may have moved already.
        if error.delivery() != Delivery::NotSent && !error.is_auth() {
            change.shared.state().forget_selected();
        }
        if error.delivery() == Delivery::Answered || error.kind() == ErrorKind::Protocol {
            settle(change).await;
        }
        if error.server().is_some_and(|server| server.message() == NO_DATABASE) {
            return Err(error.in_context("the identity is bound to its database and cannot leave it"));
        }
        Err(error)
    }
}

/// Asks the server what is selected, where the handle does not know.
///
/// A failure is no failure of the change: the next one asks again.
pub(super) async fn settle(change: &Change) {
    if !change.shared.state().is_moved {
        return;
    }
    if let Err(error) = refresh(change).await {
        debug!(%error, session = %change.shared.id, "the namespace and database of the session are not known");
    }
}

/// Asks the server what is selected.
pub(super) async fn refresh(change: &Change) -> Result<()> {
    let reply = change.call(change.scope.request("query").text(SELECTED).finish()).await?;
    match crate::protocol::read_statements(&reply)?.into_iter().next().map(|statement| statement.outcome) {
        Some(crate::protocol::Outcome::Ok(selected)) => confirm(&change.shared, &selected),
        Some(crate::protocol::Outcome::Failed(error)) => Err(Error::from_server("query", error)),
        None => Err(Error::protocol("the reply to `query` has no statement")),
    }
}

fn confirm(shared: &Shared, reply: &[u8]) -> Result<()> {
    let selected = codec::decode(reply)
        .map_err(|error| Error::protocol("the reply to `use` names no namespace and database").with_source(error))?;
    let mut state = shared.state();
    (state.selected, state.is_moved) = (selected, false);
    Ok(())
}

/// What the server says to an identity that may be in no other database, about having none.
const NO_DATABASE: &str = "You don't have permission to change to the  database";

const SELECTED: &str = "RETURN { namespace: session::ns(), database: session::db() }";
