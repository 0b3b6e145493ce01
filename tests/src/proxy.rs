//! A TCP proxy in front of a server that can cut connections, hold replies back, fall silent or be slow.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// The treatment of bytes by the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Forward,
    /// Forwards requests, holds replies back.
    HoldReplies,
    /// Forwards nothing, keeps the connections open.
    Stall,
    /// Forwards replies in small pieces.
    Trickle,
    Cut,
}

/// A proxy that listens on a free port.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    mode: Arc<watch::Sender<Mode>>,
}

impl Proxy {
    /// Starts a proxy in front of `url`, for any number of connections.
    ///
    /// # Panics
    ///
    /// If no port can be opened.
    pub async fn start(url: &str) -> Self {
        let target = url.trim_start_matches("ws://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mode = Arc::new(watch::channel(Mode::Forward).0);
        let modes = Arc::clone(&mode);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&target).await else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(forward(from_client, to_server, modes.subscribe(), Mode::Cut));
                tokio::spawn(forward(from_server, to_client, modes.subscribe(), Mode::HoldReplies));
            }
        });
        Self { url: format!("ws://{address}"), mode }
    }

    /// The URL to connect to instead of the server's.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Closes every connection without a close frame.
    pub fn cut(&self) {
        self.mode.send_replace(Mode::Cut);
    }

    /// Forwards requests and holds replies back from now on.
    pub fn hold_replies(&self) {
        self.mode.send_replace(Mode::HoldReplies);
    }

    /// Forwards nothing in either direction from now on, like a peer that has vanished.
    pub fn stall(&self) {
        self.mode.send_replace(Mode::Stall);
    }

    /// Forwards everything again, the held bytes first.
    pub fn resume(&self) {
        self.mode.send_replace(Mode::Forward);
    }

    /// Forwards replies in pieces of 16 KiB, with a pause of 50 ms before each.
    pub fn trickle(&self) {
        self.mode.send_replace(Mode::Trickle);
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut modes: watch::Receiver<Mode>, stop: Mode) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let mode = *modes.borrow_and_update();
        if mode == Mode::Cut {
            return;
        }
        let held = mode == stop || mode == Mode::Stall;
        let is_slow = mode == Mode::Trickle && stop == Mode::HoldReplies;
        if is_slow {
            sleep(Duration::from_millis(50)).await;
        }
        let piece = if is_slow { 16 * 1024 } else { buffer.len() };
        tokio::select! {
            changed = modes.changed() => if changed.is_err() { return },
            read = from.read(&mut buffer[..piece]), if !held => match read {
                Ok(0) | Err(_) => return,
                Ok(count) => if to.write_all(&buffer[..count]).await.is_err() { return },
            },
        }
    }
}
