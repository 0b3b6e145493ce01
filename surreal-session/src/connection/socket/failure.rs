//! The failures of opening a socket, told apart by what helps against them.

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::time::Duration;

use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::http::header::RETRY_AFTER;
use tokio_tungstenite::tungstenite::http::{HeaderMap, StatusCode};
use tokio_tungstenite::tungstenite::{self, handshake};

use super::super::ServerUrl;
use crate::error::{Error, ErrorKind};

/// A failure to open a socket: its error, and whether a later attempt may succeed.
#[derive(Debug)]
pub(in super::super) struct OpenFailure {
    pub(in super::super) error: Error,
    pub(in super::super) cause: OpenCause,
    /// The failure without the URL, for a message that lists several.
    why: String,
}

/// The cause of a failure, by the step that failed. A later cause means that the attempt came further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum OpenCause {
    /// The request of the handshake cannot be written, or the settings of TLS cannot be used.
    Unusable,
    /// The host name was not resolved.
    Dns,
    /// The TCP connection was refused or failed.
    Tcp,
    /// A step took too long.
    Timeout,
    Tls,
    /// The connection ended before the answer to the handshake did.
    Interrupted,
    /// The answer is not that of a WebSocket server.
    NoWebSocket,
    /// The server answered with this HTTP status, and may have named the time after which to try again.
    Status(u16, Option<Duration>),
    /// The server does not speak the subprotocol `cbor`.
    NoCbor,
}

impl OpenFailure {
    pub(super) fn new(url: &ServerUrl, cause: OpenCause, why: &str) -> Self {
        let kind = match cause {
            OpenCause::NoCbor => ErrorKind::Unsupported,
            _ => ErrorKind::Connect,
        };
        let error = Error::new(kind, message(url, why));
        Self { error, cause, why: why.to_owned() }
    }

    /// A setting of the connection that cannot be used.
    pub(super) fn unusable(error: Error) -> Self {
        Self { why: error.to_string(), error, cause: OpenCause::Unusable }
    }

    pub(super) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.error = self.error.with_source(source);
        self
    }

    pub(super) fn of_handshake(url: &ServerUrl, error: tungstenite::Error) -> Self {
        let cause = OpenCause::of(&error);
        let why = match cause {
            OpenCause::Status(503, _) => "the server is not ready yet (HTTP 503)".to_owned(),
            OpenCause::Status(status @ (401 | 403), _) => format!("access to the endpoint was refused (HTTP {status})"),
            OpenCause::Status(status, _) => {
                format!("the server answered HTTP {status} instead of opening a WebSocket")
            }
            OpenCause::NoCbor => "the server does not speak the subprotocol `cbor`; SurrealDB 3 does".to_owned(),
            OpenCause::Interrupted => "the connection ended during the WebSocket handshake".to_owned(),
            _ => "the WebSocket handshake failed".to_owned(),
        };
        Self::new(url, cause, &why).with_source(error)
    }

    /// The failure of a host of which every address has failed. It has the cause that a later attempt can heal, if one can,
    /// and among these that of the attempt that came furthest.
    pub(super) fn of_all(url: &ServerUrl, failures: Vec<(SocketAddr, Self)>) -> Self {
        let why = match &failures[..] {
            [] => "the host name has no address".to_owned(),
            [(_, failure)] => failure.why.clone(),
            _ => listed(&failures),
        };
        let failures = failures.into_iter().map(|(_, failure)| failure);
        let foremost = failures.max_by_key(|failure| (failure.may_heal(true), failure.may_heal(false), failure.cause));
        match foremost {
            Some(failure) => Self { error: failure.error.with_message(message(url, &why)), ..failure },
            None => Self::new(url, OpenCause::Dns, &why),
        }
    }

    /// Returns true if a later attempt may succeed, at the first connect or after a connection had worked.
    ///
    /// After a connection had worked, a refusal may come from a proxy or a node that restarts.
    pub(in super::super) fn may_heal(&self, is_first: bool) -> bool {
        match self.cause {
            OpenCause::Dns
            | OpenCause::Tcp
            | OpenCause::Timeout
            | OpenCause::Tls
            | OpenCause::Interrupted
            | OpenCause::Status(408 | 425 | 429 | 500..=599, _) => true,
            OpenCause::Status(..) | OpenCause::NoWebSocket => !is_first,
            OpenCause::NoCbor | OpenCause::Unusable => false,
        }
    }

    /// The time after which the server wants to be asked again, if it names one.
    pub(in super::super) fn retry_after(&self) -> Option<Duration> {
        match self.cause {
            OpenCause::Status(_, after) => after,
            _ => None,
        }
    }
}

impl OpenCause {
    fn of(error: &tungstenite::Error) -> Self {
        use tungstenite::Error::{ConnectionClosed, Http, HttpFormat, Io, Protocol, Url};
        match error {
            Http(response) => Self::of_response(response),
            Protocol(ProtocolError::SecWebSocketSubProtocolError(_)) => Self::NoCbor,
            Protocol(ProtocolError::HandshakeIncomplete) | ConnectionClosed | Io(_) => Self::Interrupted,
            Url(_) | HttpFormat(_) => Self::Unusable,
            _ => Self::NoWebSocket,
        }
    }

    fn of_response(response: &handshake::client::Response) -> Self {
        let after = match response.status() {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => seconds(response.headers()),
            _ => None,
        };
        Self::Status(response.status().as_u16(), after)
    }
}

fn message(url: &ServerUrl, why: &str) -> String {
    format!("cannot connect to {}: {why}", url.endpoint)
}

/// The `Retry-After` of an answer. A date is not read: it depends on two clocks.
fn seconds(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

/// The failures of the first addresses.
fn listed(failures: &[(SocketAddr, OpenFailure)]) -> String {
    let one = |(address, failure): &(SocketAddr, OpenFailure)| format!("{address}: {}", failure.why);
    let text = failures.iter().take(LISTED).map(one).collect::<Vec<_>>().join("; ");
    match failures.len().saturating_sub(LISTED) {
        0 => text,
        others => format!("{text}; and {others} other addresses"),
    }
}

/// A longer `Retry-After` counts as this.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// The number of addresses whose failures a message lists.
const LISTED: usize = 4;

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::http::Response;

    use super::*;

    fn url() -> ServerUrl {
        ServerUrl::parse("ws://localhost:8000").unwrap()
    }

    fn answered(status: u16, retry_after: &str) -> OpenFailure {
        let response = Response::builder().status(status).header("retry-after", retry_after).body(None).unwrap();
        OpenFailure::of_handshake(&url(), tungstenite::Error::Http(Box::new(response)))
    }

    #[test]
    fn statuses_are_told_apart() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (status, header, words, (first, later), after) in [
            (503, "7", "not ready yet (HTTP 503)", (true, true), seconds(7)),
            (503, "Fri, 31 Dec 1999 23:59:59 GMT", "not ready yet (HTTP 503)", (true, true), None),
            (503, "18446744073709551615", "HTTP 503", (true, true), seconds(3_600)),
            (429, "0", "HTTP 429 instead", (true, true), seconds(0)),
            (502, "1", "HTTP 502 instead", (true, true), None),
            (401, "1", "access to the endpoint was refused (HTTP 401)", (false, true), None),
            (403, "1", "access to the endpoint was refused (HTTP 403)", (false, true), None),
            (404, "1", "HTTP 404 instead", (false, true), None),
            (302, "1", "HTTP 302 instead", (false, true), None),
        ] {
            let failure = answered(status, header);
            let text = failure.error.to_string();
            assert!(text.starts_with("cannot connect to ws://localhost:8000/rpc: ") && text.contains(words), "{text}");
            assert_eq!(failure.error.kind(), ErrorKind::Connect);
            assert_eq!((failure.may_heal(true), failure.may_heal(false)), (first, later), "{status}");
            assert_eq!(failure.retry_after(), after, "{status} {header}");
        }
    }

    #[test]
    fn failures_of_the_handshake_are_told_apart() {
        use tungstenite::Error::{AttackAttempt, Io, Protocol};
        use tungstenite::error::SubProtocolError::{InvalidSubProtocol, NoSubProtocol};
        let reset = || Io(std::io::ErrorKind::ConnectionReset.into());
        for (error, cause, (first, later)) in [
            (reset(), OpenCause::Interrupted, (true, true)),
            (Protocol(ProtocolError::HandshakeIncomplete), OpenCause::Interrupted, (true, true)),
            (Protocol(ProtocolError::SecWebSocketAcceptKeyMismatch), OpenCause::NoWebSocket, (false, true)),
            (AttackAttempt, OpenCause::NoWebSocket, (false, true)),
            (Protocol(ProtocolError::SecWebSocketSubProtocolError(NoSubProtocol)), OpenCause::NoCbor, (false, false)),
            (
                Protocol(ProtocolError::SecWebSocketSubProtocolError(InvalidSubProtocol)),
                OpenCause::NoCbor,
                (false, false),
            ),
        ] {
            let failure = OpenFailure::of_handshake(&url(), error);
            assert_eq!(failure.cause, cause);
            assert_eq!((failure.may_heal(true), failure.may_heal(false)), (first, later), "{cause:?}");
            let is_unsupported = failure.error.kind() == ErrorKind::Unsupported;
            assert_eq!(is_unsupported, cause == OpenCause::NoCbor);
        }
    }

    #[test]
    fn of_several_addresses_one_that_may_heal_decides() {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let refused = OpenFailure::new(&url(), OpenCause::Tcp, "refused");
        let foreign = OpenFailure::new(&url(), OpenCause::NoCbor, "no cbor");
        let both = OpenFailure::of_all(&url(), vec![(address(1), refused), (address(2), foreign)]);
        assert_eq!(both.cause, OpenCause::Tcp);
        assert!(both.error.to_string().ends_with("/rpc: 127.0.0.1:1: refused; 127.0.0.1:2: no cbor"), "{}", both.error);
        let many = (1..=6).map(|port| (address(port), answered(503, &port.to_string()))).collect();
        let all = OpenFailure::of_all(&url(), many);
        assert_eq!(all.retry_after(), Some(Duration::from_secs(6)));
        assert!(all.error.to_string().ends_with("; and 2 other addresses"), "{}", all.error);
    }
}
