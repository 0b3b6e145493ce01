//! The task that keeps a board equal to the table.
//!
//! [`Repair`] takes the hints of a [`Follower`] as they come, and reads the marked records in batches, one read at a time: a
//! read can then not overtake another, so that the last one is the newest. A record that is marked while it is read is
//! read again. A sweep goes through all records, page by page, between the batches.
//!
//! It sends a change to the stream before it reads on. While the stream's queue is full, it only collects marks, which
//! are bounded: beyond their number, a sweep replaces them.

use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tracing::debug;

use super::EndReason;
use super::board::{Board, BoardChange};
use super::follower::{Followed, Follower, OnKill};
use super::pages::{BATCH, Pages, ReadRow, ReadRows, RecordReader};
use crate::connection::Deadline;
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{Event, LiveId};
use crate::session::SharedLive;

/// The task of one synced stream.
pub(super) struct Repair {
    follower: Follower,
    reader: Arc<RecordReader>,
    board: Board,
    limits: SyncLimits,
    status: Arc<SyncStatus>,
    /// The pages of the present sweep that are still to be read.
    sweep: Option<Pages>,
    /// Set if a sweep has to begin after the present one.
    wants_sweep: bool,
    /// Set if the last read was a page of a sweep: marked records come next.
    was_sweep: bool,
    /// The number of marks to read before the last sweep is complete.
    unconfirmed: Option<usize>,
    sweep_at: Option<Instant>,
    /// Set after a read that has failed.
    pause: Option<Pause>,
    /// The maximum number of records of one read. It is smaller after a reply that was too large.
    batch: usize,
    /// Changes that are on their way to the stream.
    unsent: VecDeque<SyncItem>,
    /// Set when the last item is in `unsent`.
    is_over: bool,
}

/// The bounds of a synced stream, and the time between its sweeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct SyncLimits {
    pub(super) records: usize,
    pub(super) resync: Option<Duration>,
}

/// An item on its way to the stream.
#[derive(Debug)]
pub(super) enum SyncItem {
    Change(BoardChange),
    Failed(Error),
    Ended(EndReason),
}

/// The part of the state that the stream shows.
#[derive(Debug)]
pub(super) struct SyncStatus {
    live: Mutex<(LiveId, Weak<SharedLive>)>,
    pub(super) sweeps: AtomicU64,
}

/// The pause after a read that has failed.
#[derive(Debug)]
struct Pause {
    until: Instant,
    length: Duration,
    /// Set if the program was told.
    is_told: bool,
}

/// A read that is under way.
type Reading = Pin<Box<dyn Future<Output = Done> + Send>>;

/// The result of a read, and its purpose.
type Done = (Purpose, Result<ReadRows>);

enum Purpose {
    /// These records were marked.
    Marked(Vec<Bytes>),
    /// These pages follow in the sweep.
    Sweep(Pages),
}

impl SyncStatus {
    fn of(follower: &Follower) -> (LiveId, Weak<SharedLive>) {
        (follower.id, follower.live().map(Arc::downgrade).unwrap_or_default())
    }

    fn lock(&self) -> MutexGuard<'_, (LiveId, Weak<SharedLive>)> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn id(&self) -> LiveId {
        self.lock().0
    }

    /// The live query, while the stream follows it.
    pub(super) fn live(&self) -> Option<Arc<SharedLive>> {
        self.lock().1.upgrade()
    }
}

impl Repair {
    /// `follower` was registered just now.
    pub(super) fn new(follower: Follower, reader: RecordReader, limits: SyncLimits) -> Self {
        let status = Arc::new(SyncStatus { live: Mutex::new(SyncStatus::of(&follower)), sweeps: AtomicU64::new(0) });
        Self {
            follower: follower.on_kill(OnKill::Register),
            reader: Arc::new(reader),
            board: Board::default(),
            limits,
            status,
            sweep: None,
            wants_sweep: false,
            was_sweep: false,
            unconfirmed: None,
            sweep_at: Some(Instant::now() + SETTLED_AFTER),
            pause: None,
            batch: BATCH,
            unsent: VecDeque::new(),
            is_over: false,
        }
    }

    pub(super) fn status(&self) -> Arc<SyncStatus> {
        Arc::clone(&self.status)
    }

    /// Reads all records for the first time. Those that change meanwhile are marked.
    pub(super) async fn first(&mut self, deadline: Deadline) -> Result<Vec<ReadRow>> {
        let mut pages = self.reader.pages();
        let mut records = Vec::new();
        self.board.begin_sweep();
        while !matches!(pages, Pages::Over) {
            match self.reader.page(&mut pages, self.batch, deadline).await {
                Ok(read) => read.rows.into_iter().for_each(|row| self.note_first(&mut records, row)),
                Err(error) if self.shrink(&error) => {}
                Err(error) => return Err(error),
            }
            if self.board.len() > self.limits.records {
                return Err(too_many(self.limits.records));
            }
            self.take_hints();
        }
        Ok(records)
    }

    /// A record that is read twice stays as it was read last.
    fn note_first(&mut self, records: &mut Vec<ReadRow>, row: ReadRow) {
        match self.board.note(row) {
            Some(BoardChange::Created(row)) => records.push(row),
            Some(BoardChange::Updated(row)) => {
                records.iter_mut().filter(|old| old.id == row.id).for_each(|old| *old = row.clone());
            }
            Some(BoardChange::Deleted(_)) | None => {}
        }
    }

    /// Runs until the end of the live query, or until the stream is dropped.
    pub(super) async fn run(mut self, stream: mpsc::Sender<SyncItem>) {
        let mut reading: Option<Reading> = None;
        loop {
            if reading.is_none() && self.unsent.is_empty() {
                reading = self.next_read();
            }
            let wake_at = self.wake_at().filter(|_| reading.is_none() && self.unsent.is_empty());
            tokio::select! {
                item = poll_fn(|cx| self.follower.poll_next(cx)), if !self.is_over => match item {
                    Some(item) => self.take(item),
                    None => return,
                },
                done = finished(&mut reading), if !self.is_over => {
                    reading = None;
                    self.finish(done);
                }
                room = stream.reserve(), if !self.unsent.is_empty() => {
                    let Ok(room) = room else { return };
                    if let Some(item) = self.unsent.pop_front() {
                        room.send(item);
                    }
                    if self.is_over && self.unsent.is_empty() {
                        return;
                    }
                }
                () = sleep_until(wake_at.unwrap_or_else(Instant::now)), if wake_at.is_some() => {}
            }
            self.take_hints();
        }
    }

    fn take_hints(&mut self) {
        while let Some(item) = self.follower.try_next() {
            self.take(item);
        }
    }

    fn take(&mut self, item: Followed) {
        match item {
            Followed::Event(frame) => match Event::read(&frame) {
                Ok(event) => self.wants_sweep |= !self.board.mark(&event.record),
                Err(_) => {
                    debug!(live = %self.follower.id, "a sweep follows a malformed event");
                    self.wants_sweep = true;
                }
            },
            Followed::Missed(_) => self.wants_sweep = true,
            Followed::Again(_) => {
                *self.status.lock() = SyncStatus::of(&self.follower);
                (self.wants_sweep, self.sweep_at) = (true, Some(Instant::now() + SETTLED_AFTER));
            }
            Followed::Ended(reason) => self.end(reason),
        }
    }

    fn end(&mut self, reason: EndReason) {
        if !self.is_over {
            self.is_over = true;
            self.unsent.push_back(SyncItem::Ended(reason));
        }
    }

    /// The time at which there is something to read without a hint.
    fn wake_at(&self) -> Option<Instant> {
        self.pause.as_ref().map(|pause| pause.until).or(self.sweep_at)
    }

    /// Begins the next read: of marked records and of a sweep's pages by turns.
    fn next_read(&mut self) -> Option<Reading> {
        let now = Instant::now();
        if self.is_over || self.pause.as_ref().is_some_and(|pause| now < pause.until) {
            return None;
        }
        if self.sweep_at.is_some_and(|at| now >= at) {
            (self.sweep_at, self.wants_sweep) = (None, true);
        }
        if self.sweep.is_none() && std::mem::take(&mut self.wants_sweep) {
            self.board.begin_sweep();
            (self.sweep, self.unconfirmed) = (Some(self.reader.pages()), None);
        }
        self.was_sweep = self.sweep.is_some() && !(self.was_sweep && self.board.is_marked());
        match self.sweep.take_if(|_| self.was_sweep) {
            Some(pages) => Some(self.read_page(pages)),
            None => self.board.is_marked().then(|| self.read_marked()),
        }
    }

    fn read_page(&self, mut pages: Pages) -> Reading {
        let (reader, size) = (Arc::clone(&self.reader), self.batch);
        Box::pin(async move {
            let rows = reader.page(&mut pages, size, reader.begin()).await;
            (Purpose::Sweep(pages), rows)
        })
    }

    fn read_marked(&mut self) -> Reading {
        let (reader, ids) = (Arc::clone(&self.reader), self.board.take_marked(self.batch));
        Box::pin(async move {
            let rows = reader.records(&ids, reader.begin()).await;
            (Purpose::Marked(ids), rows)
        })
    }

    /// Notes what was read, or what has to be read again.
    fn finish(&mut self, (purpose, result): Done) {
        match (purpose, result) {
            (Purpose::Marked(ids), Ok(read)) => {
                let count = ids.len();
                let changes = self.board.note_all(ids, read.rows);
                self.send(changes);
                self.confirm(count);
            }
            (Purpose::Sweep(pages), Ok(read)) => {
                let changes: Vec<_> = read.rows.into_iter().filter_map(|row| self.board.note(row)).collect();
                self.send(changes);
                match pages {
                    Pages::Over => self.end_sweep(),
                    pages => self.sweep = Some(pages),
                }
            }
            (purpose, Err(error)) => self.fail(purpose, error),
        }
        if self.board.len() > self.limits.records {
            self.end(EndReason::TooManyRecords);
        }
    }

    fn send(&mut self, changes: Vec<BoardChange>) {
        self.unsent.extend(changes.into_iter().map(SyncItem::Change));
        (self.pause, self.batch) = (None, BATCH.min(self.batch * 2));
    }

    fn end_sweep(&mut self) {
        self.board.end_sweep();
        self.unconfirmed = Some(self.board.marks());
        self.confirm(0);
    }

    /// Notes that this number of marked records was read. The marks are in their order.
    fn confirm(&mut self, count: usize) {
        let Some(left) = &mut self.unconfirmed else { return };
        *left = left.saturating_sub(count);
        if *left == 0 {
            self.unconfirmed = None;
            self.status.sweeps.fetch_add(1, Ordering::AcqRel);
            let next = self.limits.resync.map(|every| Instant::now() + every.max(SHORTEST_RESYNC));
            self.sweep_at = self.sweep_at.into_iter().chain(next).min();
        }
    }

    /// Reads the same again, later or in smaller pieces.
    fn fail(&mut self, purpose: Purpose, error: Error) {
        match purpose {
            Purpose::Marked(ids) => {
                self.wants_sweep |= !self.board.mark_again(ids);
                self.unconfirmed = self.unconfirmed.map(|_| self.board.marks());
            }
            Purpose::Sweep(pages) => self.sweep = Some(pages),
        }
        if self.shrink(&error) {
            return;
        }
        debug!(live = %self.follower.id, error = %error.outline(), "a synced stream cannot read");
        let (length, was_told) = match &self.pause {
            Some(pause) => ((pause.length * 2).min(LONGEST_PAUSE), pause.is_told),
            None => (SHORTEST_PAUSE, false),
        };
        let may_last = match error.kind() {
            ErrorKind::TooManySessions => true,
            _ => error.delivery() == Delivery::Answered && !error.is_retryable(),
        };
        self.pause = Some(Pause { until: Instant::now() + length, length, is_told: was_told || may_last });
        if may_last && !was_told {
            self.unsent.push_back(SyncItem::Failed(error));
        }
    }

    /// Returns true if smaller reads may succeed.
    fn shrink(&mut self, error: &Error) -> bool {
        let may_shrink = error.kind() == ErrorKind::TooLarge && self.batch > 1;
        if may_shrink {
            self.batch /= 2;
        }
        may_shrink
    }
}

async fn finished(reading: &mut Option<Reading>) -> Done {
    match reading {
        Some(reading) => reading.await,
        None => pending().await,
    }
}

/// The error for more records than the program allows.
pub(super) fn too_many(records: usize) -> Error {
    let message = format!("more than {records} records match (`max_records`)");
    Error::new(ErrorKind::TooManyRecords, message).answered()
}

/// The transactions that were open at the registration should be over after this time.
const SETTLED_AFTER: Duration = Duration::from_secs(10);

const SHORTEST_RESYNC: Duration = Duration::from_millis(100);

/// The pauses after reads that have failed.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
