//! Opening the socket: TCP, TLS where asked for, and the WebSocket handshake.

use std::time::Duration;

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

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connects within the configured deadline. `id` becomes the id of the connection and of its default session.
pub(super) async fn open(url: &ServerUrl, id: SessionId, config: &Config) -> Result<Socket> {
    let patience = config.deadline.min(LONGEST);
    match timeout(patience, connect(url, id, config)).await {
        Ok(socket) => socket,
        Err(_) => Err(failed(url, format!("no answer within {patience:?}"))),
    }
}

async fn connect(url: &ServerUrl, id: SessionId, config: &Config) -> Result<Socket> {
    let request = handshake(url, id)?;
    let stream = TcpStream::connect((url.host.as_str(), url.port))
        .await
        .map_err(|error| failed(url, "the TCP connection failed").with_source(error))?;
    // A request is one small frame that somebody waits for: it must not wait for the next one.
    stream.set_nodelay(true).map_err(|error| failed(url, "the socket refuses TCP_NODELAY").with_source(error))?;
    let limits = WebSocketConfig::default()
        .max_message_size(Some(config.max_message_bytes))
        .max_frame_size(Some(config.max_message_bytes));
    upgrade(url, request, stream, limits).await.map_err(|error| refused(url, error))
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
    stream: TcpStream,
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
    stream: TcpStream,
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

/// What tokio's timer can express.
const LONGEST: Duration = Duration::from_hours(24 * 365);
