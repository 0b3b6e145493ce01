//! The embedded server: how it starts and stops, and that it keeps its data in between.
//!
//! The tests use a bare WebSocket with the `json` subprotocol, so that they do not depend on the client crate.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value as Json, json};
use surreal_session::Queryable;
use surreal_session_embedded::{Embedded, StartError};
use surreal_session_tests::async_test;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Far longer than any step of these tests, so that only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

#[async_test]
async fn starts_and_answers() {
    let server = Embedded::start().await.unwrap();
    assert!(server.url().starts_with("ws://127.0.0.1:"), "{}", server.url());
    let mut client = Client::signed_in(&server).await;
    assert_eq!(client.query("RETURN 1 + 1").await, json!(2));
    server.shutdown().await;
}

#[async_test]
async fn failed_start_becomes_an_error_of_the_client() {
    async fn program(path: &Path) -> surreal_session::Result<()> {
        let server = Embedded::builder().path(path).start().await?;
        server.connect().await?.close().await
    }
    let error = program(Path::new("/dev/null/store")).await.unwrap_err();
    assert_eq!(error.kind(), surreal_session::ErrorKind::Connect);
    assert!(std::error::Error::source(&error).is_some_and(<dyn std::error::Error>::is::<StartError>), "{error:?}");
}

#[async_test]
async fn connects_as_root() {
    let server = Embedded::builder().credentials("ada", "secret").start().await.unwrap();
    let db = server.connect().await.unwrap();
    assert_eq!(db.version().await.unwrap(), "surrealdb-3.3.5");
    db.use_ns("test").use_db("test").await.unwrap();
    db.execute("DEFINE TABLE note").await.unwrap();
}

#[async_test]
async fn two_servers_keep_their_data_apart() {
    let (one, two) = (Embedded::start().await.unwrap(), Embedded::start().await.unwrap());
    assert_ne!(one.url(), two.url());
    let (mut first, mut second) = (Client::signed_in(&one).await, Client::signed_in(&two).await);
    first.query("CREATE note:1 SET text = 'first'").await;
    second.query("CREATE note:1 SET text = 'second'").await;
    assert_eq!(first.query("RETURN note:1.text").await, json!("first"));
    assert_eq!(second.query("RETURN note:1.text").await, json!("second"));
    one.shutdown().await;
    assert_eq!(second.query("RETURN note:1.text").await, json!("second"));
}

#[async_test]
async fn taken_port_is_named() {
    let server = Embedded::start().await.unwrap();
    let port = port(&server);
    let error = Embedded::builder().port(port).start().await.unwrap_err();
    assert!(matches!(error, StartError::Listen { port: named, .. } if named == port), "{error:?}");
    assert_eq!(error.to_string(), format!("cannot listen on 127.0.0.1:{port}"));
}

#[async_test]
async fn port_is_free_after_shutdown() {
    let server = Embedded::start().await.unwrap();
    let port = port(&server);
    let _client = Client::signed_in(&server).await;
    server.shutdown().await;
    let again = Embedded::builder().port(port).start().await.unwrap();
    assert_eq!(again.url(), format!("ws://127.0.0.1:{port}"));
}

#[async_test]
async fn path_that_cannot_hold_a_database_is_named() {
    let scratch = Scratch::new("bad-path");
    let file = scratch.path().join("file");
    fs::write(&file, "not a database").unwrap();
    for path in [file.clone(), file.join("below"), scratch.path().join("really?")] {
        let error = Embedded::builder().path(&path).start().await.unwrap_err();
        assert!(matches!(error, StartError::Path { .. }), "{error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "not a database");
}

#[async_test]
async fn store_in_use_is_refused() {
    let scratch = Scratch::new("in-use");
    let _server = Embedded::builder().path(scratch.path()).start().await.unwrap();
    let error = Embedded::builder().path(scratch.path()).start().await.unwrap_err();
    assert!(matches!(error, StartError::Open { .. }), "{error:?}");
    assert!(error.to_string().contains(scratch.path().to_str().unwrap()), "{error}");
}

#[async_test]
async fn store_outlives_the_server() {
    let scratch = Scratch::new("persistent");
    let store = scratch.path().join("made").join("on the way");
    for round in 0..3 {
        let server = Embedded::builder().path(&store).credentials("ada", "secret").start().await.unwrap();
        let mut client = Client::signed_in(&server).await;
        client.query("DEFINE TABLE IF NOT EXISTS note").await;
        let rows = client.query("SELECT VALUE round FROM note ORDER BY round").await;
        assert_eq!(rows, json!((0..round).collect::<Vec<_>>()));
        client.query(&format!("CREATE note SET round = {round}")).await;
        server.shutdown().await;
    }
}

#[async_test]
async fn store_keeps_its_root_user() {
    let scratch = Scratch::new("root-user");
    let server = Embedded::builder().path(scratch.path()).credentials("ada", "secret").start().await.unwrap();
    server.shutdown().await;
    let server = Embedded::builder().path(scratch.path()).credentials("eve", "guess").start().await.unwrap();
    let mut client = Client::connect(server.url()).await;
    client.signin("eve", "guess").await.unwrap_err();
    client.signin("ada", "secret").await.unwrap();
}

#[async_test]
async fn wrong_password_is_refused() {
    let server = Embedded::builder().credentials("ada", "secret").start().await.unwrap();
    assert_eq!((server.username(), server.password()), ("ada", "secret"));
    let mut client = Client::connect(server.url()).await;
    client.signin("ada", "guess").await.unwrap_err();
    client.signin("root", "root").await.unwrap_err();
    client.signin("ada", "secret").await.unwrap();
    let printed = format!("{server:?} {:?}", Embedded::builder().credentials("ada", "secret"));
    assert!(!printed.contains("secret"), "{printed}");
}

#[async_test]
async fn anonymous_session_has_no_rights() {
    let server = Embedded::start().await.unwrap();
    Client::signed_in(&server).await.query("CREATE note:1").await;
    let mut stranger = Client::connect(server.url()).await;
    stranger.call("use", json!(["test", "test"])).await.unwrap();
    assert_eq!(stranger.query("SELECT * FROM note").await, json!([]));
    assert!(stranger.statement("DEFINE TABLE mine").await.is_err());
}

#[async_test]
async fn live_query_delivers() {
    let server = Embedded::start().await.unwrap();
    let mut listener = Client::signed_in(&server).await;
    let mut writer = Client::signed_in(&server).await;
    writer.query("DEFINE TABLE note").await;
    let live = listener.query("LIVE SELECT * FROM note").await;
    writer.query("CREATE note:1 SET text = 'heard'").await;
    let notification = listener.notification().await;
    assert_eq!(notification["id"], live);
    assert_eq!(notification["action"], "CREATE");
    assert_eq!(notification["result"]["text"], "heard");
}

#[async_test]
async fn deepest_statements_do_not_overflow_the_stack() {
    let server = Embedded::start().await.unwrap();
    let mut client = Client::signed_in(&server).await;
    client.query("DEFINE FUNCTION fn::down($n: int) { RETURN IF $n > 0 { fn::down($n - 1) } ELSE { 0 } }").await;
    for depth in [10, 50, 100, 500] {
        let bracketed = format!("RETURN {}1{}", "(".repeat(depth), ")".repeat(depth));
        let nested = format!("RETURN {}1{}", "[".repeat(depth), "]".repeat(depth));
        let blocks = format!("{}RETURN 1{}", "{ ".repeat(depth), " }".repeat(depth));
        for statement in [bracketed, nested, blocks, format!("RETURN fn::down({depth})")] {
            // An answer of either kind is fine; a server that ran out of stack would take this process with it.
            let _ = client.statement(&statement).await;
        }
    }
    assert_eq!(client.query("RETURN 1").await, json!(1));
}

#[async_test]
async fn shutdown_closes_open_clients() {
    let server = Embedded::start().await.unwrap();
    let mut idle = Client::signed_in(&server).await;
    let mut listener = Client::signed_in(&server).await;
    listener.query("DEFINE TABLE note; LIVE SELECT * FROM note").await;
    let mut in_transaction = Client::signed_in(&server).await;
    in_transaction.call("begin", json!([])).await.unwrap();
    let mut busy = Client::signed_in(&server).await;
    busy.send("query", json!(["SLEEP 1h"])).await;
    let _never_upgraded = TcpStream::connect(("127.0.0.1", port(&server))).await.unwrap();

    // A server that waits for its statements would be held for an hour.
    timeout(PATIENCE, server.shutdown()).await.unwrap();
    for client in [&mut idle, &mut listener, &mut in_transaction, &mut busy] {
        client.ended().await;
    }
}

#[async_test]
async fn killed_server_breaks_connections() {
    let server = Embedded::start().await.unwrap();
    let mut idle = Client::signed_in(&server).await;
    let mut busy = Client::signed_in(&server).await;
    busy.send("query", json!(["SLEEP 1h"])).await;
    timeout(PATIENCE, server.kill()).await.unwrap();
    for client in [&mut idle, &mut busy] {
        // A client that gets a close frame sees `ConnectionClosed`.
        assert!(matches!(client.end().await, SocketError::Protocol(_) | SocketError::Io(_)));
    }
}

#[async_test]
async fn stopped_server_starts_again_at_its_address_with_its_data() {
    let scratch = Scratch::new("again");
    let settings = Embedded::builder().path(scratch.path());
    let mut server = settings.clone().start().await.unwrap();
    let (url, settings) = (server.url().to_owned(), settings.port(server.port()));
    for round in 0..4 {
        let mut client = Client::signed_in(&server).await;
        client.query("DEFINE TABLE IF NOT EXISTS note").await;
        let rows = client.query("SELECT VALUE round FROM note ORDER BY round").await;
        assert_eq!(rows, json!((0..round).collect::<Vec<_>>()));
        client.query(&format!("CREATE note SET round = {round}")).await;
        match round % 2 {
            0 => server.kill().await,
            _ => server.shutdown().await,
        }
        timeout(PATIENCE, client.ended()).await.unwrap();
        timeout(PATIENCE, refused(port_of(&url))).await.unwrap();
        server = settings.clone().start().await.unwrap();
        assert_eq!(server.url(), url);
    }
}

#[async_test]
async fn shutdown_rolls_back_running_statements() {
    let scratch = Scratch::new("running");
    let server = Embedded::builder().path(scratch.path()).start().await.unwrap();
    let mut client = Client::signed_in(&server).await;
    client.query("DEFINE TABLE note; CREATE note:kept").await;
    client.send("query", json!(["BEGIN; CREATE note:lost; SLEEP 1h; COMMIT"])).await;
    // Its answer shows that the server has started on the request before it.
    client.call("ping", json!([])).await.unwrap();
    server.shutdown().await;
    client.ended().await;

    let server = Embedded::builder().path(scratch.path()).start().await.unwrap();
    let mut client = Client::signed_in(&server).await;
    assert_eq!(client.query("SELECT VALUE id FROM note").await, json!(["note:kept"]));
}

#[async_test]
async fn drop_stops_the_server_without_waiting() {
    let server = Embedded::start().await.unwrap();
    let port = port(&server);
    let mut client = Client::signed_in(&server).await;
    client.send("query", json!(["SLEEP 1h"])).await;
    drop(server);
    client.ended().await;
    timeout(PATIENCE, refused(port)).await.unwrap();
}

#[async_test]
async fn dropped_start_leaves_nothing_behind() {
    let scratch = Scratch::new("abandoned");
    for patience in [0, 1, 5, 20, 50] {
        let start = Embedded::builder().path(scratch.path()).start();
        let _ = timeout(Duration::from_millis(patience), start).await;
        timeout(PATIENCE, opens(scratch.path())).await.unwrap();
    }
}

#[test]
fn server_starts_and_stops_outside_of_runtimes_and_across_them() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime().block_on(Embedded::start()).unwrap();
    let answer = runtime().block_on(async { Client::signed_in(&server).await.query("RETURN 1").await });
    assert_eq!(answer, json!(1));
    runtime().block_on(server.shutdown());
    drop(runtime().block_on(Embedded::start()).unwrap());
}

fn port(server: &Embedded) -> u16 {
    let port = port_of(server.url());
    assert_eq!(port, server.port());
    port
}

fn port_of(url: &str) -> u16 {
    url.rsplit(':').next().unwrap().parse().unwrap()
}

/// Returns once nothing listens on the port.
async fn refused(port: u16) {
    while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

/// Returns once the store is free.
async fn opens(store: &Path) {
    loop {
        match Embedded::builder().path(store).start().await {
            Ok(server) => return server.shutdown().await,
            Err(error) => assert!(matches!(error, StartError::Open { .. }), "{error:?}"),
        }
    }
}

/// The directory of one test, removed at its end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        // The two forms of a test run at the same time. The next run counts the same way and removes what is left.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("store-{name}-{number}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left for the next run to remove when a server that was only dropped still writes to it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A bare WebSocket with the part of the protocol that these tests need.
struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: u64,
}

impl Client {
    async fn connect(url: &str) -> Self {
        let mut request = format!("{url}/rpc").into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", "json".parse().unwrap());
        let (socket, _) = connect_async(request).await.unwrap();
        Self { socket, last_id: 0 }
    }

    /// Connects as root, in namespace and database `test`.
    async fn signed_in(server: &Embedded) -> Self {
        let mut client = Self::connect(server.url()).await;
        client.signin(server.username(), server.password()).await.unwrap();
        client.call("use", json!(["test", "test"])).await.unwrap();
        client
    }

    async fn signin(&mut self, user: &str, pass: &str) -> Result<Json, Json> {
        self.call("signin", json!([{ "user": user, "pass": pass }])).await
    }

    /// Runs the statements and returns the result of the last.
    async fn query(&mut self, text: &str) -> Json {
        self.statement(text).await.unwrap()
    }

    async fn statement(&mut self, text: &str) -> Result<Json, Json> {
        let replies = self.call("query", json!([text])).await?;
        let last = replies.as_array().unwrap().last().unwrap().clone();
        if last["status"] == "OK" { Ok(last["result"].clone()) } else { Err(last) }
    }

    async fn call(&mut self, method: &str, params: Json) -> Result<Json, Json> {
        let id = self.send(method, params).await;
        self.reply(&id).await
    }

    async fn send(&mut self, method: &str, params: Json) -> Json {
        self.last_id += 1;
        let request = json!({ "id": self.last_id, "method": method, "params": params });
        self.socket.send(Message::text(request.to_string())).await.unwrap();
        json!(self.last_id)
    }

    async fn reply(&mut self, id: &Json) -> Result<Json, Json> {
        loop {
            let message = self.next().await.unwrap();
            if message["id"] == *id {
                let error = message.get("error").cloned();
                return error.map_or_else(|| Ok(message["result"].clone()), Err);
            }
        }
    }

    async fn notification(&mut self) -> Json {
        loop {
            let message = self.next().await.unwrap();
            if message.get("id").is_none() {
                return message["result"].clone();
            }
        }
    }

    /// Returns once the server has closed the connection.
    async fn ended(&mut self) {
        let _ = self.end().await;
    }

    /// Returns the error at the end of the connection.
    async fn end(&mut self) -> SocketError {
        loop {
            if let Err(error) = self.next().await {
                return error;
            }
        }
    }

    async fn next(&mut self) -> Result<Json, SocketError> {
        // Around the whole loop: the server's pings arrive more often than the timeout.
        timeout(PATIENCE, self.read()).await.unwrap()
    }

    async fn read(&mut self) -> Result<Json, SocketError> {
        loop {
            match self.socket.next().await.unwrap_or(Err(SocketError::ConnectionClosed))? {
                Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
                Message::Close(_) => return Err(SocketError::ConnectionClosed),
                _ => {}
            }
        }
    }
}
