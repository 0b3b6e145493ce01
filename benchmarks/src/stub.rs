//! A server that answers at once with results that are ready, for counts of the client's instructions.

use std::io;

use ciborium::{Value, cbor};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::item::NewItem;
use crate::recorder::accept_cbor;

/// The number of records in a reply to a select.
pub const STUB_ROWS: u64 = 1_000;

/// Runs until standard input ends; prints the URL first.
///
/// # Panics
///
/// If there is no port, or a request is not one of the client's.
pub async fn run_stub() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            socket.set_nodelay(true).unwrap();
            tokio::spawn(answer(socket));
        }
    });
    let ended = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink()));
    drop(ended.await);
}

async fn answer(socket: TcpStream) {
    let mut socket = accept_hdr_async(socket, accept_cbor).await.unwrap();
    let results = Results::new();
    while let Some(Ok(message)) = socket.next().await {
        let Message::Binary(request) = message else { continue };
        let request: Value = ciborium::from_reader(&*request).unwrap();
        if socket.send(Message::Binary(results.reply(&request))).await.is_err() {
            break;
        }
    }
}

/// Results, encoded.
struct Results {
    none: Vec<u8>,
    value: Vec<u8>,
    no_rows: Vec<u8>,
    row: Vec<u8>,
    rows: Vec<u8>,
}

impl Results {
    fn new() -> Self {
        let rows = (0..STUB_ROWS).map(row).collect();
        Self {
            none: encoded(&Value::Tag(6, Box::new(Value::Null))),
            value: succeeded(1.into()),
            no_rows: succeeded(Value::Array(Vec::new())),
            row: succeeded(Value::Array(vec![row(1)])),
            rows: succeeded(Value::Array(rows)),
        }
    }

    fn reply(&self, request: &Value) -> Bytes {
        let entry = |key: &str| {
            let mut entries = request.as_map().unwrap().iter();
            entries.find(|(name, _)| name.as_text() == Some(key)).map(|(_, value)| value)
        };
        let text = entry("params").and_then(|params| params.as_array()?.first()?.as_text()).unwrap_or_default();
        let result = match text.split(' ').next() {
            _ if entry("method").unwrap().as_text() != Some("query") => &self.none,
            Some("CREATE") => &self.row,
            Some("SELECT") => &self.rows,
            Some("INSERT") => &self.no_rows,
            _ => &self.value,
        };
        // The order of the server.
        let mut reply = vec![0xa3];
        reply.extend(encoded(&"id".into()));
        reply.extend(encoded(entry("id").unwrap()));
        reply.extend(encoded(&"result".into()));
        reply.extend(result);
        reply.extend(encoded(&"session".into()));
        reply.extend(entry("session").map_or_else(|| self.none.clone(), encoded));
        reply.into()
    }
}

/// A record as the server sends it: fields by name, with an id of its own making.
fn row(number: u64) -> Value {
    let NewItem { name, email, age, score, active, tags, note } = NewItem::numbered(number);
    let key = format!("{number:0>20}");
    let id = Value::Tag(8, Box::new(Value::Array(vec!["item".into(), key.into()])));
    cbor!({
        "active" => active, "age" => age, "email" => email, "id" => id, "name" => name, "note" => note,
        "score" => score, "tags" => tags,
    })
    .unwrap()
}

fn succeeded(result: Value) -> Vec<u8> {
    let none = Value::Tag(6, Box::new(Value::Null));
    encoded(&cbor!([{"result" => result, "status" => "OK", "time" => "123.456µs", "type" => none}]).unwrap())
}

fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}
