//! The server program of each version, which `compat/run` starts. It takes the arguments of the `surreal` program.

#![recursion_limit = "512"]

use std::process::ExitCode;

fn main() -> ExitCode {
    surrealdb_server::init(surrealdb_core::CommunityComposer())
}
