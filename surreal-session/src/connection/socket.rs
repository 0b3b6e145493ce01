//! Opening the socket: TCP, TLS where asked for, and the WebSocket handshake.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{ProtocolError, SubProtocolError};
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite};

use super::{Config, ServerUrl};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::SessionId;

pub(super) type Socket = WebSocketStream<MaybeTlsStream<Counted>>;

/// The number of bytes that have come from the server.
#[derive(Debug, Clone, Default)]
pub(super) struct Received(Arc<AtomicU64>);

/// A TCP connection that counts the bytes it receives.
#[derive(Debug)]
pub(super) struct Counted {
    stream: TcpStream,
    received: Received,
}

/// Connects within the configured deadline. `id` becomes the id of the connection and of its default session.
pub(super) async fn open(url: &ServerUrl, id: SessionId, config: &Config) -> Result<(Socket, Received)> {
    let limit = config.deadline.min(LONGEST);
    match timeout(limit, connect(url, id, config)).await {
        Ok(socket) => socket,
        Err(_) => Err(failed(url, format!("no answer within {limit:?}"))),
    }
}

async fn connect(url: &ServerUrl, id: SessionId, config: &Config) -> Result<(Socket, Received)> {
    let request = handshake(url, id)?;
    let stream = TcpStream::connect((url.host.as_str(), url.port))
        .await
        .map_err(|error| failed(url, "the TCP connection failed").with_source(error))?;
    // A request is one small frame, and its caller waits: it must not wait for the next one.
    stream.set_nodelay(true).map_err(|error| failed(url, "the socket refuses TCP_NODELAY").with_source(error))?;
    keep_alive(&stream).map_err(|error| failed(url, "the socket refuses SO_KEEPALIVE").with_source(error))?;
    let received = Received::default();
    let stream = Counted { stream, received: received.clone() };
    let limits = WebSocketConfig::default()
        .max_message_size(Some(config.max_message_bytes))
        .max_frame_size(Some(config.max_message_bytes));
    let socket = upgrade(url, request, stream, limits).await.map_err(|error| refused(url, error))?;
    Ok((socket, received))
}

/// Has the system probe a silent peer, for programs that set no limit of silence.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    let probes = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
    SockRef::from(stream).set_tcp_keepalive(&probes)
}

fn handshake(url: &ServerUrl, id: SessionId) -> Result<Request> {
    let bad = |error: &dyn std::fmt::Display| failed(url, format!("the handshake cannot be written: {error}"));
    let mut request = url.endpoint.as_str().into_client_request().map_err(|error| bad(&error))?;
    let headers = request.headers_mut();
    headers.insert("Sec-WebSocket-Protocol", HeaderValue::from_static("cbor"));
    headers.insert("Surreal-ID", HeaderValue::from_str(&id.to_string()).map_err(|error| bad(&error))?);
    Ok(request)
}

#[cfg(not(feature = "rustls"))]
async fn upgrade(
    _: &ServerUrl,
    request: Request,
    stream: Counted,
    limits: WebSocketConfig,
) -> Result<Socket, tungstenite::Error> {
    let stream = MaybeTlsStream::Plain(stream);
    let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(limits)).await?;
    Ok(socket)
}

#[cfg(feature = "rustls")]
async fn upgrade(
    url: &ServerUrl,
    request: Request,
    stream: Counted,
    limits: WebSocketConfig,
) -> Result<Socket, tungstenite::Error> {
    let connector = super::tls::connector(url.tls)?;
    let (socket, _) =
        tokio_tungstenite::client_async_tls_with_config(request, stream, Some(limits), Some(connector)).await?;
    Ok(socket)
}

fn refused(url: &ServerUrl, error: tungstenite::Error) -> Error {
    let why = match &error {
        tungstenite::Error::Http(response) if response.status() == StatusCode::SERVICE_UNAVAILABLE => {
            "the server is not ready yet (HTTP 503)".to_owned()
        }
        tungstenite::Error::Http(response) => {
            format!("the server answered HTTP {} instead of opening a WebSocket", response.status().as_u16())
        }
        tungstenite::Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::NoSubProtocol)) => {
            "the server does not speak the subprotocol `cbor`; SurrealDB 3 does".to_owned()
        }
        _ => "the WebSocket handshake failed".to_owned(),
    };
    failed(url, why).with_source(error)
}

fn failed(url: &ServerUrl, why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Connect, format!("cannot connect to {}: {why}", url.endpoint))
}

impl Received {
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let count = buffer.filled().len() - before;
        self.received.0.fetch_add(count as u64, Ordering::Relaxed);
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The longest time that tokio's timer can express.
const LONGEST: Duration = Duration::from_hours(24 * 365);

/// The time of silence before the system probes a connection, and the time between probes.
const KEEPALIVE: Duration = Duration::from_secs(15);
