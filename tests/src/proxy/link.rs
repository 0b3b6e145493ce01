//! One connection through a proxy.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::time::sleep;

use super::frames::{Frame, Frames};
use super::traffic::random;
use super::{Loss, Shared, Treatment};

/// The time that the server has to work on a request whose client is gone.
const AFTERMATH: Duration = Duration::from_secs(10);

/// One connection through a proxy.
#[derive(Debug, Clone)]
pub struct ProxyLink(Arc<State>);

#[derive(Debug)]
struct State {
    is_cut: watch::Sender<bool>,
    is_open: watch::Sender<bool>,
    requests: AtomicUsize,
}

impl ProxyLink {
    fn new() -> Self {
        let is_cut = watch::Sender::new(false);
        let is_open = watch::Sender::new(true);
        Self(Arc::new(State { is_cut, is_open, requests: AtomicUsize::new(0) }))
    }

    /// Closes the connection without a close frame.
    pub fn cut(&self) {
        self.0.is_cut.send_replace(true);
    }

    /// Returns false after either side has closed it or it was cut.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self.0.is_open.borrow()
    }

    /// The number of requests on this connection so far.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.0.requests.load(Ordering::Relaxed)
    }
}

/// The end of a connection.
enum End {
    /// One side has closed it.
    Closed,
    Cut,
    /// Only the client's side is cut. The server gets the frame after this time.
    Late(Vec<u8>, Duration),
}

/// Answers an upgrade request with an HTTP status.
pub(super) async fn answer(mut client: TcpStream, status: u16, retry_after: Option<u64>) {
    let mut request = [0; 4096];
    let _ = client.read(&mut request).await;
    let retry_after = retry_after.map_or(String::new(), |seconds| format!("Retry-After: {seconds}\r\n"));
    let response = format!("HTTP/1.1 {status} Refused\r\n{retry_after}Content-Length: 0\r\nConnection: close\r\n\r\n");
    let _ = client.write_all(response.as_bytes()).await;
}

/// Forwards a connection until its end.
pub(super) async fn serve(client: TcpStream, shared: Arc<Shared>) {
    let target = shared.target.lock().unwrap().clone();
    let Ok(server) = TcpStream::connect(target).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let link = ProxyLink::new();
    shared.links.lock().unwrap().push(link.clone());
    let (from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let mut is_cut = link.0.is_cut.subscribe();
    let end = tokio::select! {
        biased;
        _ = is_cut.wait_for(|is_cut| *is_cut) => End::Cut,
        () = lifetime(&shared) => End::Cut,
        end = requests(from_client, &mut to_server, &shared, &link) => end,
        () = replies(from_server, to_client, &shared) => End::Closed,
    };
    // The client's side is closed now, and the server's side with `to_server`.
    link.0.is_open.send_replace(false);
    if !matches!(end, End::Closed) {
        shared.traffic.count_cut();
    }
    if let End::Late(frame, delay) = end {
        sleep(delay).await;
        let _ = to_server.write_all(&frame).await;
        sleep(AFTERMATH).await;
    }
}

async fn requests(mut from: OwnedReadHalf, to: &mut OwnedWriteHalf, shared: &Shared, link: &ProxyLink) -> End {
    let mut treatments = shared.treatment.subscribe();
    let mut frames = Frames::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let is_held = *treatments.borrow_and_update() == Treatment::Stall;
        tokio::select! {
            biased;
            _ = treatments.changed() => {}
            read = from.read(&mut buffer), if !is_held => match read {
                Ok(0) | Err(_) => return End::Closed,
                Ok(count) => frames.push(&buffer[..count]),
            },
        }
        while let Some(frame) = frames.next() {
            if let Some(end) = pass(frame, to, shared, link).await {
                return end;
            }
        }
    }
}

/// Forwards a frame, or loses it.
async fn pass(frame: Frame, to: &mut OwnedWriteHalf, shared: &Shared, link: &ProxyLink) -> Option<End> {
    let mut loss = None;
    if let Some(request) = frame.request {
        shared.traffic.count_request();
        link.0.requests.fetch_add(1, Ordering::Relaxed);
        loss = shared.loss_of(&request);
    }
    match loss {
        Some(Loss::Request) => Some(End::Cut),
        Some(Loss::Reply) => Some(End::Late(frame.bytes, Duration::ZERO)),
        Some(Loss::Late(delay)) => Some(End::Late(frame.bytes, delay)),
        None => to.write_all(&frame.bytes).await.is_err().then_some(End::Closed),
    }
}

async fn replies(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared) {
    let mut treatments = shared.treatment.subscribe();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let treatment = *treatments.borrow_and_update();
        let is_held = matches!(treatment, Treatment::HoldReplies | Treatment::Stall);
        let is_slow = treatment == Treatment::Trickle;
        if is_slow {
            sleep(Duration::from_millis(50)).await;
        }
        let piece = if is_slow { 16 * 1024 } else { buffer.len() };
        tokio::select! {
            biased;
            _ = treatments.changed() => {}
            read = from.read(&mut buffer[..piece]), if !is_held => match read {
                Ok(0) | Err(_) => return,
                Ok(count) => if to.write_all(&buffer[..count]).await.is_err() { return },
            },
        }
    }
}

/// Waits until this connection has to be cut.
async fn lifetime(shared: &Shared) {
    let lifetime = shared.lifetimes.lock().unwrap().as_ref().map(random);
    match lifetime {
        Some(lifetime) => sleep(lifetime).await,
        None => std::future::pending().await,
    }
}
