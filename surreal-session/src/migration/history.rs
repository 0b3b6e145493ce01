//! The table of applied migrations, and the lock in it.
//!
//! A record with the number of a migration as its key says that it is applied. Two records with text keys are the lock: the
//! `lease` is renewed while migrations run and expires by the server's clock, and the `holder` changes only when the lock is
//! taken. A transaction of a migration writes the `holder` as well, so that it cannot be committed once another process has
//! taken the lock.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::sleep;

use super::Migration;
use crate::connection::{Deadline, random_up_to};
use crate::error::{Error, ErrorKind, Result};
use crate::query::queryable::Queryable;
use crate::query::surql::Surql;
use crate::query::{Query, Response};
use crate::session::Session;
use crate::value::{Datetime, Uuid, Value, escape_identifier};

/// The history in the session's database, for one call.
#[derive(Debug, Clone)]
pub(super) struct History {
    pub(super) session: Session,
    /// The table's name as SurrealQL.
    table: String,
    /// Other at each call.
    pub(super) owner: String,
    pub(super) deadline: Deadline,
}

/// An applied migration, or one that was begun without a transaction.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Applied {
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) checksum: String,
    pub(super) owner: String,
    /// `None` for one that did not end.
    #[serde(default)]
    pub(super) applied_at: Option<Datetime>,
    /// The number of the statement that is under way, counted from zero, without a transaction.
    #[serde(default)]
    pub(super) statement: Option<u64>,
    #[serde(default)]
    pub(super) error: Option<String>,
}

impl History {
    pub(super) fn new(session: Session, table: &str, deadline: Deadline) -> Self {
        let owner = Uuid::new_v4().to_string();
        Self { session, table: escape_identifier(table).into_owned(), owner, deadline }
    }

    /// Runs text of this module. `{t}` stands for the table.
    pub(super) async fn run(&self, on: &impl Queryable, text: &str, bind: &[(&str, &str)]) -> Result<Response> {
        let text = Surql::dynamic(text.replace("{t}", &self.table));
        let surql = bind.iter().fold(text, |text, (name, value)| text.bind(name, value));
        Query::new(on.scope(), surql).run_by(self.deadline).await?.check()
    }

    /// Defines the table, unless it is there.
    pub(super) async fn define(&self) -> Result<()> {
        let text = "RETURN [(INFO FOR DB).tables.{t} != NONE, (INFO FOR TABLE {t}).fields.checksum != NONE]";
        let (exists, is_history): (bool, bool) = self.repeated(text, &[]).await?.take(0)?;
        if exists && !is_history {
            let advice = "`Migrations::table` chooses another one";
            let message = format!("the table {} is no history of migrations: {advice}", self.table);
            return Err(Error::new(ErrorKind::Migration, message));
        }
        self.repeated(DEFINITION, &[]).await.map(drop)
    }

    /// Runs text that may run several times, again after a conflict and if its outcome is unknown.
    async fn repeated(&self, text: &str, bind: &[(&str, &str)]) -> Result<Response> {
        let mut pause = SHORTEST_PAUSE;
        loop {
            match self.run(&self.session, text, bind).await {
                Err(error) if self.deadline.left() > pause && (error.is_conflict() || is_passing(&error)) => {}
                result => return result,
            }
            sleep(random_up_to(pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The migrations that were applied, by their numbers; none if there is no table.
    pub(super) async fn applied(&self) -> Result<BTreeMap<u64, Applied>> {
        let text = "SELECT record::id(id) AS number, name, checksum, owner, applied_at, statement, error FROM {t} \
                    WHERE type::is_int(record::id(id)) AND type::is_string(checksum)";
        match self.repeated(text, &[]).await {
            Ok(response) => {
                let rows = response.take::<Vec<Applied>>(0)?.into_iter();
                Ok(rows.map(|row| (row.number, row)).collect())
            }
            Err(error) if error.is_not_found() => Ok(BTreeMap::new()),
            Err(error) => Err(error),
        }
    }

    /// Creates the record of a migration, as the first write of its transaction.
    pub(super) async fn create(&self, on: &impl Queryable, migration: &Migration) -> Result<()> {
        let text = format!(
            "CREATE {{t}}:{} SET name = $name, checksum = $checksum, owner = $owner, statement = 0",
            migration.number
        );
        let bind = [("name", &*migration.name), ("checksum", &migration.checksum()), ("owner", &self.owner)];
        self.run(on, &text, &bind).await.map(drop)
    }

    /// Notes that a migration is applied. Returns false if its entry is gone, or another process's.
    pub(super) async fn finish(&self, on: &impl Queryable, number: u64) -> Result<bool> {
        let text = format!(
            "UPDATE {{t}}:{number} SET applied_at = time::now(), statement = NONE, error = NONE WHERE owner = $owner \
             RETURN VALUE name"
        );
        let noted: Vec<String> = self.run(on, &text, &[("owner", &self.owner)]).await?.take(0)?;
        Ok(!noted.is_empty())
    }

    /// Notes where a migration without a transaction is. Returns false if its entry is gone, or another process's.
    pub(super) async fn note(&self, number: u64, statement: usize, error: Option<&str>) -> Result<bool> {
        let failure = if error.is_some() { "$error" } else { "NONE" };
        let text = format!(
            "UPDATE {{t}}:{number} SET statement = {statement}, error = {failure} WHERE owner = $owner RETURN VALUE name"
        );
        let mut bind = vec![("owner", self.owner.as_str())];
        bind.extend(error.map(|error| ("error", error)));
        let noted: Vec<String> = self.repeated(&text, &bind).await?.take(0)?;
        Ok(!noted.is_empty())
    }

    /// Takes or renews the lock. Returns the other process if one holds it, and until when unless it renews it.
    pub(super) async fn lock(&self) -> Result<Option<String>> {
        let text = "RETURN { \
            LET $other = SELECT VALUE owner + ', until ' + <string> until FROM ONLY {t}:lease \
                WHERE owner != $owner AND until > time::now(); \
            IF $other != NONE { RETURN $other }; \
            IF (SELECT VALUE owner FROM ONLY {t}:holder) != $owner { UPSERT {t}:holder SET owner = $owner }; \
            UPSERT {t}:lease SET owner = $owner, until = time::now() + 30s; \
            RETURN NONE \
        }";
        self.repeated(text, &[("owner", &self.owner)]).await?.take(0)
    }

    /// Gives the lock back.
    pub(super) async fn unlock(&self) -> Result<()> {
        let later = Self { deadline: self.session.inner().client.deadline(None), ..self.clone() };
        later.repeated("DELETE {t}:lease WHERE owner = $owner", &[("owner", &self.owner)]).await.map(drop)
    }

    /// Writes the holder of the lock in a transaction. Returns false if it is another process.
    pub(super) async fn hold(&self, on: &impl Queryable) -> Result<bool> {
        let text = "UPDATE {t}:holder SET owner = $owner, writes += 1 WHERE owner = $owner RETURN VALUE owner";
        let held: Vec<String> = self.run(on, text, &[("owner", &self.owner)]).await?.take(0)?;
        Ok(!held.is_empty())
    }

    /// Settles an unfinished migration. Returns false if there is none with this number.
    pub(super) async fn settle(&self, number: u64, settlement: Settlement) -> Result<bool> {
        let text = match settlement {
            Settlement::Applied => format!(
                "UPDATE {{t}}:{number} SET applied_at = time::now(), statement = NONE, error = NONE \
                 WHERE applied_at = NONE RETURN BEFORE"
            ),
            Settlement::Forgotten => format!("DELETE {{t}}:{number} WHERE applied_at = NONE RETURN BEFORE"),
        };
        let settled: Vec<Value> = self.run(&self.session, &text, &[]).await?.take(0)?;
        Ok(!settled.is_empty())
    }
}

/// What becomes of an unfinished migration.
#[derive(Debug, Clone, Copy)]
pub(super) enum Settlement {
    Applied,
    Forgotten,
}

/// Returns true if the reply is missing, or nothing was sent.
fn is_passing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Disconnected | ErrorKind::Timeout) && !error.is_final()
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

const DEFINITION: &str = "
    BEGIN;
    DEFINE TABLE IF NOT EXISTS {t} TYPE NORMAL SCHEMAFULL PERMISSIONS NONE COMMENT 'applied migrations, and their lock';
    DEFINE FIELD IF NOT EXISTS name ON {t} TYPE option<string>;
    DEFINE FIELD IF NOT EXISTS checksum ON {t} TYPE option<string>;
    DEFINE FIELD IF NOT EXISTS owner ON {t} TYPE option<string>;
    DEFINE FIELD IF NOT EXISTS applied_at ON {t} TYPE option<datetime>;
    DEFINE FIELD IF NOT EXISTS statement ON {t} TYPE option<int>;
    DEFINE FIELD IF NOT EXISTS error ON {t} TYPE option<string>;
    DEFINE FIELD IF NOT EXISTS until ON {t} TYPE option<datetime>;
    DEFINE FIELD IF NOT EXISTS writes ON {t} TYPE option<int>;
    COMMIT;
";
