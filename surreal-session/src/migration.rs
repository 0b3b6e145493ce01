//! Migrations: numbered files of SurrealQL that are applied once, in their order.
//!
//! [`migrate!`](crate::migrate) embeds the files of a folder, such as `0001_users.surql`, at compile time.
//! [`Migrations::run`] applies those that the database does not have yet.
//!
//! - Each file runs in **one transaction**, together with its entry in the history (the table `migration`). If a statement
//!   fails, nothing of the file is kept, and the files before it stay applied.
//! - A **lock** in the history keeps two processes from running the files at the same time; the second waits, and finds them
//!   applied. It expires 30 seconds after its process was last heard of, and a process that has lost it can commit nothing.
//! - A **changed** file, or one that is **missing** in the program, is an error before anything runs. The checksum (FNV-1a, 128
//!   bits) is of the text with `\n` as the end of each line; it finds accidents, not attacks.
//!
//! `BEGIN`, `COMMIT`, `CANCEL`, `USE`, `LIVE`, `KILL` and `OPTION` are refused in a file. Three things are not undone with a
//! transaction (server 3.3.5): the effects of functions outside of the database, such as `http::post`; the numbers that a
//! sequence has given; and an index that is built `CONCURRENTLY` goes on after the file is applied.
//!
//! # Without a transaction
//!
//! A change of very many records may be too large for one transaction. A file with the line `-- migrate: no transaction` before its
//! first statement runs one statement after another. If one fails, or the process ends, the history says where; the next run
//! refuses to go on until [`Migrations::resolve`] or [`Migrations::forget`] was called.
//!
//! # Examples
//!
//! ```
//! use surreal_session::migration::Migrations;
//!
//! # surreal_session_embedded::example(async |session| {
//! // In a program: `static MIGRATIONS: Migrations = surreal_session::migrate!("migrations");`
//! let migrations = Migrations::from_files([
//!     ("0001_users.surql", "DEFINE TABLE user SCHEMAFULL; DEFINE FIELD name ON user TYPE string"),
//!     ("0002_ada.surql", "CREATE user:ada SET name = 'Ada'"),
//! ])?;
//! let report = migrations.run(&session).await?;
//! assert_eq!(report.applied.len(), 2);
//! assert!(migrations.run(&session).await?.applied.is_empty());
//! println!("{}", migrations.status(&session).await?);
//! # Ok(()) });
//! ```

mod history;
mod run;
mod script;

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::session::{Session, SessionCall};
use crate::value::Datetime;

use self::history::{History, Settlement};

/// The migrations of a program, of [`migrate!`](crate::migrate). See the [module](self).
#[derive(Debug, Clone)]
#[must_use = "migrations do nothing until they are run"]
pub struct Migrations {
    /// In the order of their numbers.
    files: Cow<'static, [Migration]>,
    table: Cow<'static, str>,
    ignores_missing: bool,
    allows_out_of_order: bool,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    number: u64,
    name: Cow<'static, str>,
    text: Cow<'static, str>,
}

impl Migration {
    /// For [`migrate!`](crate::migrate).
    #[doc(hidden)]
    pub const fn embedded(number: u64, name: &'static str, text: &'static str) -> Self {
        Self { number, name: Cow::Borrowed(name), text: Cow::Borrowed(text) }
    }

    /// Returns the number at the beginning of the file's name.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns the name of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the SurrealQL.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the checksum of the text, as 32 hexadecimal digits.
    pub fn checksum(&self) -> String {
        let normal = self.text.replace("\r\n", "\n");
        let step = |hash: u128, byte: u8| (hash ^ u128::from(byte)).wrapping_mul(FNV_PRIME);
        format!("{:032x}", normal.bytes().fold(FNV_OFFSET, step))
    }
}

impl Migrations {
    /// For [`migrate!`](crate::migrate).
    #[doc(hidden)]
    pub const fn embedded(files: &'static [Migration]) -> Self {
        let (files, table) = (Cow::Borrowed(files), Cow::Borrowed(TABLE));
        Self { files, table, ignores_missing: false, allows_out_of_order: false }
    }

    /// The migrations in files that are read at run time, each given as its name and its text.
    ///
    /// # Errors
    ///
    /// [`Migration`](ErrorKind::Migration) for a name that is not a number, an underscore, a word and `.surql`, and for two
    /// files with the same number.
    pub fn from_files<N: Into<String>, T: Into<String>>(files: impl IntoIterator<Item = (N, T)>) -> Result<Self> {
        let mut read = Vec::new();
        for (name, text) in files {
            let (name, text) = (name.into(), text.into());
            let number = number_of(&name).ok_or_else(|| {
                let reason = "a name such as `0001_users.surql` is expected";
                Error::new(ErrorKind::Migration, format!("`{name}` cannot be a migration: {reason}"))
            })?;
            read.push(Migration { number, name: name.into(), text: text.into() });
        }
        read.sort_by_key(|file| file.number);
        let twice = read.iter().zip(read.iter().skip(1)).find(|(one, other)| one.number == other.number);
        if let Some((one, other)) = twice {
            let message = format!("the migrations `{}` and `{}` have the same number", one.name, other.name);
            return Err(Error::new(ErrorKind::Migration, message));
        }
        Ok(Self { files: read.into(), ..Self::embedded(&[]) })
    }

    /// Sets the table of the history, not escaped; `migration` unless set. Two programs that share a database need two tables.
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.table = Cow::Owned(table.into());
        self
    }

    /// Allows applied migrations that are not in this program, such as those of a newer version that ran before.
    pub fn ignore_missing(mut self) -> Self {
        self.ignores_missing = true;
        self
    }

    /// Applies a file also if one with a higher number was applied before, as after the merge of two branches.
    pub fn allow_out_of_order(mut self) -> Self {
        self.allows_out_of_order = true;
        self
    }

    /// Returns the files in the order of their numbers.
    pub fn iter(&self) -> slice::Iter<'_, Migration> {
        self.files.iter()
    }

    /// Applies the files that the session's database does not have yet, in the order of their numbers.
    ///
    /// Several processes may call it at the same time. The call waits for the lock and for all files; it has an hour unless
    /// [`deadline`](SessionCall::deadline) says otherwise. The session needs the rights of the statements and the right to
    /// define a table, and keeps its namespace and database meanwhile. It should have no other work.
    ///
    /// # Errors
    ///
    /// [`Migration`](ErrorKind::Migration), with the file's name in its message: for a file that is changed, missing, out of
    /// order, unfinished, or that has a statement which is not allowed (nothing has run then); and for a file that failed, with
    /// the server's error as its source (the files before it are applied). [`Timeout`](ErrorKind::Timeout) if another process
    /// holds the lock until the deadline.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the transaction of the present file is cancelled, unless its commit was sent, and the lock is given back in the
    /// background. A file without a transaction stays unfinished. Run it again.
    pub fn run(&self, session: &Session) -> SessionCall<MigrationReport> {
        let call = self.call(session, |migrations, history| async move { run::run(&migrations, &history).await });
        call.deadline(Duration::from_hours(1))
    }

    /// Compares the files with the history. Nothing is written.
    ///
    /// # Errors
    ///
    /// Those of a [`Query`](crate::Query).
    pub fn status(&self, session: &Session) -> SessionCall<MigrationStatus> {
        self.call(session, |migrations, history| async move {
            let mut applied = history.applied().await?;
            let mut entries = Vec::new();
            for file in &migrations {
                let state = match applied.remove(&file.number) {
                    None => MigrationState::Pending,
                    Some(entry) if entry.checksum != file.checksum() => MigrationState::Changed,
                    Some(entry) => state_of(&entry),
                };
                entries.push(MigrationEntry { number: file.number, name: file.name.to_string(), state });
            }
            entries.extend(applied.into_iter().map(|(number, entry)| MigrationEntry {
                number,
                name: entry.name,
                state: MigrationState::Missing,
            }));
            entries.sort_by_key(|entry| entry.number);
            Ok(MigrationStatus { entries })
        })
    }

    /// Notes an unfinished migration as applied, after its rest was done by hand.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if there is no unfinished migration with this number;
    /// [`Migration`](ErrorKind::Migration) if another process runs migrations at the moment.
    pub fn resolve(&self, session: &Session, number: u64) -> SessionCall<()> {
        self.call(session, move |_, history| async move { run::settle(&history, number, Settlement::Applied).await })
    }

    /// Forgets an unfinished migration, so that it runs again from its first statement.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if there is no unfinished migration with this number;
    /// [`Migration`](ErrorKind::Migration) if another process runs migrations at the moment.
    pub fn forget(&self, session: &Session, number: u64) -> SessionCall<()> {
        self.call(session, move |_, history| async move { run::settle(&history, number, Settlement::Forgotten).await })
    }

    fn call<T, F>(&self, session: &Session, body: impl FnOnce(Self, History) -> F + Send + 'static) -> SessionCall<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let (session, migrations) = (session.clone(), self.clone());
        SessionCall::in_session(&Arc::clone(session.inner()), "migrate", move |deadline| {
            let history = History::new(session, &migrations.table, deadline);
            body(migrations, history)
        })
    }
}

impl<'a> IntoIterator for &'a Migrations {
    type Item = &'a Migration;
    type IntoIter = slice::Iter<'a, Migration>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

fn state_of(entry: &history::Applied) -> MigrationState {
    match entry.applied_at {
        Some(at) => MigrationState::Applied(at),
        None => MigrationState::Unfinished,
    }
}

/// The number of a file such as `0001_users.surql`.
fn number_of(name: &str) -> Option<u64> {
    let (number, rest) = name.split_once('_')?;
    let word = rest.strip_suffix(".surql")?;
    if word.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // The server has no larger ints.
    number.parse().ok().filter(|number| *number <= i64::MAX.unsigned_abs())
}

/// The migrations that [`Migrations::run`] has applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationReport {
    /// In their order.
    pub applied: Vec<AppliedMigration>,
}

/// A migration that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppliedMigration {
    /// The number of the file.
    pub number: u64,
    /// The name of the file.
    pub name: String,
    /// The time that it took.
    pub duration: Duration,
}

impl fmt::Display for MigrationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.applied.is_empty() {
            return f.write_str("no migration to apply");
        }
        for migration in &self.applied {
            writeln!(f, "applied {} in {:?}", migration.name, migration.duration)?;
        }
        Ok(())
    }
}

/// The files beside the history, of [`Migrations::status`]. [`Display`](fmt::Display) writes it as a table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationStatus {
    /// In the order of the numbers.
    pub entries: Vec<MigrationEntry>,
}

impl MigrationStatus {
    /// Returns true if each file is applied, and nothing else.
    pub fn is_current(&self) -> bool {
        self.entries.iter().all(|entry| matches!(entry.state, MigrationState::Applied(_)))
    }
}

/// A file, or an entry of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationEntry {
    /// The number of the file.
    pub number: u64,
    /// The name of the file.
    pub name: String,
    /// Whether it is applied.
    pub state: MigrationState,
}

/// The state of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MigrationState {
    /// It was applied at this time, by the server's clock.
    Applied(Datetime),
    /// It is not applied.
    Pending,
    /// It was changed after it was applied.
    Changed,
    /// It is applied, and not in the program.
    Missing,
    /// It has no transaction, and did not end.
    Unfinished,
}

impl fmt::Display for MigrationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Applied(at) => write!(f, "applied at {at}"),
            Self::Pending => f.write_str("pending"),
            Self::Changed => f.write_str("changed after it was applied"),
            Self::Missing => f.write_str("applied, and missing in the program"),
            Self::Unfinished => f.write_str("unfinished"),
        }
    }
}

impl fmt::Display for MigrationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.entries.iter().map(|entry| entry.name.chars().count()).max().unwrap_or(0);
        self.entries.iter().try_for_each(|entry| {
            f.write_fmt(format_args!("{:width$}  {}", entry.name, entry.state))?;
            f.write_char('\n')
        })
    }
}

/// The usual name of the history's table.
const TABLE: &str = "migration";

/// The constants of FNV-1a with 128 bits.
const FNV_OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const FNV_PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
