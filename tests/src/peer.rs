//! A scripted peer: accepts connections and sends the replies that the test scripts.

use std::sync::Arc;

use bytes::Bytes;
use ciborium::Value;
use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// A peer that listens on a free port.
#[derive(Debug)]
pub struct Peer {
    url: String,
}

/// The version that a peer tells in its answer to the handshake, unless it is started with another.
const VERSION: &str = "surrealdb/3.3.5";

/// One connection to a [`Peer`], seen from its side.
#[derive(Debug)]
pub struct Conversation {
    socket: WebSocketStream<TcpStream>,
}

/// The answer to a handshake, with the version of the server.
struct Accept(Option<&'static str>);

impl Peer {
    /// Starts a peer that runs `script` on each connection.
    ///
    /// # Panics
    ///
    /// If no port can be opened.
    pub async fn start<F: Future<Output = ()> + Send + 'static>(
        script: impl Fn(Conversation) -> F + Send + Sync + 'static,
    ) -> Self {
        Self::start_as(Some(VERSION), script).await
    }

    /// Starts a peer that tells this version in its answer to the handshake, or none.
    ///
    /// # Panics
    ///
    /// If no port can be opened.
    pub async fn start_as<F: Future<Output = ()> + Send + 'static>(
        version: Option<&'static str>,
        script: impl Fn(Conversation) -> F + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let script = Arc::new(script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let script = Arc::clone(&script);
                tokio::spawn(async move {
                    if let Ok(socket) = tokio_tungstenite::accept_hdr_async(stream, Accept(version)).await {
                        script(Conversation { socket }).await;
                    }
                });
            }
        });
        Self { url }
    }

    /// The URL to connect to.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Conversation {
    /// The next request besides those that open sessions, which are answered: its id and its method. `None` once the client
    /// has gone.
    ///
    /// # Panics
    ///
    /// If the client sends anything but a request.
    pub async fn request(&mut self) -> Option<(i64, String)> {
        loop {
            match self.any_request().await? {
                (id, method) if method == "attach" => self.reply(id, Value::Null).await,
                request => return Some(request),
            }
        }
    }

    /// The next request, whatever it is: its id and its method. `None` once the client has gone.
    ///
    /// # Panics
    ///
    /// If the client sends anything but a request.
    pub async fn any_request(&mut self) -> Option<(i64, String)> {
        loop {
            match self.socket.next().await?.ok()? {
                Message::Binary(frame) => return Some(read_request(&frame)),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// The id of the next request, which must be for `method`.
    ///
    /// # Panics
    ///
    /// If the request is for another method, or the client has gone.
    pub async fn expect(&mut self, method: &str) -> i64 {
        let request = if method == "attach" { self.any_request().await } else { self.request().await };
        let (id, asked) = request.unwrap();
        assert_eq!(asked, method);
        id
    }

    /// Answers the request that registers a typed live query, with this live id and this identity.
    pub async fn reply_live(&mut self, id: i64, live: [u8; 16], identity: &str, expires_in: Option<i64>) {
        let live = Value::Tag(37, Box::new(Value::Bytes(live.to_vec())));
        let expires_in = expires_in.map_or(Value::Null, Value::from);
        let who = Value::Map(vec![("identity".into(), identity.into()), ("expires_in".into(), expires_in)]);
        let results = [who, Value::Array(Vec::new()), live];
        self.reply_statements(id, results).await;
    }

    /// Answers a `query` request with the results of its statements.
    pub async fn reply_statements(&mut self, id: i64, results: impl IntoIterator<Item = Value>) {
        let statement = |result| Value::Map(vec![("result".into(), result), ("status".into(), "OK".into())]);
        self.reply(id, Value::Array(results.into_iter().map(statement).collect())).await;
    }

    /// Answers a request with `result`.
    pub async fn reply(&mut self, id: i64, result: Value) {
        let reply = Value::Map(vec![("id".into(), id.into()), ("result".into(), result)]);
        self.send(&reply).await;
    }

    /// Encodes an item and sends it as a frame.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub async fn send(&mut self, item: &Value) {
        let mut frame = Vec::new();
        ciborium::into_writer(item, &mut frame).unwrap();
        self.send_bytes(frame).await;
    }

    /// Sends any bytes as a binary frame.
    pub async fn send_bytes(&mut self, frame: impl Into<Bytes>) {
        // If the client has gone, the test notices it.
        let _ = self.socket.send(Message::Binary(frame.into())).await;
    }

    /// Writes any bytes, without a frame around them.
    pub async fn send_raw(&mut self, bytes: &[u8]) {
        let _ = self.socket.get_mut().write_all(bytes).await;
    }

    /// Sends a text frame.
    pub async fn send_text(&mut self, text: &str) {
        let _ = self.socket.send(Message::text(text)).await;
    }

    /// Closes with a code and a reason.
    pub async fn close(mut self, code: u16, reason: &str) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        let _ = self.socket.close(Some(frame)).await;
        self.ignore().await;
    }

    /// Sends a close frame, and leaves the TCP connection open until the `Conversation` is dropped.
    pub async fn announce_close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        let _ = self.socket.send(Message::Close(Some(frame))).await;
    }

    /// Reads, opens sessions, and answers nothing else until the client goes.
    pub async fn ignore(mut self) {
        while self.request().await.is_some() {}
    }
}

fn read_request(frame: &[u8]) -> (i64, String) {
    let request: Value = ciborium::from_reader(frame).unwrap();
    let entries = request.into_map().unwrap();
    let entry =
        |name: &str| entries.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value.clone());
    let id = entry("id").and_then(|id| id.as_integer()).and_then(|id| i64::try_from(id).ok()).unwrap();
    let method = entry("method").and_then(|method| method.into_text().ok()).unwrap();
    (id, method)
}

impl Callback for Accept {
    fn on_request(self, _: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let headers = response.headers_mut();
        headers.insert("Sec-WebSocket-Protocol", HeaderValue::from_static("cbor"));
        if let Some(version) = self.0 {
            headers.insert("surreal-version", HeaderValue::from_static(version));
        }
        Ok(response)
    }
}
