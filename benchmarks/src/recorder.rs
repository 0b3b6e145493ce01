//! A proxy that keeps the requests of a client, so that the bare socket can send the same bytes.

use std::mem;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::bare::{Bare, Socket};
use crate::server::Server;

/// A running proxy.
#[derive(Debug)]
pub struct Recorder {
    url: String,
    requests: Arc<Mutex<Vec<Bytes>>>,
}

impl Recorder {
    /// Starts a proxy of this server.
    ///
    /// # Panics
    ///
    /// If there is no port.
    pub async fn start(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let recorder = Self { url: format!("ws://{}", listener.local_addr().unwrap()), requests: Arc::default() };
        let (server, requests) = (server.clone(), Arc::clone(&recorder.requests));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(forward(socket, Bare::open(&server).await, Arc::clone(&requests)));
            }
        });
        recorder
    }

    /// The URL to connect to.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the requests since the last call, in their order.
    ///
    /// # Panics
    ///
    /// If a task of the proxy has panicked.
    #[must_use]
    pub fn take(&self) -> Vec<Bytes> {
        mem::take(&mut self.requests.lock().unwrap())
    }
}

async fn forward(client: TcpStream, server: Socket, requests: Arc<Mutex<Vec<Bytes>>>) {
    let client = accept_hdr_async(client, accept_cbor).await.unwrap();
    let ((mut to_client, mut from_client), (mut to_server, mut from_server)) = (client.split(), server.split());
    let up = async {
        while let Some(Ok(message)) = from_client.next().await {
            if let Message::Binary(frame) = &message {
                requests.lock().unwrap().push(frame.clone());
            }
            if to_server.send(message).await.is_err() {
                break;
            }
        }
    };
    let down = async {
        while let Some(Ok(message)) = from_server.next().await {
            if to_client.send(message).await.is_err() {
                break;
            }
        }
    };
    tokio::select! { () = up => {}, () = down => {} }
}

/// Answers a handshake as the server does.
#[expect(clippy::result_large_err, clippy::unnecessary_wraps, reason = "the signature of a callback")]
pub(crate) fn accept_cbor(
    _: &Request,
    mut response: Response,
) -> Result<Response, tokio_tungstenite::tungstenite::handshake::server::ErrorResponse> {
    response.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("cbor"));
    response.headers_mut().insert("surreal-version", HeaderValue::from_static("surrealdb/3.3.5"));
    Ok(response)
}
