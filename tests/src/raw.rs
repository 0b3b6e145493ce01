//! A client that does not use this crate, to see how the server behaves without its precautions.

use ciborium::{Value, cbor};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::{login, unique};

/// A connection that sends one request after another.
#[derive(Debug)]
pub struct Raw {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: i64,
    /// The frames that were no replies.
    events: Vec<Vec<u8>>,
}

impl Raw {
    /// Connects to the server under test as root, in a new namespace and database.
    ///
    /// # Panics
    ///
    /// If the server cannot be reached.
    pub async fn place() -> Self {
        let login = login().await;
        let mut request = format!("{}/rpc", login.url).into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("cbor"));
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let mut raw = Self { socket, next_id: 0, events: Vec::new() };
        let root = cbor!({"user" => login.username, "pass" => login.password}).unwrap();
        raw.call("signin", None, vec![root]).await.unwrap();
        raw.call("use", None, vec![unique("raw").into(), "test".into()]).await.unwrap();
        raw
    }

    /// Sends a request and returns its result, or the text of its error.
    ///
    /// # Panics
    ///
    /// If the connection is lost or the frame is not a reply.
    pub async fn call(&mut self, method: &str, txn: Option<&Value>, params: Vec<Value>) -> Result<Value, String> {
        let reply = ciborium::from_reader::<Value, _>(&*self.exchange(method, txn, params).await).unwrap();
        match entry(&reply, "error") {
            Some(error) => Err(entry(error, "message").and_then(Value::as_text).unwrap().to_owned()),
            None => Ok(entry(&reply, "result").unwrap().clone()),
        }
    }

    /// Sends a request and returns the frame of its reply.
    ///
    /// # Panics
    ///
    /// If the connection is lost or a frame is not CBOR.
    pub async fn exchange(&mut self, method: &str, txn: Option<&Value>, params: Vec<Value>) -> Vec<u8> {
        self.next_id += 1;
        let request = cbor!({"id" => self.next_id, "method" => method, "txn" => txn, "params" => params}).unwrap();
        let mut frame = Vec::new();
        ciborium::into_writer(&request, &mut frame).unwrap();
        self.socket.send(Message::Binary(frame.into())).await.unwrap();
        loop {
            let (frame, is_reply) = self.next_frame().await;
            if is_reply {
                return frame;
            }
            self.events.push(frame);
        }
    }

    /// Returns the frame of the next event of a live query.
    ///
    /// # Panics
    ///
    /// If the connection is lost or a frame is not CBOR.
    pub async fn event(&mut self) -> Vec<u8> {
        while self.events.is_empty() {
            let (frame, _) = self.next_frame().await;
            self.events.push(frame);
        }
        self.events.remove(0)
    }

    /// The next frame, and whether it is a reply.
    async fn next_frame(&mut self) -> (Vec<u8>, bool) {
        loop {
            if let Message::Binary(frame) = self.socket.next().await.unwrap().unwrap() {
                let value = ciborium::from_reader::<Value, _>(&*frame).unwrap();
                return (frame.into(), entry(&value, "id").is_some_and(Value::is_integer));
            }
        }
    }

    /// Runs text, in a transaction if given: returns each statement's result, or the text of its error.
    ///
    /// # Panics
    ///
    /// If the server refuses the whole text.
    pub async fn query(&mut self, txn: Option<&Value>, text: &str) -> Vec<Result<Value, String>> {
        let statements = self.call("query", txn, vec![text.into()]).await.unwrap().into_array().unwrap();
        let outcome = |statement: &Value| {
            let result = entry(statement, "result").unwrap().clone();
            match entry(statement, "status").and_then(Value::as_text) {
                Some("OK") => Ok(result),
                _ => Err(result.into_text().unwrap()),
            }
        };
        statements.iter().map(outcome).collect()
    }
}

fn entry<'a>(map: &'a Value, name: &str) -> Option<&'a Value> {
    map.as_map().unwrap().iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
}
