//! Opening a socket: the addresses of the host, TCP, TLS where asked for, and the WebSocket handshake.
//!
//! From below: TCP that counts the bytes it receives, TLS if the URL asks for it, a [`Shortener`] of messages above the
//! limit, and tungstenite.

mod connector;
mod failure;
mod frames;
mod shortener;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use self::connector::Connector;
use self::failure::OpenCause;
pub(super) use self::failure::OpenFailure;
use self::frames::KEPT_BYTES;
pub(super) use self::frames::Oversize;
use self::shortener::Shortener;
use super::deadline::after;
use super::transport::{Counted, Received, Transport};
use super::{Config, ServerUrl};
use crate::protocol::ServerVersion;

pub(super) type Socket = WebSocketStream<Shortener<Box<dyn Transport>>>;

/// An open socket.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) socket: Socket,
    /// The count of the bytes that it receives.
    pub(super) received: Received,
    /// The version of the server, if its answer to the handshake tells that.
    pub(super) version: Option<ServerVersion>,
}

/// Opens a socket within the configured deadline.
///
/// The host's name is resolved each time. Its addresses are tried in the order of the resolver until one works. While others
/// are left, an address gets an equal share of the time that is left, and its TCP connection five seconds at most.
pub(super) async fn open(url: &ServerUrl, config: &Config) -> Result<Opened, OpenFailure> {
    let connector = Connector::new(url, config).map_err(OpenFailure::unusable)?;
    config.headers.check().map_err(OpenFailure::unusable)?;
    let attempt = Attempt { url, config, connector, limit: config.deadline.min(LONGEST) };
    let at = after(attempt.limit);
    let addresses = attempt.resolve(at).await?;
    attempt.walk(&addresses, at).await
}

/// One walk through the addresses of a host.
struct Attempt<'a> {
    url: &'a ServerUrl,
    config: &'a Config,
    connector: Connector,
    /// The time for the whole walk, as the messages name it.
    limit: Duration,
}

impl Attempt<'_> {
    async fn resolve(&self, at: Instant) -> Result<Vec<SocketAddr>, OpenFailure> {
        let lookup = lookup_host((self.url.host.as_str(), self.url.port));
        let addresses = match timeout_at(at, lookup).await {
            Ok(Ok(addresses)) => distinct(addresses),
            Ok(Err(error)) => return Err(self.failed(OpenCause::Dns, "the host name cannot be resolved", error)),
            Err(_) => return Err(self.timed_out("the host name was not resolved")),
        };
        if addresses.is_empty() {
            return Err(OpenFailure::new(self.url, OpenCause::Dns, "the host name has no address"));
        }
        Ok(addresses)
    }

    /// Opens a socket to the first address that works.
    async fn walk(&self, addresses: &[SocketAddr], at: Instant) -> Result<Opened, OpenFailure> {
        let mut failures = Vec::new();
        for (index, address) in addresses.iter().enumerate() {
            let left = addresses.len() - index;
            match self.connect(*address, share(at, left), left > 1).await {
                Ok(opened) => return Ok(opened),
                Err(failure) => failures.push((*address, failure)),
            }
        }
        Err(OpenFailure::of_all(self.url, failures))
    }

    /// Opens a socket to one address.
    async fn connect(&self, address: SocketAddr, at: Instant, others_follow: bool) -> Result<Opened, OpenFailure> {
        let tcp_at = if others_follow { at.min(after(TCP_LIMIT)) } else { at };
        let stream = match timeout_at(tcp_at, TcpStream::connect(address)).await {
            Ok(stream) => stream.map_err(|error| self.failed(OpenCause::Tcp, "the TCP connection failed", error))?,
            Err(_) => return Err(self.timed_out("the TCP connection was not accepted")),
        };
        match timeout_at(at, self.upgrade(stream)).await {
            Ok(opened) => opened,
            Err(_) => Err(self.timed_out("no answer to the handshake")),
        }
    }

    /// Turns a TCP connection into a WebSocket.
    async fn upgrade(&self, stream: TcpStream) -> Result<Opened, OpenFailure> {
        let request = self.request()?;
        // A request is one small frame, and its caller waits: it must not wait for the next one.
        stream.set_nodelay(true).map_err(|error| self.failed(OpenCause::Tcp, "TCP_NODELAY is refused", error))?;
        keep_alive(&stream).map_err(|error| self.failed(OpenCause::Tcp, "SO_KEEPALIVE is refused", error))?;
        let received = Received::default();
        let stream = Counted::new(stream, received.clone());
        let stream = self
            .connector
            .connect(stream)
            .await
            .map_err(|error| self.failed(OpenCause::Tls, "the TLS handshake failed", error))?;
        let stream = Shortener::new(stream, self.config.max_message_bytes);
        // Exceeded only by what is no frame.
        let limit = self.config.max_message_bytes.max(KEPT_BYTES);
        let limits = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
        let limits = limits.max_message_size(Some(limit)).max_frame_size(Some(limit));
        match tokio_tungstenite::client_async_with_config(request, stream, Some(limits)).await {
            Ok((socket, answer)) => {
                let version = answer.headers().get(VERSION_HEADER).and_then(|text| text.to_str().ok()?.parse().ok());
                Ok(Opened { socket, received, version })
            }
            Err(error) => Err(OpenFailure::of_handshake(self.url, error)),
        }
    }

    fn request(&self) -> Result<Request, OpenFailure> {
        let why = "the request of the handshake cannot be written";
        let request = self.url.endpoint.as_str().into_client_request();
        let mut request = request.map_err(|error| self.failed(OpenCause::Unusable, why, error))?;
        let headers = request.headers_mut();
        self.config.headers.write(headers);
        headers.insert("Sec-WebSocket-Protocol", HeaderValue::from_static("cbor"));
        Ok(request)
    }

    fn failed(
        &self,
        cause: OpenCause,
        why: &str,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> OpenFailure {
        OpenFailure::new(self.url, cause, why).with_source(source)
    }

    fn timed_out(&self, what: &str) -> OpenFailure {
        OpenFailure::new(self.url, OpenCause::Timeout, &format!("{what} in time; connecting may take {:?}", self.limit))
    }
}

/// The end of the share of one address, when `left` addresses have not failed yet.
fn share(at: Instant, left: usize) -> Instant {
    let now = Instant::now();
    let left = u32::try_from(left).unwrap_or(u32::MAX);
    now + at.saturating_duration_since(now) / left.max(1)
}

/// The addresses without those that repeat an earlier one.
fn distinct(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut all = Vec::new();
    for address in addresses {
        if !all.contains(&address) {
            all.push(address);
        }
    }
    all
}

/// Has the system probe a silent peer, for programs that set no limit of silence.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    let probes = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
    SockRef::from(stream).set_tcp_keepalive(&probes)
}

/// The size of the buffer that bytes are read into. Small frames are slices of it.
///
/// tungstenite (0.29) clears the buffer before each read: one of 128 KiB, its default, takes longer to clear than a small
/// frame to read. For a large frame it makes room for the whole frame.
pub(super) const READ_BUFFER_BYTES: usize = 8 << 10;

/// The header in which a server tells its version, unless it was started with `--no-identification-headers`.
const VERSION_HEADER: &str = "surreal-version";

/// The longest time that tokio's timer can express.
const LONGEST: Duration = Duration::from_hours(24 * 365);

/// The time for the TCP connection to an address, while others are left.
const TCP_LIMIT: Duration = Duration::from_secs(5);

/// The time of silence before the system probes a connection, and the time between probes.
const KEEPALIVE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Response};

    use super::*;

    /// A listener that accepts the handshake, or one that never answers.
    async fn listener(answers: bool) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                if answers {
                    let mut socket = tokio_tungstenite::accept_hdr_async(stream, cbor).await.unwrap();
                    tokio::spawn(async move { while futures_util::StreamExt::next(&mut socket).await.is_some() {} });
                } else {
                    open.push(stream);
                }
            }
        });
        address
    }

    #[expect(clippy::result_large_err, clippy::unnecessary_wraps, reason = "the signature is tungstenite's")]
    fn cbor(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        response.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("cbor"));
        Ok(response)
    }

    async fn walk(addresses: &[SocketAddr], limit: Duration) -> Result<Opened, OpenFailure> {
        let url = ServerUrl::parse("ws://database.example").unwrap();
        let config = Config { deadline: limit, ..Config::default() };
        let attempt = Attempt { url: &url, config: &config, connector: Connector::Plain, limit };
        attempt.walk(addresses, after(limit)).await
    }

    fn refusing() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 1))
    }

    #[tokio::test]
    async fn walk_goes_on_after_an_address_that_fails() {
        let (good, mute) = (listener(true).await, listener(false).await);
        let begun = Instant::now();
        for first in [refusing(), mute] {
            let opened = walk(&[first, good], Duration::from_secs(2)).await.unwrap();
            assert!(opened.received.bytes() > 0);
        }
        // The address without an answer took its half.
        let waited = begun.elapsed();
        assert!(waited >= Duration::from_secs(1) && waited < Duration::from_secs(2), "{waited:?}");
    }

    #[tokio::test]
    async fn failures_of_all_addresses_are_listed_and_the_furthest_counts() {
        let mute = listener(false).await;
        let failure = walk(&[mute, refusing()], Duration::from_millis(400)).await.unwrap_err();
        assert_eq!(failure.cause, OpenCause::Timeout);
        let text = failure.error.to_string();
        let expected = format!(
            "cannot connect to ws://database.example/rpc: {mute}: no answer to the handshake in time; connecting may take \
             400ms; {}: the TCP connection failed",
            refusing()
        );
        assert_eq!(text, expected);
        let failure = walk(&[refusing()], Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(failure.cause, OpenCause::Tcp);
        assert_eq!(failure.error.to_string(), "cannot connect to ws://database.example/rpc: the TCP connection failed");
    }

    #[test]
    fn addresses_are_tried_once() {
        let [a, b] = [1, 2].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        assert_eq!(distinct([a, b, a, b, b].into_iter()), [a, b]);
    }
}
