//! One statement of a batch.

use crate::error::{Error, Result};
use crate::query::Fragment;
use crate::query::effect::may_write;
use crate::query::statement::Statement;
use crate::session::Scope;

/// A statement with what has to be known of it when the answer comes.
#[derive(Debug)]
pub struct Part {
    scope: Scope,
    pub(super) surql: Fragment,
    /// The error if it gives no record, where there has to be one.
    pub(super) missing: Option<Error>,
}

impl Part {
    pub(super) fn of<S: Statement>(statement: &S) -> Self {
        let scope = statement.call().scope.clone();
        Self { scope, surql: statement.surql(), missing: statement.missing() }
    }

    /// The statement; it fails on the server if it gives no record where there has to be one.
    pub(super) fn guarded(&self) -> Fragment {
        match self.missing {
            Some(_) => {
                let guard = format!("; IF !$_row {{ THROW '{MISSING}' }}; $_row }}");
                Fragment::new("{ LET $_row = (").then(self.surql.clone()).text(")").text(&guard)
            }
            None => self.surql.clone(),
        }
    }

    pub(super) fn may_write(&self) -> bool {
        may_write(&self.surql.to_string())
    }
}

/// Checks what can be checked before anything is sent.
pub(super) fn check(parts: &[Part], scope: &Scope) -> Result<()> {
    for (index, part) in parts.iter().enumerate() {
        if !part.scope.is_same(scope) {
            let message = format!("statement {index} of the batch was made in another session or transaction");
            return Err(Error::argument(message).with_statement(index));
        }
        let in_batch = |error: Error| error.in_context(format_args!("statement {index} of the batch"));
        part.surql.check().map_err(|error| in_batch(error).with_statement(index))?;
    }
    Ok(())
}

/// What a guarded statement fails with if it gives no record.
pub(super) const MISSING: &str = "surreal-session: no record";
