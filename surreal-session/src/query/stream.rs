//! The rows of a text as a stream: the server sends them while it runs the text.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;

use super::Scope;
use crate::codec::reader::elements;
use crate::codec::{self, NONE};
use crate::connection::{CallWatch, Client, FrameQueue, Patience, Timer};
use crate::error::{Delivery, Error, ErrorKind, Result, ServerError};
use crate::protocol::{BindingsWriter, Operation, Reply, StreamPart, decode_error, malformed};

/// The rows of one statement of a text, while the server runs it: a `Stream<Item = Result<T>>`.
///
/// Made by [`Query::stream`](crate::Query::stream). A result that is no list, as of RETURN or ONLY, is one item, and none if
/// it is NONE. The results of the other statements are dropped.
///
/// The server (3.3.5) sends rows of a SELECT without ORDER BY and GROUP BY while it reads them; other results it computes first
/// and then sends in parts. Its streaming has no back-pressure, so that each stream has a socket to itself
/// ([`Connect::stream_sockets`](crate::Connect::stream_sockets)), which is read only while the buffer of the stream
/// ([`buffer_bytes`](Self::buffer_bytes)) has room. No call waits for a slow stream, and memory does not grow. The server
/// stops a stream that takes no row for about 30 seconds after its own queues are full
/// (`SURREAL_WEBSOCKET_STREAM_SEND_TIMEOUT`), which ends it with an error: for slower programs use
/// [`Select::stream`](crate::query::Select::stream), which has no such limit.
///
/// The text runs in a copy of the session, with its namespace, database, variables and sign-in. USE, LET and sign-ins in it do
/// not change the session.
///
/// # Errors
///
/// A row that does not fit `T` is an item with [`Decode`](crate::ErrorKind::Decode), after which the stream goes on. Every
/// other error ends the stream: that of the statement, whose earlier rows are void then;
/// [`Timeout`](crate::ErrorKind::Timeout) if no part arrives for the [`deadline`](crate::Query::deadline), and
/// [`Disconnected`](crate::ErrorKind::Disconnected) if the socket is lost, both with the number of rows that came before;
/// [`Unsupported`](crate::ErrorKind::Unsupported) if the server does not stream;
/// [`TooManySessions`](crate::ErrorKind::TooManySessions) if all sockets for streams are in use;
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) in a transaction, and if there is no such statement.
///
/// # Cancel safety
///
/// Dropping the stream stops the text on the server: statements that have finished are kept, and those behind the
/// current one do not run. A poll that is dropped loses no row.
///
/// # Examples
///
/// ```
/// # use surreal_session::prelude::*;
/// use futures_util::TryStreamExt;
///
/// # surreal_session_embedded::example(async |session| {
/// # session.execute("CREATE |reading:1000| SET value = rand::int(0, 9)").await?;
/// let text = "LET $least = 5; SELECT VALUE value FROM reading WHERE value >= $least";
/// let mut values = session.query(text).stream::<i64>(1);
/// while let Some(value) = values.try_next().await? {
///     assert!(value >= 5);
/// }
/// # Ok(()) });
/// ```
#[must_use = "a stream runs nothing until it is polled"]
pub struct QueryStream<T> {
    /// The text and the names bound to it, for logs.
    text: String,
    state: State,
    index: usize,
    buffer_bytes: usize,
    rows: u64,
    rows_of_part: VecDeque<Bytes>,
    /// Set when the statement has ended.
    is_finished: bool,
    types: PhantomData<fn() -> T>,
}

/// A text that is streamed, with its values.
pub(super) struct Streamed {
    pub(super) scope: Scope,
    pub(super) bindings: BindingsWriter,
    pub(super) patience: Patience,
    /// The first error of a value.
    pub(super) error: Option<Error>,
    /// The text for spans, if it has no values.
    pub(super) shown: Option<Cow<'static, str>>,
}

enum State {
    New(Box<Streamed>),
    Running(Running),
    Over,
}

struct Running {
    watch: CallWatch,
    client: Client,
    frames: FrameQueue,
    /// The call, whose result is the last part.
    call: Option<BoxFuture<'static, Result<Bytes>>>,
    last: Option<Result<Bytes>>,
    patience: Patience,
    /// Runs while a part is awaited.
    timer: Option<Timer>,
}

impl<T> QueryStream<T> {
    pub(super) fn new(text: String, query: Streamed, index: usize) -> Self {
        Self {
            text,
            state: State::New(Box::new(query)),
            index,
            buffer_bytes: BUFFER_BYTES,
            rows: 0,
            rows_of_part: VecDeque::new(),
            is_finished: false,
            types: PhantomData,
        }
    }

    /// Sets the size of the rows that wait for the program; 1 MiB unless set. While there is more, nothing is read from
    /// the socket. A part of the reply, of at most 256 rows, may exceed it.
    pub fn buffer_bytes(mut self, bytes: usize) -> Self {
        self.buffer_bytes = bytes.max(1);
        self
    }

    /// Returns the text and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.text.clone()
    }

    /// Takes in a part of the reply. Returns the error that ends the stream.
    fn take_in(&mut self, part: StreamPart) -> Result<()> {
        match part {
            StreamPart::Rows(index, rows) if index == self.index => {
                self.rows_of_part = elements(&rows).map_err(|error| malformed(operation(), error))?;
            }
            StreamPart::Value(index, value) if index == self.index && *value != *NONE => {
                self.rows_of_part.push_back(value);
            }
            StreamPart::Finished(index, error) if index == self.index => {
                self.is_finished = true;
                if let Some(error) = error {
                    return Err(Error::from_statement(index, error));
                }
            }
            StreamPart::End(Some(error)) if !self.is_finished => return Err(Error::from_server(operation(), error)),
            StreamPart::End(None) if !self.is_finished => {
                return Err(Error::argument(format!("there is no statement {} in the text", self.index)).answered());
            }
            _ => {}
        }
        Ok(())
    }

    /// Ends the stream, perhaps with an error.
    fn end(&mut self, error: Option<&Error>) {
        if let State::Running(running) = mem::replace(&mut self.state, State::Over) {
            running.watch.finish_with(|| error.cloned());
        }
    }

    fn ended(&self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::Timeout | ErrorKind::Disconnected | ErrorKind::Closed | ErrorKind::Internal => {
                error.in_context(format_args!("the stream ended after {} rows", self.rows))
            }
            _ => error,
        }
    }
}

/// The name of the call in messages.
fn operation() -> &'static str {
    "query"
}

impl Running {
    /// Begins to run the text.
    fn begin(query: Streamed, buffer_bytes: usize) -> Result<Self> {
        let watch = query.scope.watch(|| query.bindings.operation().clone(), query.shown.as_deref());
        let frames = FrameQueue::new(buffer_bytes);
        match call(query, frames.clone()) {
            Ok((client, patience, call)) => {
                let call: BoxFuture<'static, _> = Box::pin(watch.within(call));
                Ok(Self { watch, client, frames, call: Some(call), last: None, patience, timer: None })
            }
            Err(error) => {
                let refused = Err(error);
                watch.finish(&refused);
                refused
            }
        }
    }

    /// Returns the next part of the reply; `None` when all of them have been returned.
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<StreamPart>>> {
        // Before the frames: they are in the queue when the call ends.
        if let Some(call) = &mut self.call
            && let Poll::Ready(last) = call.as_mut().poll(cx)
        {
            (self.call, self.last) = (None, Some(last));
        }
        if let Poll::Ready(frame) = self.frames.poll_next(cx) {
            self.timer = None;
            let result = Reply::new(frame).into_result(operation());
            let part = result.and_then(|part| StreamPart::read(&part).map_err(|error| malformed(operation(), error)));
            return Poll::Ready(Some(part));
        }
        if self.call.is_none() {
            let last = self.last.take();
            return Poll::Ready(last.map(|last| {
                last.and_then(|part| StreamPart::read(&part).map_err(|error| malformed(operation(), error)))
            }));
        }
        let deadline = self.client.deadline(self.patience);
        let timer = self.timer.get_or_insert_with(|| self.client.timer(deadline.at));
        std::task::ready!(Pin::new(timer).poll(cx));
        // The driver stops the text when the call is dropped.
        self.call = None;
        let message = format!("`{}` is streamed, and no part of it came for {:?}", operation(), deadline.timeout);
        Poll::Ready(Some(Err(Error::new(ErrorKind::Timeout, message).with_delivery(Delivery::Unknown))))
    }
}

/// The call of a text, whose result is the last part.
fn call(
    query: Streamed,
    frames: FrameQueue,
) -> Result<(Client, Patience, impl Future<Output = Result<Bytes>> + Send + 'static)> {
    let Streamed { scope, bindings, patience, error, .. } = query;
    if let Some(error) = error {
        return Err(error);
    }
    if scope.transaction().is_some() {
        let advice = "a text cannot be streamed in a transaction; use `select::<T>().stream()`";
        return Err(Error::argument(advice));
    }
    let (session, client) = (scope.session().clone(), scope.client().clone());
    client.start()?;
    let call = async move {
        let deadline = session.client.deadline(patience);
        let request = |session: &crate::session::SessionInner| {
            bindings.moved_to(session.request_in(None, Operation::stream())).finish()
        };
        session.stream(request, deadline, frames).await.map_err(explained)
    };
    Ok((client, patience, call))
}

/// The refusal of a server that does not stream.
fn explained(error: Error) -> Error {
    let is_unknown = error.server().and_then(ServerError::code).is_some_and(|code| matches!(code, -32601 | -32602));
    if is_unknown {
        error.in_context("the server does not stream results").with_kind(ErrorKind::Unsupported)
    } else {
        error
    }
}

impl<T: DeserializeOwned> Stream for QueryStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(row) = self.rows_of_part.pop_front() {
                self.rows += 1;
                return Poll::Ready(Some(codec::decode_row(&row).map_err(|error| decode_error(&row, &error))));
            }
            let part = match &mut self.state {
                State::Over => return Poll::Ready(None),
                State::New(_) => {
                    let buffer_bytes = self.buffer_bytes;
                    let State::New(query) = mem::replace(&mut self.state, State::Over) else { continue };
                    match Running::begin(*query, buffer_bytes) {
                        Ok(running) => self.state = State::Running(running),
                        Err(error) => return Poll::Ready(Some(Err(error))),
                    }
                    continue;
                }
                State::Running(running) => std::task::ready!(running.poll_part(cx)),
            };
            let taken_in = match part {
                Some(Ok(part)) => self.take_in(part),
                Some(Err(error)) => Err(error),
                None => {
                    self.end(None);
                    Ok(())
                }
            };
            if let State::Running(running) = &self.state {
                running.watch.note_rows(self.rows_of_part.len());
            }
            if let Err(error) = taken_in {
                self.end(Some(&error));
                self.rows_of_part.clear();
                return Poll::Ready(Some(Err(self.ended(error))));
            }
        }
    }
}

/// Pinning keeps nothing in place.
impl<T> Unpin for QueryStream<T> {}

/// The text, without the values.
impl<T> fmt::Debug for QueryStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryStream")
            .field("text", &self.text)
            .field("index", &self.index)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

/// The size of the rows that wait for the program, unless set.
const BUFFER_BYTES: usize = 1 << 20;
