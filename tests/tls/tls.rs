//! `wss://` with the feature `rustls`: whoever cannot prove to be the server is not talked to.

use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn server_without_tls_is_refused_before_a_word_is_said() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 3];
        stream.read_exact(&mut hello).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        hello
    });
    let error = Surreal::connect(url).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connect, Delivery::NotSent), "{error:?}");
    // A handshake record of TLS 1.x, not an HTTP request.
    assert_eq!(server.await.unwrap()[..2], [0x16, 0x03]);
}
