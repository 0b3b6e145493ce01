use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::Mutex;
use tokio_tungstenite::tungstenite::Bytes;

use super::{Ours, Subject, Work};
use crate::bare::Bare;
use crate::recorder::Recorder;
use crate::server::Server;

/// A WebSocket that sends the requests of this library, recorded before, and reads no reply.
#[derive(Debug)]
pub struct BareClient {
    socket: Mutex<Bare>,
    recorder: Recorder,
    recorded: Ours,
    /// Of the work that is measured next.
    requests: Mutex<Vec<Bytes>>,
}

impl BareClient {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Those of the client that is recorded.
    pub async fn connect(server: &Server, database: &str) -> surreal_session::Result<Self> {
        let recorder = Recorder::start(server).await;
        let recorded = Ours::connect_to(recorder.url(), server, database).await?;
        let mut socket = Bare::new(server).await;
        for request in recorder.take() {
            succeeded(&socket.call(&request).await);
        }
        Ok(Self { socket: Mutex::new(socket), recorder, recorded, requests: Mutex::default() })
    }

    /// Records the requests of some work.
    ///
    /// # Errors
    ///
    /// Those of the client that is recorded.
    pub async fn record(&self, work: Work) -> surreal_session::Result<()> {
        drop(self.recorder.take());
        let times = if work.units() > 1 || work.is_sequence() { 1 } else { RECORDED };
        self.recorded.work(work, times).await?;
        *self.requests.lock().await = (1..).zip(self.recorder.take()).map(|(id, frame)| with_id(&frame, id)).collect();
        Ok(())
    }
}

impl Subject for BareClient {
    fn run(self: Arc<Self>, work: Work, times: u64) -> Option<BoxFuture<'static, ()>> {
        if matches!(work, Work::SelectValue) {
            return None;
        }
        Some(Box::pin(async move {
            let (mut socket, requests) = (self.socket.lock().await, self.requests.lock().await);
            let mut sent = requests.iter().cycle();
            match work {
                Work::CreateInFlight(calls) => {
                    let sent = (0..times).filter_map(|_| sent.next().cloned());
                    socket.pipeline(sent, calls).await;
                }
                Work::Transaction => {
                    for _ in 0..times {
                        transaction(&mut socket, &requests).await;
                    }
                }
                Work::Insert | Work::Session | Work::Fork => {
                    for request in requests.iter().cycle().take(requests.len() * usize::try_from(times).unwrap()) {
                        succeeded(&socket.call(request).await);
                    }
                }
                _ => {
                    for _ in 0..times {
                        let request = sent.next().expect("there are requests");
                        succeeded(&socket.call(request).await);
                    }
                }
            }
        }))
    }
}

/// Begins a transaction, and puts its id where the recorded requests have theirs.
async fn transaction(socket: &mut Bare, requests: &[Bytes]) {
    let begun = socket.call(&requests[0]).await;
    let recorded = uuid_behind(b"txn", &requests[1]);
    for request in &requests[1..] {
        let mut request = request.to_vec();
        let at = position(&request, recorded).expect("the id of the transaction");
        request[at..at + recorded.len()].copy_from_slice(uuid_behind(b"result", &begun));
        succeeded(&socket.call(&request.into()).await);
    }
}

/// The uuid that is the value of this key.
fn uuid_behind<'a>(key: &[u8], frame: &'a [u8]) -> &'a [u8] {
    let at = position(frame, &[key, UUID].concat()).expect("a uuid") + key.len() + UUID.len();
    &frame[at..at + 16]
}

/// The only look at a reply: short ones may be an error.
fn succeeded(reply: &[u8]) {
    assert!(reply.len() > 1_000 || position(reply, b"error").is_none(), "{}", String::from_utf8_lossy(reply));
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// A request with another id; the id is the first entry.
fn with_id(frame: &[u8], id: u32) -> Bytes {
    assert_eq!(&frame[1..4], b"\x62id", "the id comes first");
    let length = match frame[4] {
        0x18 => 2,
        0x19 => 3,
        0x1a => 5,
        0x1b => 9,
        _ => 1,
    };
    let mut changed = frame[..4].to_vec();
    changed.push(0x1a);
    changed.extend(id.to_be_bytes());
    changed.extend(&frame[4 + length..]);
    changed.into()
}

/// The head of a uuid: the tag 37, and 16 bytes.
const UUID: &[u8] = b"\xd8\x25\x50";
/// The number of requests that are sent in turns.
const RECORDED: u64 = 64;
