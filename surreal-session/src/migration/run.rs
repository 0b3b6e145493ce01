//! Running migrations: under the lock, in their order, each exactly once.

use std::time::Duration;

use tokio::time::sleep;
use tracing::debug;

use super::history::{Applied, History, Settlement};
use super::script::{self, Script};
use super::{AppliedMigration, Migration, MigrationReport, Migrations};
use crate::error::{Error, ErrorKind, Result};
use crate::query::queryable::Queryable;
use crate::query::surql::Surql;
use crate::transaction::Transaction;

/// The files with their statements.
type Scripts<'a> = Vec<(&'a Migration, Script<'a>)>;

pub(super) async fn run(migrations: &Migrations, history: &History) -> Result<MigrationReport> {
    let files: Result<Scripts<'_>> =
        migrations.iter().map(|file| Ok((file, script::read(&file.name, &file.text)?))).collect();
    let files = files?;
    // Without a pending file, nothing is written.
    if pending(migrations, history).await?.is_empty() {
        return Ok(MigrationReport::default());
    }
    history.define().await?;
    lock(history).await?;
    let held = Held(Some(history));
    let outcome = tokio::select! {
        outcome = apply_all(migrations, &files, history) => outcome,
        error = keep_lock(history) => Err(error),
    };
    held.release().await;
    outcome
}

/// The lock, which is given back also if the call is dropped.
struct Held<'h>(Option<&'h History>);

impl Held<'_> {
    async fn release(mut self) {
        if let Some(history) = self.0.take() {
            unlock(history).await;
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(history) = self.0 {
            let history = history.clone();
            history.session.inner().client.clone().spawn(async move { unlock(&history).await });
        }
    }
}

/// Gives the lock back. Otherwise it expires.
async fn unlock(history: &History) {
    if let Err(error) = history.unlock().await {
        debug!(error = %error.outline(), "the lock of the migrations stays until it expires");
    }
}

/// The files that are not applied, if the applied ones are as they were.
async fn pending<'m>(migrations: &'m Migrations, history: &History) -> Result<Vec<&'m Migration>> {
    let applied = history.applied().await?;
    let last = applied.keys().next_back().copied();
    for (number, entry) in &applied {
        match migrations.iter().find(|file| file.number == *number) {
            Some(file) => check(file, entry)?,
            None if migrations.ignores_missing => {}
            None => {
                return Err(failed(
                    &entry.name,
                    "is applied, and is not in this program, which may be older than the database; `ignore_missing()` \
                     allows it",
                ));
            }
        }
    }
    let pending: Vec<_> = migrations.iter().filter(|file| !applied.contains_key(&file.number)).collect();
    let late = pending.iter().find(|file| last.is_some_and(|last| file.number < last));
    match late.filter(|_| !migrations.allows_out_of_order) {
        Some(file) => Err(failed(
            &file.name,
            "is not applied, and one with a higher number is; `allow_out_of_order()` applies it now",
        )),
        None => Ok(pending),
    }
}

/// Compares a file with its entry in the history.
fn check(file: &Migration, entry: &Applied) -> Result<()> {
    if entry.checksum != file.checksum() {
        return Err(failed(
            &file.name,
            format_args!(
                "was changed after it was applied (checksum {}, then {}): restore it, and write a new migration",
                file.checksum(),
                entry.checksum
            ),
        ));
    }
    if entry.applied_at.is_none() {
        return Err(failed(&file.name, unfinished(entry)));
    }
    Ok(())
}

fn unfinished(entry: &Applied) -> String {
    let statement = entry.statement.unwrap_or_default();
    let error = entry.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    format!(
        "ran without a transaction and stopped at statement {statement}, counted from zero{error}; mend the database, then call \
         `Migrations::resolve` if it is done now, or `Migrations::forget` to run it again"
    )
}

fn failed(name: &str, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Migration, format!("the migration `{name}` {what}"))
}

/// Waits for the lock.
async fn lock(history: &History) -> Result<()> {
    let mut holder = None;
    loop {
        match (history.lock().await, holder) {
            (Ok(None), _) => return Ok(()),
            (Ok(Some(other)), _) => holder = Some(other),
            (Err(error), Some(other)) if error.kind() == ErrorKind::Timeout => return Err(held_by(&other)),
            (Err(error), _) => return Err(error),
        }
        if history.deadline.left() < POLL {
            return Err(held_by(holder.as_deref().unwrap_or_default()));
        }
        sleep(POLL).await;
    }
}

fn held_by(other: &str) -> Error {
    let message = format!("timed out waiting for the lock of the migrations, which is held by {other}");
    Error::new(ErrorKind::Timeout, message)
}

/// Renews the lock for as long as it is polled. Returns the reason if it is lost.
async fn keep_lock(history: &History) -> Error {
    let mut failures = 0;
    loop {
        sleep(RENEWAL).await;
        match history.lock().await {
            Ok(None) => failures = 0,
            Ok(Some(_)) => return lost(),
            // The lease is long enough for a second attempt.
            Err(_) if failures == 0 => failures += 1,
            Err(error) => return error.in_context("the lock of the migrations could not be renewed"),
        }
    }
}

fn lost() -> Error {
    let message =
        "another process has taken the lock of the migrations, after this one was silent for too long; run them again";
    Error::new(ErrorKind::Migration, message)
}

async fn apply_all(migrations: &Migrations, files: &Scripts<'_>, history: &History) -> Result<MigrationReport> {
    let mut report = MigrationReport::default();
    // Once more, under the lock.
    let pending = pending(migrations, history).await?;
    for (file, script) in files.iter().filter(|(file, _)| pending.iter().any(|pending| pending.number == file.number)) {
        let begun = std::time::Instant::now();
        match script.has_no_transaction {
            false => apply(file, history).await?,
            true => apply_statements(file, script, history).await?,
        }
        let (number, name) = (file.number, file.name.to_string());
        report.applied.push(AppliedMigration { number, name, duration: begun.elapsed() });
    }
    Ok(report)
}

/// Applies a file in one transaction, together with its entry in the history.
///
/// If the outcome of a commit is unknown, the file runs again in a new transaction: it creates the same entry first, so that
/// at most one of the two is committed.
async fn apply(file: &Migration, history: &History) -> Result<()> {
    let mut pause = POLL;
    loop {
        let limit = history.deadline.left();
        let transaction = history.session.transaction().deadline(limit).retry_for(limit);
        let applied = transaction.run(|on| async move { apply_in(&on, file, history).await }).await;
        let error = match applied {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if error.is_already_exists() || error.kind() == ErrorKind::TransactionFailed {
            let entry = history.applied().await?.remove(&file.number);
            if let Some(entry) = entry {
                return check(file, &entry);
            }
        }
        let may_repeat = matches!(error.kind(), ErrorKind::CommitUnknown | ErrorKind::TransactionLost);
        if !may_repeat || history.deadline.left() < pause {
            let what = format!("failed, and nothing of it is kept: {error}");
            return Err(failed(&file.name, what).with_delivery(error.delivery()).with_source(error));
        }
        sleep(pause).await;
        pause *= 2;
    }
}

async fn apply_in(on: &Transaction, file: &Migration, history: &History) -> Result<()> {
    if !history.hold(on).await? {
        return Err(lost());
    }
    history.create(on, file).await?;
    let text = Surql::dynamic(file.text.to_string());
    on.execute(text).deadline(history.deadline.left()).await?;
    if history.finish(on, file.number).await? { Ok(()) } else { Err(lost()) }
}

/// Applies the statements of a file one by one.
async fn apply_statements(file: &Migration, script: &Script<'_>, history: &History) -> Result<()> {
    history.create(&history.session, file).await?;
    for (index, statement) in script.statements.iter().enumerate() {
        note(history, file.number, index, None).await?;
        let text = Surql::dynamic(*statement);
        if let Err(error) = history.session.execute(text).deadline(history.deadline.left()).await {
            let reason = error.server().map_or_else(|| error.to_string(), |server| server.message().to_owned());
            note(history, file.number, index, Some(&reason)).await?;
            let what = format!(
                "failed at statement {index}, counted from zero; the statements before it are applied: {reason}"
            );
            return Err(failed(&file.name, what).with_delivery(error.delivery()).with_source(error));
        }
    }
    if history.finish(&history.session, file.number).await? { Ok(()) } else { Err(lost()) }
}

async fn note(history: &History, number: u64, statement: usize, error: Option<&str>) -> Result<()> {
    if history.note(number, statement, error).await? { Ok(()) } else { Err(lost()) }
}

/// Settles an unfinished migration, while no process runs any.
pub(super) async fn settle(history: &History, number: u64, settlement: Settlement) -> Result<()> {
    let missing =
        || Error::new(ErrorKind::NotFound, format!("there is no unfinished migration with the number {number}"));
    // Before anything is written: there may be no history.
    let entry = history.applied().await?.remove(&number);
    if entry.is_none_or(|entry| entry.applied_at.is_some()) {
        return Err(missing());
    }
    if let Some(other) = history.lock().await? {
        return Err(Error::new(ErrorKind::Migration, format!("the lock of the migrations is held by {other}")));
    }
    let settled = history.settle(number, settlement).await;
    unlock(history).await;
    if settled? { Ok(()) } else { Err(missing()) }
}

/// The pause between two attempts to take the lock.
const POLL: Duration = Duration::from_millis(100);

/// The lease is three times as long.
const RENEWAL: Duration = Duration::from_secs(10);
