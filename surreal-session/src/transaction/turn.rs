//! The turn of a query in its transaction.

use tokio::sync::MutexGuard;

use super::State;
use crate::connection::Patience;
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{Statement, first_failure};

/// The time from a query's request to its reply, in which no other query of the transaction is on the server.
///
/// Dropped before its [`end`](Self::end), nobody knows what has become of the query: the transaction has failed then.
pub(crate) struct Turn<'a> {
    state: &'a State,
    surql: &'a str,
    progress: Progress,
    /// Released after the failure is noted, so that the next query sees it.
    _turn: MutexGuard<'a, ()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Sent,
    Ended,
}

impl State {
    /// Waits until the queries that came before `surql` have their replies.
    ///
    /// Queries come in the order of their first poll. Nothing is at risk while one waits.
    pub(crate) async fn turn<'a>(&'a self, surql: &'a str, patience: Patience) -> Result<Turn<'a>> {
        self.check_open()?;
        self.verdict.check()?;
        let turn = tokio::select! {
            biased;
            turn = self.turn.lock() => turn,
            () = self.handle().timer(patience.until) => return Err(no_turn(patience)),
        };
        self.verdict.check()?;
        Ok(Turn { state: self, surql, progress: Progress::Sent, _turn: turn })
    }
}

impl Turn<'_> {
    /// Notes what the query came to. One that was not sent has changed nothing.
    pub(crate) fn end(mut self, outcome: &Result<Vec<Statement>>) {
        self.progress = Progress::Ended;
        let verdict = &self.state.verdict;
        match outcome {
            Ok(statements) => {
                if let Some((index, error)) = first_failure(statements) {
                    verdict.fail(self.surql, &Error::from_statement(index, error.clone()));
                }
            }
            Err(error) if error.delivery() == Delivery::NotSent => {}
            Err(error) => verdict.fail(self.surql, error),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.progress == Progress::Sent {
            let message = "its future was dropped before the reply came";
            self.state
                .verdict
                .fail(self.surql, &Error::new(ErrorKind::Query, message).with_delivery(Delivery::Unknown));
        }
    }
}

fn no_turn(patience: Patience) -> Error {
    let message = format!("`query` did not get its turn in the transaction within {:?}", patience.whole);
    Error::new(ErrorKind::Timeout, message)
}
