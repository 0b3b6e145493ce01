//! Bringing a database to its models.
//!
//! The changes are found and checked outside of a transaction, because a check that fails would end it. They are made in one,
//! each only if the same change is still to be made there: two programs that define at once meet in a conflict, and the second
//! finds nothing left. Indexes come afterwards, each by itself: building one may take long, and the server may refuse it.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use tokio::time::sleep;

use super::compare::{Expected, Fix, Found};
use super::report::{DefineReport, Difference, Part, PendingChange, SchemaChange};
use super::rows::{Check, count, duplicates};
use super::structure::{PAUSE, Structure, execute, execute_all, is_lost, run};
use super::table::{Parts, TableDefinition};
use crate::connection::Deadline;
use crate::error::{Error, ErrorKind, Result, ServerError};
use crate::protocol::Feature;
use crate::session::Session;
use crate::transaction::Transaction;

pub(super) async fn define(session: &Session, parts: &Parts, deadline: Deadline) -> Result<DefineReport> {
    let mut report = DefineReport::default();
    // The changes are looked for again as long as others change the schema meanwhile.
    loop {
        let now = read(session, parts, deadline).await?;
        let structure = Structure::rendered(session, parts, &now, deadline).await?;
        let mut expected = Expected { parts, structure, is_rendered: true, schemaless: BTreeSet::new() };
        report.pending.retain(|pending| pending.is_tried);
        let mut sorted = sort(session, expected.compare(&now), &now, &report, deadline).await?;
        let ready = sorted.ready.iter().filter(|_| now.migrates).map(|found| &found.difference);
        let pending = report.pending.iter().chain(&sorted.pending).map(|pending| &pending.difference);
        let modes = ready.chain(pending).filter(|difference| difference.aspect == "mode");
        expected.schemaless = modes.filter_map(|difference| difference.table.clone()).collect();
        if !expected.schemaless.is_empty() {
            sorted = sort(session, expected.compare(&now), &now, &report, deadline).await?;
        }
        let Sorted { tried, ready, pending } = sorted;
        report.pending.splice(0..0, pending);
        if ready.is_empty() {
            report.note_without_effect(tried);
            return Ok(report);
        }
        let (indexes, others): (Vec<_>, Vec<_>) = ready.into_iter().partition(|found| found.fix.is_index);
        let statements: Vec<String> = others.into_iter().map(|found| found.fix.statement).collect();
        if !statements.is_empty() {
            match apply(session, &expected, &statements, deadline).await {
                Ok(Ok(changes)) => report.changes.extend(changes),
                // The next comparison finds the others again.
                Ok(Err(pending)) => {
                    report.pending.push(pending);
                    continue;
                }
                Err(error) if is_unknown(&error, deadline) => continue,
                Err(error) => return Err(error),
            }
        }
        for found in indexes {
            match build(session, &found, deadline).await {
                Ok(Ok(change)) => report.changes.push(change),
                Ok(Err(pending)) => report.pending.push(pending),
                Err(error) if is_unknown(&error, deadline) => break,
                Err(error) => return Err(error),
            }
        }
    }
}

/// Returns true if the reply to a commit was lost: the next comparison tells its outcome.
fn is_unknown(error: &Error, deadline: Deadline) -> bool {
    error.kind() == ErrorKind::CommitUnknown && !deadline.left().is_zero()
}

impl DefineReport {
    /// Returns true if the statement was sent already.
    fn has_tried(&self, fix: &Fix) -> bool {
        let done = self.changes.iter().map(|change| &change.statement);
        done.chain(self.pending.iter().map(|pending| &pending.statement)).any(|tried| *tried == fix.statement)
    }

    /// Notes changes that were made, and are still to be made.
    fn note_without_effect(&mut self, tried: Vec<Found>) {
        for Found { difference, fix } in tried {
            if self.pending.iter().all(|pending| pending.statement != fix.statement) {
                let reason = "the server took the statement, and the difference is still there".to_owned();
                let statement = fix.statement;
                self.pending.push(PendingChange { difference, statement, rows: None, reason, is_tried: true });
            }
        }
    }
}

/// Refuses what the server would take, and fail at with the first record.
fn check(parts: &Parts, now: &Structure) -> Result<()> {
    for table in &parts.tables {
        let name = &table.name;
        if table.is_open && table.schemafull == Some(true) {
            return Err(Error::argument(format!(
                "the record of the table `{name}` is `schemafull` and has a flattened field with names that are not known"
            )));
        }
        for index in table.indexes.iter().filter(|index| index.is_fulltext()) {
            let mut analyzers = parts.analyzers.iter().map(|known| &known.name).chain(now.analyzers.keys());
            if !analyzers.any(|analyzer| index.uses_analyzer(analyzer)) {
                let (index, kind) = (&index.name, &index.kind);
                return Err(Error::argument(format!(
                    "the analyzer of the index `{index}` of the table `{name}` ({kind}) is defined neither in the models \
                     nor in the database"
                )));
            }
        }
    }
    Ok(())
}

/// Refuses an index by which the server would find a record several times. A server that does not tell its version has all.
async fn check_server(session: &Session, parts: &Parts, deadline: Deadline) -> Result<()> {
    let Some(index) = parts.tables.iter().find_map(TableDefinition::index_with_elements) else { return Ok(()) };
    match session.server_version().deadline(deadline.left()).await {
        Ok(version) if !version.supports(Feature::Indexes) => Err(Feature::Indexes.missing(index, &version)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Reads what the database has of the models, if it can have them.
pub(super) async fn read(session: &Session, parts: &Parts, deadline: Deadline) -> Result<Structure> {
    check_server(session, parts, deadline).await?;
    let now = Structure::read_again(session, &parts.table_names(), deadline).await?;
    check(parts, &now).map(|()| now)
}

/// Changes by what becomes of them.
struct Sorted {
    /// Those that were sent before.
    tried: Vec<Found>,
    /// Those that lose nothing.
    ready: Vec<Found>,
    /// The others, with the numbers of rows in their way.
    pending: Vec<PendingChange>,
}

async fn sort(
    session: &Session,
    found: Vec<Found>,
    now: &Structure,
    report: &DefineReport,
    deadline: Deadline,
) -> Result<Sorted> {
    let (tried, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| report.has_tried(&found.fix));
    let (mut ready, mut pending) = (Vec::new(), Vec::new());
    for found in others {
        let table = found.difference.table.as_deref().filter(|table| now.tables.contains_key(*table));
        match obstacle(session, table, &found.fix.check, deadline).await? {
            None => ready.push(found),
            Some((rows, reason)) => {
                let Found { difference, fix } = found;
                let statement = fix.statement + &fix.mend.unwrap_or_default();
                pending.push(PendingChange { difference, statement, rows, reason, is_tried: false });
            }
        }
    }
    let waits = |found: &Found| report.pending.iter().chain(&pending).any(|other| precedes(other, &found.difference));
    let (waiting, ready): (Vec<_>, Vec<_>) = ready.into_iter().partition(waits);
    pending.extend(waiting.into_iter().map(|Found { difference, fix }| {
        let reason = "another change of the field, or of the one around it, has to be made first".to_owned();
        PendingChange { difference, statement: fix.statement, rows: None, reason, is_tried: false }
    }));
    Ok(Sorted { tried, ready, pending })
}

/// Returns true if a change has to wait for one that is pending. The definition of a field changes as a whole, or not at all,
/// and after that of the field that it is nested in: server 4.0 defines none without the other.
fn precedes(pending: &PendingChange, difference: &Difference) -> bool {
    let (Part::Field(first), Part::Field(path)) = (&pending.difference.part, &difference.part) else { return false };
    let is_new = pending.difference.aspect == "definition" && pending.difference.database.is_none();
    let is_inside = path.strip_prefix(first.as_str()).is_some_and(|rest| rest.starts_with('.'));
    pending.difference.table == difference.table && (first == path || is_new && is_inside)
}

/// The number of rows in the way of a change, and what they are; `None` if there are none.
async fn obstacle(
    session: &Session,
    table: Option<&str>,
    check: &Check,
    deadline: Deadline,
) -> Result<Option<(Option<u64>, String)>> {
    let rows = async |condition: Option<&str>| match table {
        Some(table) => sum(session, &count(table, condition), deadline).await,
        None => Ok(0),
    };
    Ok(match check {
        Check::Nothing | Check::Unique(_) => None,
        Check::Rows(condition, reason) => match rows(Some(condition)).await {
            Ok(0) => None,
            Ok(rows) => Some((Some(rows), (*reason).to_owned())),
            Err(error) if error.server().is_some() => {
                let in_table = rows(None).await?;
                (in_table > 0).then(|| (Some(in_table), format!("{reason} cannot be counted: {error}")))
            }
            Err(error) => return Err(error),
        },
        Check::AnyRow(reason) => match rows(None).await? {
            0 => None,
            rows => Some((Some(rows), (*reason).to_owned())),
        },
        Check::Refused(condition, reason) => {
            let counted = match condition {
                Some(condition) => rows(Some(condition)).await.ok(),
                None => None,
            };
            Some((counted, (*reason).to_owned()))
        }
        Check::Always(reason) => Some((None, (*reason).to_owned())),
    })
}

/// The sum of a list of numbers.
async fn sum(session: &Session, text: &str, deadline: Deadline) -> Result<u64> {
    loop {
        let response = run(session, text, deadline).await;
        if !is_lost(&response, deadline) {
            return Ok(response?.take::<Vec<u64>>(0)?.into_iter().sum());
        }
        sleep(PAUSE).await;
    }
}

/// Makes those of the changes that are still to be made, or none of them because of one that the program has to decide about.
async fn apply(
    session: &Session,
    expected: &Expected<'_>,
    statements: &[String],
    deadline: Deadline,
) -> Result<std::result::Result<Vec<SchemaChange>, PendingChange>> {
    let limit = deadline.left();
    let transaction = session.transaction().deadline(limit).retry_for(limit);
    let refused = OnceLock::new();
    let applied = transaction.run(|on| apply_in(on, expected, statements, &refused, deadline)).await;
    match (applied, refused.into_inner()) {
        (Err(_), Some(pending)) => Ok(Err(pending)),
        (applied, _) => applied.map(Ok),
    }
}

async fn apply_in(
    on: Transaction,
    expected: &Expected<'_>,
    statements: &[String],
    refused: &OnceLock<PendingChange>,
    deadline: Deadline,
) -> Result<Vec<SchemaChange>> {
    let now = Structure::read(&on, &expected.parts.table_names(), deadline).await?;
    let still = expected.compare(&now).into_iter().filter(|found| statements.contains(&found.fix.statement));
    let change = |found: Found| SchemaChange { difference: found.difference, statement: found.fix.statement };
    let mut changes: Vec<SchemaChange> = still.map(change).collect();
    // A table becomes schemafull after its fields, if it is schemaless until then.
    changes.sort_by_key(|change| expected.is_schemaless(&change.difference) && change.difference.aspect == "mode");
    // Two differences of a field may have one statement.
    let mut texts: Vec<_> =
        changes.iter().map(|change| (change.difference.place(), change.statement.clone())).collect();
    texts.dedup();
    let executed = execute_all(&on, &texts, deadline).await;
    let pending =
        executed.as_ref().err().and_then(|error| undecided(&changes, &texts.get(error.statement()?)?.1, error));
    if let Some(pending) = pending {
        refused.get_or_init(|| pending);
    }
    executed.map(|()| changes)
}

/// The change of this statement, if the server asks what becomes of existing rows: from 4.0 on it does not look at them.
fn undecided(changes: &[SchemaChange], statement: &str, error: &Error) -> Option<PendingChange> {
    let reason =
        error.server().map(ServerError::message).filter(|message| message.contains("MIGRATE EXISTING ROWS"))?;
    let change = changes.iter().find(|change| change.statement == statement)?.clone();
    let SchemaChange { difference, statement } = change;
    Some(PendingChange { difference, statement, rows: None, reason: reason.to_owned(), is_tried: true })
}

/// Builds an index, unless rows with equal values are in the way, or its field is not defined.
async fn build(
    session: &Session,
    found: &Found,
    deadline: Deadline,
) -> Result<std::result::Result<SchemaChange, PendingChange>> {
    let Found { difference, fix } = found;
    let (difference, statement) = (difference.clone(), fix.statement.clone());
    let built = run_again(session, &statement, deadline).await;
    match (built, &fix.check, &difference.table) {
        (Ok(()), ..) => Ok(Ok(SchemaChange { difference, statement })),
        (Err(error), Check::Unique(columns), Some(table)) if error.is_unique_violation() => {
            let rows = Some(sum(session, &duplicates(table, columns), deadline).await?);
            let reason = "records with equal values".to_owned();
            Ok(Err(PendingChange { difference, statement, rows, reason, is_tried: true }))
        }
        // The field, whose own definition is pending.
        (Err(error), ..) if error.kind() == ErrorKind::NotFound => {
            let reason = error.server().map_or_else(|| error.to_string(), |server| server.message().to_owned());
            Ok(Err(PendingChange { difference, statement, rows: None, reason, is_tried: true }))
        }
        (Err(error), ..) => Err(error.in_context(format!("cannot define {}", difference.place()))),
    }
}

/// Runs a statement again after a conflict.
async fn run_again(session: &Session, statement: &str, deadline: Deadline) -> Result<()> {
    let limit = deadline.left();
    let transaction = session.transaction().deadline(limit).retry_for(limit);
    let ran = |on: Transaction| async move { execute(&on, statement, deadline).await };
    transaction.run(ran).await
}
