//! Marker records, which settle the outcome of a commit whose reply was lost.
//!
//! A transaction that runs exactly once first creates a record of its own: the marker. It is there if and only if the
//! transaction was committed. But reading it is not conclusive: the old commit may be queued or running on the server, and
//! take effect after the look. So the client [claims](settle) the marker: it creates the same record itself, outside of the
//! transaction. The first to commit the creation of a record wins (server 3.3.5). If the client wins, the old commit can
//! only conflict, and nothing of its transaction is kept. If the record exists, its `state` tells who has created it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tracing::debug;

use super::TransactionInner;
use crate::codec;
use crate::connection::{Cleanup, Deadline, Retry};
use crate::error::{Delivery, Error, ErrorKind, Result, ServerError};
use crate::protocol::{Feature, Operation, Outcome, StatementResult, Target, read_statements};
use crate::session::{Session, SessionCall, SessionInner};
use crate::value::{Datetime, RecordId, Table, Uuid};

/// The record by which the outcome of a commit can be settled; see
/// [`exactly_once`](crate::TransactionBuilder::exactly_once).
///
/// An error of kind [`CommitUnknown`](ErrorKind::CommitUnknown) has it, if the transaction was to run exactly once:
/// [`Error::commit_marker`] returns it, and [`Session::was_applied`] tells later whether the transaction was committed. It
/// can be stored meanwhile: it implements `Serialize` and `Deserialize`.
///
/// # The table
///
/// Markers are records of the table `commit_marker`, or of the one that
/// [`exactly_once_in`](crate::TransactionBuilder::exactly_once_in) names, in the namespace and database of the session.
/// [`define`](Self::define) defines it. Do so once, before the first transaction: otherwise the first transactions
/// define it and conflict with each other, and a STRICT database refuses them. Each marker has three fields:
///
/// | Field | Contents |
/// |---|---|
/// | `by` | the record user who wrote it, or NONE |
/// | `state` | `'applied'` if the transaction wrote it, `'void'` if a claim did |
/// | `at` | the time at which it was written, by the clock of the server |
///
/// Record users need the permissions to create and to select their markers, and should be able to delete them.
/// [`define`](Self::define) grants all three. Nobody needs to update them.
///
/// # How long markers live
///
/// A marker is deleted once its client knows the outcome, in the background. It stays if the outcome stays unknown, if the
/// client ends first, or if it may not delete it. [`remove_old`](Self::remove_old) deletes those that are older than 24 hours
/// by the server's clock; run it now and then. Do not delete younger ones, and do not copy the table to another
/// database: [`was_applied`](Session::was_applied) would take the transaction for one that was not committed. For the same
/// reason it refuses markers that are older than 12 hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitMarker {
    id: RecordId,
    namespace: String,
    database: String,
    written_at: Datetime,
}

impl CommitMarker {
    /// The name of the table, unless [`exactly_once_in`](crate::TransactionBuilder::exactly_once_in) names another one.
    pub const TABLE: &'static str = "commit_marker";

    /// Defines the table `commit_marker` in the namespace and database of the session, unless it exists.
    ///
    /// # Errors
    ///
    /// [`Auth`](ErrorKind::Auth) if the session may not define tables.
    pub fn define(session: &Session) -> SessionCall<()> {
        Self::define_in(session, Table::new(Self::TABLE))
    }

    /// Defines the table of this name like [`define`](Self::define).
    pub fn define_in(session: &Session, table: Table) -> SessionCall<()> {
        execute(session, "define", &table, DEFINE)
    }

    /// Deletes the records of the table `commit_marker` that are older than 24 hours, by the clock of the server.
    pub fn remove_old(session: &Session) -> SessionCall<()> {
        Self::remove_old_in(session, Table::new(Self::TABLE))
    }

    /// Deletes records of the table of this name like [`remove_old`](Self::remove_old).
    pub fn remove_old_in(session: &Session, table: Table) -> SessionCall<()> {
        execute(session, "delete", &table, REMOVE_OLD)
    }

    /// The id of the record.
    pub fn id(&self) -> &RecordId {
        &self.id
    }

    /// The namespace and the database of the record.
    pub fn place(&self) -> (&str, &str) {
        (&self.namespace, &self.database)
    }

    /// The time at which the transaction wrote the marker, by the clock of the server.
    pub fn written_at(&self) -> Datetime {
        self.written_at
    }

    /// Writes the marker of a transaction, as its first statement.
    ///
    /// The commit may be sent only after this has returned: then every claim is younger than the snapshot of the
    /// transaction, and conflicts with its commit.
    pub(super) async fn write(transaction: &Arc<TransactionInner>, table: &Table, deadline: Deadline) -> Result<Self> {
        let id = RecordId::new(table.as_str(), Uuid::new_v4());
        let operation = Operation::statement("create", Target::shown(table.clone()));
        let request = transaction.session().request_in(Some(transaction.id()), operation.clone());
        let mut bindings = request.text(WRITE).bindings();
        bindings.bind("m", &id)?;
        let request = bindings.finish().needing(Some(Feature::CommitMarkers));
        let statements = super::query(transaction, WRITE.to_owned(), request, deadline).await?;
        let written: Option<Written> = only_result(&operation, &statements)?;
        let Written { ns, db, at } = written.ok_or_else(|| no_rights(table.as_str()).rolled_back())?;
        Ok(Self { id, namespace: ns, database: db, written_at: at })
    }

    /// Deletes the marker in the background. Its outcome must be known, and nobody may ask for it later.
    pub(super) fn remove(self, session: &Arc<SessionInner>) {
        let deadline = session.client.deadline(None);
        let (session, client) = (Arc::clone(session), session.client.clone());
        client.spawn(async move {
            if let Err(error) = self.ask::<serde::de::IgnoredAny>(&session, "delete", REMOVE, deadline).await {
                debug!(error = %error.outline(), "a marker was not deleted; it stays until old markers are removed");
            }
        });
    }

    /// Runs a statement about the marker in the session, outside of every transaction.
    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        session: &Arc<SessionInner>,
        verb: &'static str,
        text: &str,
        deadline: Deadline,
    ) -> Result<Option<T>> {
        let operation = Operation::statement(verb, Target::shown(self.id.clone()));
        let mut bindings = session.request(operation.clone()).text(text).bindings();
        bindings.bind("m", &self.id)?;
        bindings.bind("at", &self.written_at)?;
        bindings.bind("ns", &self.namespace)?;
        bindings.bind("db", &self.database)?;
        let reply = session.call(bindings.finish(), deadline, Cleanup::Nothing).await?;
        only_result(&operation, &read_statements(&reply)?)
    }

    fn unsettled(&self, cause: Error) -> Error {
        let message = format!("the transaction may or may not have been committed; `was_applied` can tell ({self})");
        let unknown = Error::new(ErrorKind::CommitUnknown, message).with_delivery(Delivery::Unknown);
        unknown.with_attachment(Arc::new(self.clone())).with_source(cause)
    }
}

impl fmt::Display for CommitMarker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

// Here, beside the types that they return, because errors and sessions do not know transactions.
impl Error {
    /// Returns the marker of a commit of unknown outcome, if the transaction was to run
    /// [exactly once](crate::TransactionBuilder::exactly_once).
    pub fn commit_marker(&self) -> Option<&CommitMarker> {
        self.attachment().and_then(<dyn Any + Send + Sync>::downcast_ref)
    }
}

impl Session {
    /// Tells whether the transaction of a marker was committed, and makes sure that it is not committed later.
    ///
    /// An error of kind [`CommitUnknown`](ErrorKind::CommitUnknown) has the [marker](Error::commit_marker). Any session may
    /// ask, on any connection, if it has the namespace and the database of the marker selected, and the rights to create and
    /// select it. The answer is final: asking again returns the same. It is repeated until its deadline while the connection
    /// is lost.
    ///
    /// # Errors
    ///
    /// [`CommitUnknown`](ErrorKind::CommitUnknown) with the marker if it still cannot be settled, and the reason as its
    /// [source](std::error::Error::source): no answer came by the deadline, the session lacks rights, it has another
    /// namespace or database selected, or the marker is older than 12 hours.
    ///
    /// # Cancel safety
    ///
    /// A dropped call may or may not have settled the outcome. It can be repeated.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # use surreal_session::CommitMarker;
    /// # surreal_session_embedded::example(async |session| {
    /// # CommitMarker::define(&session).await?;
    /// # session.execute("CREATE account:ada SET balance = 100").await?;
    /// let paid = session
    ///     .transaction()
    ///     .exactly_once()
    ///     .run(async |tx| tx.execute("UPDATE account:ada SET balance -= 10").await)
    ///     .await;
    /// let is_paid = match paid {
    ///     Ok(()) => true,
    ///     Err(error) => match error.commit_marker() {
    ///         // The server could not be asked before the deadline: ask later.
    ///         Some(marker) => session.was_applied(marker).await?,
    ///         None => return Err(error),
    ///     },
    /// };
    /// assert!(is_paid);
    /// # Ok(()) });
    /// ```
    pub fn was_applied(&self, marker: &CommitMarker) -> SessionCall<bool> {
        let (session, marker) = (Arc::clone(self.inner()), marker.clone());
        SessionCall::in_session(self.inner(), "was_applied", async move |deadline| {
            Ok(settle(&session, &marker, deadline).await? == Settled::Applied)
        })
    }
}

/// The outcome of a commit, which cannot change any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    Applied,
    /// Not applied, and never will be.
    Void,
}

/// Claims the marker, and asks for its state if it exists. Repeats that until there is an answer or the deadline passes.
pub(super) async fn settle(session: &Arc<SessionInner>, marker: &CommitMarker, deadline: Deadline) -> Result<Settled> {
    let mut retry = Retry::until(&session.client, deadline);
    loop {
        match claim(session, marker, deadline).await {
            Ok(settled) => return Ok(settled),
            Err(error) if is_passing(&error) && retry.pause().await => {}
            Err(error) => return Err(marker.unsettled(error)),
        }
    }
}

async fn claim(session: &Arc<SessionInner>, marker: &CommitMarker, deadline: Deadline) -> Result<Settled> {
    let state: Option<String> = match marker.ask(session, "claim", CLAIM, deadline).await {
        Err(error) if exists(&error) => marker.ask(session, "select", READ, deadline).await?,
        other => other?,
    };
    match state.as_deref() {
        Some("applied") => Ok(Settled::Applied),
        Some("void") => Ok(Settled::Void),
        Some("elsewhere") => {
            let CommitMarker { namespace, database, .. } = marker;
            let message = format!("the marker is in namespace `{namespace}` and database `{database}`: select these");
            Err(Error::argument(message).answered())
        }
        Some("old") => Err(Error::argument("the marker is older than 12 hours, and may have been deleted").answered()),
        // Either it was not created, or it was and cannot be seen.
        _ => Err(no_rights(marker.id.table())),
    }
}

/// Returns true if the record of a claim exists: the transaction, or an earlier claim whose reply was lost, created it.
fn exists(error: &Error) -> bool {
    error.is_already_exists() && error.server().is_some_and(|server| server.is_detail("Record"))
}

/// Returns true if a claim may have another outcome when it is repeated.
fn is_passing(error: &Error) -> bool {
    let is_shutting_down = error.server().is_some_and(ServerError::is_shutting_down);
    let is_passing = matches!(error.kind(), ErrorKind::CommitUnknown | ErrorKind::Disconnected);
    !error.is_final() && (is_passing || is_shutting_down || error.is_retryable() || error.is_already_exists())
}

fn no_rights(table: &str) -> Error {
    let message = format!("no marker came back from `{table}`: this session may not create or select its records");
    Error::new(ErrorKind::Auth, message).answered()
}

/// Decodes the result of the only statement.
fn only_result<T: serde::de::DeserializeOwned>(
    operation: &Operation,
    statements: &[StatementResult],
) -> Result<Option<T>> {
    match statements {
        [StatementResult { outcome: Outcome::Ok(result), .. }] => codec::decode(result)
            .map_err(|error| Error::protocol(format!("the reply to `{operation}` is not readable")).with_source(error)),
        [StatementResult { outcome: Outcome::Failed(error), .. }] => {
            Err(Error::from_operation(operation, error.clone()))
        }
        _ => Err(Error::protocol(format!("the reply to `{operation}` has another number of results"))),
    }
}

/// Runs statements about the markers of a table.
fn execute(session: &Session, verb: &'static str, table: &Table, text: &str) -> SessionCall<()> {
    let text = text.replace("{table}", &table.to_string());
    let (inner, operation) = (Arc::clone(session.inner()), Operation::statement(verb, Target::shown(table.clone())));
    SessionCall::in_session(session.inner(), operation.clone(), async move |deadline| {
        let request = inner.request(operation.clone()).text(&text).bindings().finish();
        let reply = inner.call(request, deadline, Cleanup::Nothing).await?;
        match read_statements(&reply)?.iter().find_map(StatementResult::error) {
            Some(error) => Err(Error::from_operation(&operation, error.clone())),
            None => Ok(()),
        }
    })
}

/// The answer to the statement that writes a marker.
#[derive(Deserialize)]
struct Written {
    ns: String,
    db: String,
    at: Datetime,
}

const DEFINE: &str = "\
    DEFINE TABLE IF NOT EXISTS {table} SCHEMAFULL PERMISSIONS \
        FOR create, select, delete WHERE $auth != NONE AND by = $auth FOR update NONE \
        COMMENT 'the outcomes of transactions that run exactly once';
    DEFINE FIELD IF NOT EXISTS by ON {table} TYPE option<record>;
    DEFINE FIELD IF NOT EXISTS state ON {table} TYPE 'applied' | 'void';
    DEFINE FIELD IF NOT EXISTS at ON {table} TYPE datetime";

const REMOVE_OLD: &str = "DELETE {table} WHERE at < time::now() - 24h RETURN NONE";

const WRITE: &str = "\
    CREATE ONLY $m SET by = $auth, state = 'applied', at = time::now() \
    RETURN VALUE { ns: $session.ns, db: $session.db, at: at }";

const CLAIM: &str = "\
    IF $session.ns != $ns OR $session.db != $db { 'elsewhere' } \
    ELSE IF time::now() > $at + 12h { 'old' } \
    ELSE { CREATE ONLY $m SET by = $auth, state = 'void', at = time::now() RETURN VALUE state }";

const READ: &str = "\
    IF $session.ns != $ns OR $session.db != $db { 'elsewhere' } \
    ELSE { SELECT VALUE state FROM ONLY $m }";

const REMOVE: &str = "IF $session.ns = $ns AND $session.db = $db { DELETE $m RETURN NONE }";
