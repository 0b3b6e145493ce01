//! The least that a client can do: a WebSocket, bytes that are ready, replies that are not read.

use ciborium::{Value, cbor};
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::server::Server;

/// A WebSocket to the server.
pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection without a client.
#[derive(Debug)]
pub struct Bare(Socket);

impl Bare {
    /// Connects as root, in this namespace and database.
    ///
    /// # Panics
    ///
    /// If that cannot be done: there is nothing to be measured then.
    pub async fn connect(server: &Server, namespace: &str, database: &str) -> Self {
        let mut bare = Self::new(server).await;
        let root = cbor!({"user" => server.user, "pass" => server.password}).unwrap();
        bare.call(&Self::request("signin", vec![root])).await;
        bare.call(&Self::request("use", vec![namespace.into(), database.into()])).await;
        bare
    }

    /// Connects, without a sign-in.
    pub(crate) async fn new(server: &Server) -> Self {
        Self(Self::open(server).await)
    }

    pub(crate) async fn open(server: &Server) -> Socket {
        let mut request = format!("{}/rpc", server.url).into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("cbor"));
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        connect_async_with_config(request, Some(config), true).await.unwrap().0
    }

    /// A request whose bytes are ready.
    #[must_use]
    pub fn request(method: &str, params: Vec<Value>) -> Bytes {
        let request = cbor!({"id" => 1, "method" => method, "params" => params}).unwrap();
        encoded(&request)
    }

    /// A recorded query for a socket without sessions; `None` for other requests, and for texts without this statement.
    #[must_use]
    pub fn without_session(request: &[u8], statement: &str) -> Option<Bytes> {
        let request: Value = ciborium::from_reader(request).ok()?;
        let entry = |name: &str| Some(&request.as_map()?.iter().find(|(key, _)| key.as_text() == Some(name))?.1);
        let params = entry("params")?.as_array()?;
        let is_statement = entry("method")?.as_text()? == "query" && params.first()?.as_text()?.contains(statement);
        is_statement.then(|| Self::request("query", params.clone()))
    }

    /// Opens another session on this socket, signs in there, and registers a live query.
    ///
    /// `live` is a request of [`without_session`](Self::without_session).
    ///
    /// # Panics
    ///
    /// If the request is not one.
    pub async fn live_in_session(&mut self, number: u8, live: &Bytes, server: &Server, place: [&str; 2]) {
        let session = Value::Tag(37, Box::new(Value::Bytes(vec![number + 1; 16])));
        let live: Value = ciborium::from_reader(&**live).unwrap();
        let text = live.into_map().unwrap().into_iter().find(|(key, _)| key.as_text() == Some("params")).unwrap().1;
        let root = cbor!({"user" => server.user, "pass" => server.password}).unwrap();
        let requests = [
            ("attach", vec![]),
            ("signin", vec![root]),
            ("use", place.map(Value::from).to_vec()),
            ("query", text.into_array().unwrap()),
        ];
        for (method, params) in requests {
            let request = cbor!({"id" => 1, "method" => method, "session" => session, "params" => params}).unwrap();
            self.call(&encoded(&request)).await;
        }
    }

    /// Sends a request and waits for the next frame.
    pub async fn call(&mut self, request: &Bytes) -> Bytes {
        self.0.send(Message::Binary(request.clone())).await.unwrap();
        self.receive().await
    }

    /// Waits for the next frame: a reply, or an event.
    pub async fn receive(&mut self) -> Bytes {
        loop {
            if let Message::Binary(frame) = self.0.next().await.unwrap().unwrap() {
                return frame;
            }
        }
    }

    /// Sends all requests, and waits for as many frames; never more than `window` are in flight.
    ///
    /// Requests that can be sent at the same time are one write.
    pub async fn pipeline(&mut self, mut requests: impl Iterator<Item = Bytes>, window: u64) {
        let mut in_flight = self.feed(&mut requests, window).await;
        while in_flight > 0 {
            self.0.flush().await.unwrap();
            self.receive().await;
            let mut received = 1;
            while self.receive().now_or_never().is_some() {
                received += 1;
            }
            in_flight -= received;
            in_flight += self.feed(&mut requests, received).await;
        }
    }

    async fn feed(&mut self, requests: &mut impl Iterator<Item = Bytes>, number: u64) -> u64 {
        let mut fed = 0;
        while fed < number {
            let Some(request) = requests.next() else { break };
            self.0.feed(Message::Binary(request)).await.unwrap();
            fed += 1;
        }
        fed
    }
}

fn encoded(request: &Value) -> Bytes {
    let mut frame = Vec::new();
    ciborium::into_writer(request, &mut frame).unwrap();
    frame.into()
}
