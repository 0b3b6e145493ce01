//! Transactions that cannot half-commit, leak or be lost.
//!
//! The server (3.3.5) keeps what a failed statement has written and commits it if it is told to, runs requests of one
//! transaction side by side, and rolls back only when somebody says so. What is missing is here: [`State`] gives each
//! query its turn and remembers the first failure, [`Transaction`] ends it exactly once, and dropping it cancels it.

mod begin;
mod end;
mod handle;
mod run;
mod state;
mod turn;
mod verdict;

pub use handle::Transaction;
pub use run::TransactionBuilder;
pub(crate) use state::State;
pub(crate) use verdict::Witness;
