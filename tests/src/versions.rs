//! Tests that only some servers can pass: they are skipped on others, and say so.

use std::env;
use std::io::{Write, stderr};
use std::ops::RangeBounds;
use std::thread;

use surreal_session::connection::ServerVersion;
use tokio::sync::OnceCell;

use crate::connect;

/// Ends the test unless the server has one of these versions: `needs!("3.3".., "row locks");`.
///
/// The reason names what the other servers do not have, or do otherwise. It is written to standard error, past the capture of
/// the test harness, so that every run shows what it has skipped.
#[macro_export]
macro_rules! needs {
    ($versions:expr, $why:literal) => {
        if !$crate::is_version_in($versions).await {
            $crate::tell_skipped(module_path!(), $why);
            return;
        }
    };
}

/// Returns true if the version of the server under test is in a range of such texts as `3.3` or `3.0.5`.
///
/// # Panics
///
/// If the server cannot be reached.
pub async fn is_version_in<'a>(versions: impl RangeBounds<&'a str>) -> bool {
    static VERSION: OnceCell<ServerVersion> = OnceCell::const_new();
    // The embedded server is the one that all facts are about.
    if env::var_os("SURREAL_URL").is_none() {
        return true;
    }
    let version = VERSION.get_or_init(async || connect().await.server_version().await.unwrap()).await;
    let numbers = [version.major(), version.minor(), version.patch()];
    (versions.start_bound().map(|bound| parsed(bound)), versions.end_bound().map(|bound| parsed(bound)))
        .contains(&numbers)
}

/// Says that a test is skipped.
#[doc(hidden)]
pub fn tell_skipped(module: &str, why: &str) {
    let thread = thread::current();
    let test = thread.name().filter(|name| name.contains("::")).unwrap_or(module);
    // A line that cannot be written is not worth a failure.
    let _ = writeln!(stderr(), "SKIPPED {test}: {why}");
}

fn parsed(version: &str) -> [u64; 3] {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap());
    let mut next = || numbers.next().unwrap_or(0);
    [next(), next(), next()]
}
