//! The attribute `test` of `surreal_session_embedded`, by its name in the crate of the macros.

use surreal_session::prelude::*;
use surreal_session_derive::database_test;

#[database_test(flavour = "multi_thread")]
async fn unknown_option(_db: Session) {}

#[database_test(flavor = "many")]
async fn unknown_flavor(_db: Session) {}

#[database_test(worker_threads = 2)]
async fn workers_without_flavor(_db: Session) {}

#[database_test(server = "mine")]
async fn unknown_server(_db: Session) {}

#[database_test]
fn not_async(_db: Session) {}

#[database_test(blocking)]
async fn async_and_blocking(_db: Session) {}

#[database_test]
async fn generic<T>(_db: Session) {}

#[database_test(fixtures(1))]
async fn fixture_of_another_kind(_db: Session) {}

#[database_test]
struct NotAFunction;

fn main() {}
