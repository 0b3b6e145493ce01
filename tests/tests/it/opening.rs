//! Failures to open a connection: each names the endpoint and its cause.

use std::time::Duration;

use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::async_test;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

/// Longer than any call here may take.
const HANGS: Duration = Duration::from_secs(20);

/// The URL of a listener that reads a request, answers each with the same bytes, and closes.
async fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

async fn failure(url: &str) -> Error {
    let error = timeout(HANGS, Surreal::connect(url).into_future()).await.expect("hangs").unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent, "{error:?}");
    let start = format!("cannot connect to {url}/rpc: ");
    assert!(error.to_string().starts_with(&start), "{error}");
    error
}

#[async_test]
async fn answers_other_than_an_upgrade_are_told_apart() {
    for (answer, kind, words) in [
        ("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3\r\n\r\n", ErrorKind::Connect, "not ready yet (HTTP 503)"),
        ("HTTP/1.1 401 Unauthorized\r\n\r\n", ErrorKind::Connect, "access to the endpoint was refused (HTTP 401)"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", ErrorKind::Connect, "access to the endpoint was refused (HTTP 403)"),
        ("HTTP/1.1 404 Not Found\r\n\r\n", ErrorKind::Connect, "HTTP 404 instead of opening a WebSocket"),
        ("SSH-2.0-OpenSSH_9.6\r\n", ErrorKind::Connect, "the WebSocket handshake failed"),
        ("", ErrorKind::Connect, "the connection ended during the WebSocket handshake"),
        ("HTTP/1.1 101 Switch", ErrorKind::Connect, "the connection ended during the WebSocket handshake"),
    ] {
        let error = failure(&answering(answer).await).await;
        assert_eq!(error.kind(), kind, "{answer}: {error:?}");
        assert!(error.to_string().contains(words), "{answer}: {error}");
    }
}

#[async_test]
async fn server_without_cbor_is_unsupported() {
    for protocol in [None, Some("json")] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
            let (stream, _) = listener.accept().await.unwrap();
            #[expect(clippy::result_large_err, reason = "the signature is the library's")]
            let answer = |_: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
                if let Some(protocol) = protocol {
                    response.headers_mut().insert("Sec-WebSocket-Protocol", protocol.parse().unwrap());
                }
                Ok(response)
            };
            let _ = tokio_tungstenite::accept_hdr_async(stream, answer).await;
        });
        let error = failure(&url).await;
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
        assert!(error.to_string().contains("subprotocol `cbor`"), "{error}");
        assert!(!error.is_retryable(), "{error:?}");
    }
}

#[async_test]
async fn unknown_host_is_a_connect_error_that_says_so() {
    let error = failure("ws://no-such-host.invalid:8000").await;
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert!(error.to_string().contains("the host name cannot be resolved"), "{error}");
}

#[async_test]
async fn host_without_an_answer_is_given_up_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let begun = Instant::now();
    let connecting = Surreal::connect(url).deadline(Duration::from_millis(200)).into_future();
    let error = timeout(HANGS, connecting).await.expect("hangs").unwrap_err();
    assert!(error.to_string().contains("no answer to the handshake in time; connecting may take 200ms"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[async_test]
async fn headers_of_the_program_are_sent_and_secret() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
        String::from_utf8(request).unwrap()
    });
    let connecting =
        Surreal::connect(&url).header("Authorization", "Bearer secret").header("X-Tenant", "secret tenant");
    let shown = format!("{connecting:?}");
    assert!(shown.contains("authorization") && !shown.contains("secret"), "{shown}");
    let error = timeout(HANGS, connecting.into_future()).await.expect("hangs").unwrap_err();
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    let request = server.await.unwrap();
    for line in ["authorization: Bearer secret\r\n", "x-tenant: secret tenant\r\n", "Sec-WebSocket-Protocol: cbor\r\n"]
    {
        assert!(request.contains(line), "{request}");
    }
}

#[async_test]
async fn headers_that_cannot_be_set_are_errors_when_connecting() {
    for (name, value) in [
        ("Host", "secret"),
        ("Upgrade", "secret"),
        ("connection", "secret"),
        ("Sec-WebSocket-Key", "secret"),
        ("two words", "secret"),
        ("x-token", "secret\r\nx-other: 1"),
    ] {
        let error = Surreal::connect("ws://127.0.0.1:1").header(name, value).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent), "{error:?}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}
