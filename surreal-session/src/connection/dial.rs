//! The first socket of a connection.

use tokio::time::{sleep, timeout_at};

use super::Config;
use super::deadline::after;
use super::fleet::Fleet;
use super::socket::{self, OpenFailure, Opened};
use crate::error::{Error, ErrorKind, Result};

/// Opens a socket to the first endpoint that answers, and returns it with the index of the endpoint.
///
/// Fails after one walk through the endpoints, unless the connection waits for its server.
pub(super) async fn first(fleet: &Fleet, config: &Config) -> Result<(usize, Opened)> {
    let limit = after(config.wait_for_server);
    let mut pauses = config.reconnect.backoff();
    loop {
        let failure = match walk(fleet, config).await {
            Ok(opened) => return Ok(opened),
            Err(failure) => {
                failure.ok_or_else(|| Error::new(ErrorKind::InvalidUrl, "there is no endpoint to connect to"))?
            }
        };
        let pause = pauses.next_pause().max(failure.retry_after().unwrap_or_default());
        let may_wait = !config.wait_for_server.is_zero() && failure.may_heal(true);
        if !may_wait || timeout_at(limit, sleep(pause)).await.is_err() {
            return Err(failure.error);
        }
    }
}

/// Tries each endpoint once. A failure that may heal counts most, as another endpoint may be up later.
async fn walk(fleet: &Fleet, config: &Config) -> Result<(usize, Opened), Option<OpenFailure>> {
    let mut last: Option<OpenFailure> = None;
    for (index, url) in fleet.urls.iter().enumerate() {
        match socket::open(url, config).await {
            Ok(opened) => return Ok((index, opened)),
            Err(failure) => last = Some(last.filter(|last| last.may_heal(true)).unwrap_or(failure)),
        }
    }
    Err(last)
}
