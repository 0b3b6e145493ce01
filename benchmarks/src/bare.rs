//! The least that a client can do: a WebSocket, bytes that are ready, replies that are not read.

use std::env;

use ciborium::{Value, cbor};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// A connection without a client.
#[derive(Debug)]
pub struct Bare(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Bare {
    /// Connects to the server at `SURREAL_URL`, as root, in this namespace and database.
    ///
    /// # Panics
    ///
    /// If that cannot be done: there is nothing to be measured then.
    pub async fn connect(namespace: &str, database: &str) -> Self {
        let url = env::var("SURREAL_URL").expect("SURREAL_URL says where the server is");
        let variable = |name| env::var(name).unwrap_or_else(|_| "root".to_owned());
        let mut request = format!("{url}/rpc").into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("cbor"));
        let (socket, _) = connect_async_with_config(request, None, true).await.unwrap();
        let mut bare = Self(socket);
        let root = cbor!({"user" => variable("SURREAL_USER"), "pass" => variable("SURREAL_PASS")}).unwrap();
        bare.call(&Self::request("signin", vec![root])).await;
        bare.call(&Self::request("use", vec![namespace.into(), database.into()])).await;
        bare
    }

    /// A request whose bytes are ready.
    #[must_use]
    pub fn request(method: &str, params: Vec<Value>) -> Bytes {
        let request = cbor!({"id" => 1, "method" => method, "params" => params}).unwrap();
        let mut frame = Vec::new();
        ciborium::into_writer(&request, &mut frame).unwrap();
        frame.into()
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
}
