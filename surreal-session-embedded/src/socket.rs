//! The server's side of a TCP connection, with a switch that makes the client appear to be gone.
//!
//! A task of the server owns each WebSocket, and nothing outside can reach it. But when its stream reports the end, the
//! task cancels the statements of its client, rolls back its transactions, sends its queue and closes. Aborting the
//! task would do none of this, and the server's own graceful shutdown waits for running statements.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::serve;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Ends the connections of a server.
#[derive(Debug, Clone, Default)]
pub(crate) struct HangUp {
    happened: CancellationToken,
    /// Invariant: cancelled before `happened` or never.
    is_abrupt: CancellationToken,
}

/// The manner of a server's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Clients get what is queued for them. SurrealDB 3.3.5 sends no close frame when it stops.
    Orderly,
    /// Connections break off.
    Abrupt,
}

impl HangUp {
    /// Ends all connections; an abrupt end also breaks their sockets.
    pub(crate) fn all(&self, ending: Ending) {
        if ending == Ending::Abrupt {
            self.is_abrupt.cancel();
        }
        self.happened.cancel();
    }

    /// Waits for the end.
    pub(crate) fn happened(self) -> WaitForCancellationFutureOwned {
        self.happened.cancelled_owned()
    }
}

/// Accepts connections whose clients appear to be gone after a [`HangUp`].
pub(crate) struct Listener {
    inner: TcpListener,
    hang_up: HangUp,
}

impl Listener {
    pub(crate) fn new(inner: TcpListener, hang_up: HangUp) -> Self {
        Self { inner, hang_up }
    }
}

impl serve::Listener for Listener {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Socket, SocketAddr) {
        let (stream, peer) = serve::Listener::accept(&mut self.inner).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
        (Socket::new(stream, &self.hang_up), peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

pub(crate) struct Socket {
    /// `None` after an abrupt end.
    stream: Option<TcpStream>,
    hung_up: Pin<Box<WaitForCancellationFutureOwned>>,
    is_abrupt: CancellationToken,
}

impl Socket {
    fn new(stream: TcpStream, hang_up: &HangUp) -> Self {
        let is_abrupt = hang_up.is_abrupt.clone();
        Self { stream: Some(stream), hung_up: Box::pin(hang_up.clone().happened()), is_abrupt }
    }

    /// The stream to write to, unless the connection has broken off.
    fn writer(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        if self.is_abrupt.is_cancelled() {
            self.stream = None;
        }
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.hung_up.as_mut().poll(cx).is_ready() {
            if self.is_abrupt.is_cancelled() {
                self.stream = None;
            }
            return Poll::Ready(Ok(()));
        }
        match &mut self.stream {
            Some(stream) => Pin::new(stream).poll_read(cx, buffer),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.writer()?.poll_write(cx, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writer()?.poll_write_vectored(cx, data)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(TcpStream::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer()?.poll_shutdown(cx)
    }
}
