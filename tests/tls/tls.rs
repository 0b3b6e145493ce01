//! `wss://`: a server that cannot prove its identity is not talked to.

#![expect(clippy::unwrap_used, reason = "this is test code: what fails here fails the test")]

use std::sync::Arc;

use ciborium::Value as Cbor;
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;

// Made by `certificates/make.sh`.
const AUTHORITY: &[u8] = include_bytes!("certificates/authority.pem");
const SERVER: &[u8] = include_bytes!("certificates/server.pem");
const SERVER_KEY: &[u8] = include_bytes!("certificates/server.key.pem");
const CLIENT: &[u8] = include_bytes!("certificates/client.pem");
const CLIENT_KEY: &[u8] = include_bytes!("certificates/client.key.pem");

fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().unwrap()
}

fn authority() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    for root in certificates(AUTHORITY) {
        roots.add(root).unwrap();
    }
    roots
}

fn acceptor(asks_for_client: bool) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = if asks_for_client {
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authority()), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let key = PrivateKeyDer::from_pem_slice(SERVER_KEY).unwrap();
    Arc::new(builder.with_single_cert(certificates(SERVER), key).unwrap()).into()
}

/// The port of a TLS server that answers `version` with many bytes, and everything else with nothing.
async fn server(asks_for_client: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = acceptor(asks_for_client);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(acceptor.clone(), stream));
        }
    });
    port
}

async fn serve(acceptor: TlsAcceptor, stream: TcpStream) {
    #[expect(clippy::result_large_err, clippy::unnecessary_wraps, reason = "the signature is tungstenite's")]
    fn cbor(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        response.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("cbor"));
        Ok(response)
    }
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, cbor).await else { return };
    while let Some(Ok(message)) = socket.next().await {
        let Message::Binary(frame) = message else { continue };
        let request: Cbor = ciborium::from_reader(&*frame).unwrap();
        let entry =
            |name| request.as_map().unwrap().iter().find(|(key, _)| key.as_text() == Some(name)).unwrap().1.clone();
        let result = if entry("method").as_text() == Some("version") { "x".repeat(300_000).into() } else { Cbor::Null };
        let mut reply = Vec::new();
        let entries = vec![("id".into(), entry("id")), ("result".into(), result)];
        ciborium::into_writer(&Cbor::Map(entries), &mut reply).unwrap();
        socket.send(Message::Binary(reply.into())).await.unwrap();
    }
}

async fn refused(url: &str, tls: TlsConfig, words: &str) {
    let error = Surreal::connect(url).tls(tls).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connect, Delivery::NotSent), "{error:?}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("cannot connect to {url}/rpc: ")) && text.contains(words), "{error:?}");
}

async fn works(url: &str, tls: impl Into<TlsConfig>) {
    let db = Surreal::connect(url).tls(tls).max_message_bytes(100_000).await.unwrap();
    db.ping().await.unwrap();
    // Messages are shortened behind the encryption.
    let (large, small) = tokio::join!(db.version().into_future(), db.ping().into_future());
    assert_eq!(large.unwrap_err().kind(), ErrorKind::TooLarge);
    small.unwrap();
    db.close().await.unwrap();
}

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
    assert!(error.to_string().ends_with("the TLS handshake failed"), "{error}");
    // A handshake record of TLS 1.x, not an HTTP request.
    assert_eq!(server.await.unwrap()[..2], [0x16, 0x03]);
}

#[tokio::test]
async fn server_of_an_own_authority_is_accepted_with_its_root_alone() {
    let port = server(false).await;
    let url = format!("wss://localhost:{port}");
    refused(&url, TlsConfig::default(), "the TLS handshake failed").await;
    works(&url, TlsConfig::roots_pem(AUTHORITY)).await;
    // A pile of certificates, as in files of a system.
    works(&url, TlsConfig::default().add_roots_pem([CLIENT, b"\n# another\n", AUTHORITY].concat())).await;
    // The certificate is for a name, not for the address.
    refused(&format!("wss://127.0.0.1:{port}"), TlsConfig::roots_pem(AUTHORITY), "the TLS handshake failed").await;
}

#[tokio::test]
async fn program_may_bring_a_configuration_of_rustls() {
    let url = format!("wss://localhost:{}", server(false).await);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_root_certificates(authority()).with_no_client_auth();
    works(&url, Arc::new(config.clone())).await;
    works(&url, config.clone()).await;
    works(&url, TlsConfig::rustls(config)).await;
}

#[tokio::test]
async fn client_presents_its_certificate() {
    let url = format!("wss://localhost:{}", server(true).await);
    // TLS 1.3 tells the client after its own part of the handshake.
    refused(&url, TlsConfig::roots_pem(AUTHORITY), "handshake").await;
    works(&url, TlsConfig::roots_pem(AUTHORITY).client_pem(CLIENT, CLIENT_KEY)).await;
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_errors_when_connecting() {
    let garbage = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let default = TlsConfig::default;
    for (tls, words) in [
        (TlsConfig::roots_pem(""), "a root certificate of the TLS settings cannot be used"),
        (TlsConfig::roots_pem(CLIENT_KEY), "a root certificate"),
        (TlsConfig::roots_pem(garbage), "a root certificate"),
        (default().client_pem("", CLIENT_KEY), "the client's certificate"),
        (default().client_pem(CLIENT, CLIENT), "the client's key"),
        (default().client_pem(CLIENT, SERVER_KEY), "the client's certificate or its key"),
    ] {
        let shown = format!("{tls:?}");
        let error = Surreal::connect("wss://localhost:1").tls(tls).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(!format!("{error:?} {shown}").contains("MIG"), "{error:?} {shown}");
    }
    let connecting = Surreal::connect("wss://localhost:1").tls(default().client_pem(CLIENT, "the secret key"));
    assert!(!format!("{connecting:?}").contains("secret"), "{connecting:?}");
    // They do not matter without TLS.
    let error = Surreal::connect("ws://127.0.0.1:1").tls(TlsConfig::roots_pem("")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
}

#[cfg(feature = "rustls-native-certs")]
#[tokio::test]
async fn roots_of_the_system_come_beside_the_others() {
    let url = format!("wss://localhost:{}", server(false).await);
    match Surreal::connect(&url).tls(TlsConfig::default().system_roots()).await {
        Err(error) if error.kind() == ErrorKind::InvalidArgument => {
            assert!(error.to_string().contains("the system has no root certificate"), "{error}");
        }
        Err(error) => {
            assert!(error.to_string().ends_with("the TLS handshake failed"), "{error}");
            works(&url, TlsConfig::roots_pem(AUTHORITY).system_roots()).await;
        }
        Ok(db) => unreachable!("the system does not know the authority of the tests: {db:?}"),
    }
}

#[cfg(feature = "native-tls")]
#[tokio::test]
async fn library_of_the_system_verifies_as_well() {
    let port = server(false).await;
    let url = format!("wss://localhost:{port}");
    refused(&url, TlsConfig::native_tls(), "the TLS handshake failed").await;
    works(&url, TlsConfig::native_tls().add_roots_pem(AUTHORITY)).await;
    let by_address = format!("wss://127.0.0.1:{port}");
    refused(&by_address, TlsConfig::native_tls().add_roots_pem(AUTHORITY), "the TLS handshake failed").await;
    let url = format!("wss://localhost:{}", server(true).await);
    works(&url, TlsConfig::native_tls().add_roots_pem(AUTHORITY).client_pem(CLIENT, CLIENT_KEY)).await;
    for tls in [
        TlsConfig::native_tls().add_roots_pem(""),
        TlsConfig::native_tls().add_roots_pem("no PEM"),
        TlsConfig::native_tls().client_pem(CLIENT, "no PEM"),
    ] {
        let error = Surreal::connect(&url).tls(tls).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error:?}");
    }
}
