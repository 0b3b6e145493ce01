//! The tests that a server of another version cannot pass. They are skipped there, and say so.

use std::fmt;
use std::io::{Write, stderr};
use std::ops::RangeBounds;
use std::sync::LazyLock;

use surreal_session::connection::ServerVersion;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::OnceCell;

use crate::connect;
use crate::needs::{SINCE, UNTIL};

/// Returns true if the test in this module needs another version of the server. The reason is written to standard error, past
/// the capture of the test harness, so that every run shows what it has skipped.
///
/// # Panics
///
/// If the server cannot be reached.
pub async fn is_skipped(module: &str) -> bool {
    let test = module.split_once("::").map_or(module, |(_, test)| test);
    for (tests, since, why) in SINCE {
        if test.starts_with(tests) && !is_version_in(*since..).await {
            return tell(format_args!("SKIPPED {test}: before {since}, {why}"));
        }
    }
    for (tests, until, why) in UNTIL {
        if test.starts_with(tests) && is_version_in(*until..).await {
            return tell(format_args!("SKIPPED {test}: from {until} on, {why}"));
        }
    }
    false
}

/// Does the same for a test that is not asynchronous.
///
/// # Panics
///
/// If the server cannot be reached.
#[must_use]
pub fn is_skipped_here(test: &str) -> bool {
    // Kept until the process ends: the embedded server may have been started on it.
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());
    RUNTIME.block_on(is_skipped(test))
}

fn tell(skipped: fmt::Arguments<'_>) -> bool {
    // A line that cannot be written is not worth a failure.
    let _ = writeln!(stderr(), "{skipped}");
    true
}

/// Returns true if the version of the server under test is in a range of such texts as `3.3` or `3.0.5`.
///
/// # Panics
///
/// If the server cannot be reached.
pub async fn is_version_in<'a>(versions: impl RangeBounds<&'a str>) -> bool {
    static VERSION: OnceCell<ServerVersion> = OnceCell::const_new();
    let version = VERSION.get_or_init(async || connect().await.server_version().await.unwrap()).await;
    let numbers = [version.major(), version.minor(), version.patch()];
    let bounds = (versions.start_bound().map(|bound| parsed(bound)), versions.end_bound().map(|bound| parsed(bound)));
    bounds.contains(&numbers)
}

fn parsed(version: &str) -> [u64; 3] {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap());
    let mut next = || numbers.next().unwrap_or(0);
    [next(), next(), next()]
}
