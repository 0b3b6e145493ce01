//! Bytes that are no frames, and frames that are cut: the connection ends with a reason, and no call hangs.

use std::time::Duration;

use ciborium::cbor;
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{Peer, async_test};
use tokio::time::timeout;

/// Longer than any call here may take.
const HANGS: Duration = Duration::from_secs(20);

/// The error of a call that is answered with these bytes, after which the connection is closed.
async fn answered_with(bytes: &'static [u8]) -> Error {
    let peer = Peer::start(move |mut client| async move {
        client.request().await;
        client.send_raw(bytes).await;
        if bytes.len() < 10 {
            return;
        }
        // The client has to notice it by itself.
        client.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).max_message_bytes(64 << 10).await.unwrap();
    let error = timeout(HANGS, db.ping()).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, Delivery::Unknown), "{error:?}");
    error
}

#[async_test]
async fn lengths_that_no_message_has_end_the_connection() {
    for (bytes, words) in [
        (&b"\x82\x7f\x80\0\0\0\0\0\0\0 and more"[..], "of 9223372036854775808 bytes, above the limit of 65536"),
        (b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "of 18446744073709551615 bytes, above the limit of 65536"),
        (b"\x80\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "of 18446744073709551615 bytes, above the limit of 65536"),
        (b"\x89\x7f\x80\0\0\0\0\0\0\0", "of 9223372036854775808 bytes, above the limit of 65536"),
    ] {
        let error = answered_with(bytes).await;
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[async_test]
async fn frames_against_the_protocol_end_the_connection() {
    for bytes in [
        // A masked frame, a reserved bit, a reserved kind, a continuation of nothing, a long ping, a ping in parts.
        &b"\x82\x84\0\0\0\0abcd and more"[..],
        b"\xc2\x04abcd and more",
        b"\x83\x04abcd and more",
        b"\x80\x04abcd and more",
        b"\x89\x7e\0\x80aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
          aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        b"\x09\x04abcd and more",
        b"\x81\x04\xff\xff\xff\xff and more",
    ] {
        answered_with(bytes).await;
    }
}

#[async_test]
async fn frames_that_are_cut_end_the_connection() {
    for bytes in [&b""[..], b"\x82", b"\x82\x7e", b"\x82\x7e\0", b"\x82\x7f\0\0\0\0\0\x10", b"\x82\x05abc"] {
        answered_with(bytes).await;
    }
    // The end comes within a message that is dropped.
    let peer = Peer::start(async |mut client| {
        client.request().await;
        client.send_raw(b"\x82\x7f\0\0\0\0\0\x10\0\0").await;
        client.send_raw(&vec![0; 500_000]).await;
    })
    .await;
    let db = Surreal::connect(peer.url()).max_message_bytes(64 << 10).await.unwrap();
    let error = timeout(HANGS, db.ping()).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, Delivery::Unknown), "{error:?}");
}

#[async_test]
async fn message_that_is_dropped_and_never_ends_is_silence() {
    let peer = Peer::start(async |mut client| {
        client.request().await;
        client.send_raw(b"\x82\x7f\0\0\0\0\x10\0\0\0").await;
        client.send_raw(&vec![0; 500_000]).await;
        client.ignore().await;
    })
    .await;
    let connecting = Surreal::connect(peer.url()).max_message_bytes(64 << 10).idle_timeout(Duration::from_millis(300));
    let db = connecting.await.unwrap();
    let error = timeout(HANGS, db.ping()).await.expect("hangs").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
    assert!(error.to_string().contains("nothing came from the server for 300ms"), "{error}");
}

/// A reply in the frames of a fragmented message, with pings between them.
#[async_test]
async fn fragmented_messages_are_put_together_or_dropped_whole() {
    let peer = Peer::start(async |mut client| {
        while let Some((id, method)) = client.request().await {
            let reply = cbor!({"id" => id, "result" => "x".repeat(if method == "ping" { 80_000 } else { 500 })});
            let mut bytes = Vec::new();
            ciborium::into_writer(&reply.unwrap(), &mut bytes).unwrap();
            let last = bytes.len() / 300;
            for (index, part) in bytes.chunks(300).enumerate() {
                let first = (u8::from(index == 0) * 2) | (u8::from(index == last) * 0x80);
                let [high, low] = u16::try_from(part.len()).unwrap().to_be_bytes();
                client.send_raw(&[&[first, 126, high, low], part].concat()).await;
                client.send_raw(b"\x89\x02hi").await;
            }
        }
    })
    .await;
    let db = Surreal::connect(peer.url()).max_message_bytes(64 << 10).await.unwrap();
    for _ in 0..3 {
        let (large, small) = timeout(HANGS, async { tokio::join!(db.ping(), db.version()) }).await.expect("hangs");
        assert_eq!(large.unwrap_err().kind(), ErrorKind::TooLarge);
        assert_eq!(small.unwrap().len(), 500);
    }
}
