//! A TCP proxy in front of a server that acts as a bad network.
//!
//! One task accepts connections, and one task for each connection forwards its bytes. [`Treatment`] says how bytes are
//! forwarded, [`Door`] what happens to new connections. Requests are forwarded as whole frames, so that they can be counted
//! and chosen by their contents; replies are forwarded as bytes.

mod frames;
mod link;
mod traffic;

use std::future::pending;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub use link::ProxyLink;
use link::{answer, serve};
use traffic::Traffic;

/// The treatment of bytes by the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Treatment {
    Forward,
    /// Forwards requests, holds replies back.
    HoldReplies,
    /// Forwards nothing, keeps the connections open.
    Stall,
    /// Forwards replies in small pieces.
    Trickle,
}

/// The treatment of new connections by the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    /// Nothing listens: the system refuses connections.
    Closed,
    /// An HTTP answer with this status and this `Retry-After` in seconds.
    Answer(u16, Option<u64>),
}

/// The loss of one request, whose client sees a broken connection in each case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The request does not reach the server.
    Request,
    /// The server gets the request, and its reply is lost.
    Reply,
    /// The server gets the request this long after the client's connection was broken.
    Late(Duration),
}

/// A proxy that listens on a free port.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    target: Mutex<String>,
    treatment: watch::Sender<Treatment>,
    door: watch::Sender<Door>,
    is_listening: watch::Sender<bool>,
    /// The range of the time after which each new connection is cut.
    lifetimes: Mutex<Option<Range<Duration>>>,
    /// The text of the next request to lose.
    losses: Mutex<Vec<(String, Loss)>>,
    links: Mutex<Vec<ProxyLink>>,
    traffic: Traffic,
}

#[expect(clippy::missing_panics_doc, reason = "a lock is poisoned only by an earlier panic")]
impl Proxy {
    /// Starts a proxy in front of `url`, for any number of connections.
    ///
    /// # Panics
    ///
    /// If no port can be opened.
    pub async fn start(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            address,
            target: Mutex::new(host(url)),
            treatment: watch::Sender::new(Treatment::Forward),
            door: watch::Sender::new(Door::Open),
            is_listening: watch::Sender::new(true),
            lifetimes: Mutex::new(None),
            losses: Mutex::new(Vec::new()),
            links: Mutex::new(Vec::new()),
            traffic: Traffic::new(),
        });
        tokio::spawn(accept(Arc::clone(&shared), Some(listener)));
        Self { url: format!("ws://{address}"), shared }
    }

    /// The URL to connect to instead of the server's.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Closes every open connection without a close frame. New ones are accepted.
    pub fn cut(&self) {
        for link in self.links() {
            link.cut();
        }
    }

    /// Cuts each connection at a random time after it was opened, and the open ones within the same range from now on.
    pub fn chaos(&self, lifetimes: Range<Duration>) {
        *self.shared.lifetimes.lock().unwrap() = Some(lifetimes.clone());
        for link in self.links() {
            let lifetime = traffic::random(&lifetimes);
            tokio::spawn(async move {
                tokio::time::sleep(lifetime).await;
                link.cut();
            });
        }
    }

    /// Cuts no connection any more that is opened from now on.
    pub fn calm(&self) {
        *self.shared.lifetimes.lock().unwrap() = None;
    }

    /// Loses the next request with this text in its frame, such as `commit`, and breaks its connection.
    pub fn lose_next(&self, text: &str, loss: Loss) {
        self.shared.losses.lock().unwrap().push((text.to_owned(), loss));
    }

    /// Forwards requests and holds replies back from now on.
    pub fn hold_replies(&self) {
        self.shared.treatment.send_replace(Treatment::HoldReplies);
    }

    /// Forwards nothing in either direction from now on, like a peer that has vanished. New connections are accepted.
    pub fn stall(&self) {
        self.shared.treatment.send_replace(Treatment::Stall);
    }

    /// Forwards everything again, the held bytes first.
    pub fn resume(&self) {
        self.shared.treatment.send_replace(Treatment::Forward);
    }

    /// Forwards replies in pieces of 16 KiB, with a pause of 50 ms before each.
    pub fn trickle(&self) {
        self.shared.treatment.send_replace(Treatment::Trickle);
    }

    /// Closes the port and every connection, and returns once new connections are refused.
    ///
    /// # Panics
    ///
    /// If the proxy's task has ended.
    pub async fn refuse(&self) {
        self.shared.door.send_replace(Door::Closed);
        self.shared.is_listening.subscribe().wait_for(|is_listening| !is_listening).await.unwrap();
        self.cut();
    }

    /// Answers new connections with this HTTP status and a `Retry-After` in seconds. Open ones go on.
    pub fn answer(&self, status: u16, retry_after: Option<u64>) {
        self.shared.door.send_replace(Door::Answer(status, retry_after));
    }

    /// Accepts and forwards new connections again, and returns once it does.
    ///
    /// # Panics
    ///
    /// If the proxy's task has ended.
    pub async fn open(&self) {
        self.shared.door.send_replace(Door::Open);
        self.shared.is_listening.subscribe().wait_for(|is_listening| *is_listening).await.unwrap();
    }

    /// Forwards new connections to this URL. Open ones keep their server.
    pub fn aim(&self, url: &str) {
        *self.shared.target.lock().unwrap() = host(url);
    }

    /// The open connections, oldest first.
    #[must_use]
    pub fn links(&self) -> Vec<ProxyLink> {
        self.shared.open_links()
    }

    /// The number of connections that were accepted so far, also those that were not forwarded.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.shared.traffic.accepted()
    }

    /// The number of connections that were cut so far.
    #[must_use]
    pub fn cuts(&self) -> usize {
        self.shared.traffic.cuts()
    }

    /// The number of requests in each second since the start, the current one last.
    #[must_use]
    pub fn requests_per_second(&self) -> Vec<usize> {
        self.shared.traffic.requests_per_second()
    }

    /// The number of requests so far.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests_per_second().iter().sum()
    }
}

impl Shared {
    fn open_links(&self) -> Vec<ProxyLink> {
        let mut links = self.links.lock().unwrap();
        links.retain(ProxyLink::is_open);
        links.clone()
    }

    /// Takes the loss that waits for a request like this one.
    fn loss_of(&self, payload: &[u8]) -> Option<Loss> {
        let mut losses = self.losses.lock().unwrap();
        let contains = |text: &str| payload.windows(text.len().max(1)).any(|window| window == text.as_bytes());
        let found = losses.iter().position(|(text, _)| contains(text))?;
        Some(losses.remove(found).1)
    }
}

async fn accept(shared: Arc<Shared>, mut listener: Option<TcpListener>) {
    let mut doors = shared.door.subscribe();
    loop {
        let door = *doors.borrow_and_update();
        match &listener {
            Some(_) if door == Door::Closed => listener = None,
            None if door != Door::Closed => listener = TcpListener::bind(shared.address).await.ok(),
            _ => {}
        }
        shared.is_listening.send_replace(listener.is_some());
        tokio::select! {
            biased;
            _ = doors.changed() => {}
            client = next(listener.as_ref()) => {
                shared.traffic.count_accepted();
                match door {
                    Door::Answer(status, retry_after) => drop(tokio::spawn(answer(client, status, retry_after))),
                    _ => drop(tokio::spawn(serve(client, Arc::clone(&shared)))),
                }
            }
        }
    }
}

async fn next(listener: Option<&TcpListener>) -> TcpStream {
    loop {
        match listener {
            Some(listener) => match listener.accept().await {
                Ok((client, _)) => return client,
                Err(_) => tokio::task::yield_now().await,
            },
            None => pending().await,
        }
    }
}

fn host(url: &str) -> String {
    url.trim_start_matches("ws://").trim_end_matches('/').to_owned()
}
