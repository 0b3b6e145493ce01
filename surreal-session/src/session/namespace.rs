//! Choosing the namespace and the database of a session.

use std::sync::Arc;

use super::state::{Selected, Shared};
use super::{CallFuture, Session};
use crate::codec;
use crate::error::{Error, Result};

/// A change of a session's namespace, database or both, carried out when awaited; see [`Session::use_ns`].
#[derive(Debug, Clone)]
#[must_use = "nothing is selected until this is awaited"]
pub struct Use {
    session: Session,
    target: Selected,
}

impl Session {
    /// Selects a namespace, and with [`Use::use_db`] a database in it.
    ///
    /// Without one the server (3.3.5) keeps the database that was selected before, under its old name in the new
    /// namespace. Namespace and database are created if the identity may do so; otherwise statements fail later.
    ///
    /// # Errors
    ///
    /// [`Auth`](crate::ErrorKind::Auth) for a namespace or database that the identity may not enter. The
    /// session stays as it was.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    pub fn use_ns(&self, namespace: impl Into<String>) -> Use {
        Use::of(self, Selected { namespace: Some(namespace.into()), database: None })
    }

    /// Selects a database in the session's namespace.
    ///
    /// # Errors
    ///
    /// Like [`use_ns`](Self::use_ns); also fails if the session has no namespace.
    pub fn use_db(&self, database: impl Into<String>) -> Use {
        Use::of(self, Selected { namespace: None, database: Some(database.into()) })
    }

    /// The namespace that the server last confirmed.
    pub fn namespace(&self) -> Option<String> {
        self.shared.state().selected.namespace.clone()
    }

    /// The database that the server last confirmed.
    pub fn database(&self) -> Option<String> {
        self.shared.state().selected.database.clone()
    }
}

impl Use {
    pub(super) fn of(session: &Session, target: Selected) -> Self {
        Self { session: session.clone(), target }
    }

    /// Selects this namespace instead.
    pub fn use_ns(mut self, namespace: impl Into<String>) -> Self {
        self.target.namespace = Some(namespace.into());
        self
    }

    /// Selects this database too.
    pub fn use_db(mut self, database: impl Into<String>) -> Self {
        self.target.database = Some(database.into());
        self
    }
}

impl IntoFuture for Use {
    type Output = Result<()>;
    type IntoFuture = CallFuture<()>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { session, target } = self;
            let shared = Arc::clone(&session.shared);
            session.change(async move { select(&shared, &target).await }).await
        })
    }
}

/// Sends `use`: a missing part is NONE, which leaves it unchanged.
pub(super) async fn select(shared: &Arc<Shared>, target: &Selected) -> Result<()> {
    let scope = super::Scope::new(shared);
    let request = scope.request("use").value(&target.namespace)?.value(&target.database)?.finish();
    let reply = scope.call(request, None).await?;
    confirm(shared, &reply)
}

/// Asks the server what is selected, after a sign-in that may have changed it.
pub(super) async fn refresh(shared: &Arc<Shared>) -> Result<()> {
    let scope = super::Scope::new(shared);
    let request = scope.request("query").text(SELECTED).finish();
    let reply = scope.call(request, None).await?;
    match crate::protocol::read_statements(&reply)?.into_iter().next().map(|statement| statement.outcome) {
        Some(crate::protocol::Outcome::Ok(selected)) => confirm(shared, &selected),
        Some(crate::protocol::Outcome::Failed(error)) => Err(Error::from_server("query", error)),
        None => Err(Error::protocol("the reply to `query` has no statement")),
    }
}

fn confirm(shared: &Shared, reply: &[u8]) -> Result<()> {
    let selected = codec::decode(reply)
        .map_err(|error| Error::protocol("the reply to `use` names no namespace and database").with_source(error))?;
    shared.state().selected = selected;
    Ok(())
}

const SELECTED: &str = "RETURN { namespace: session::ns(), database: session::db() }";
