//! The stream between the transport and tungstenite.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::transport::write_through;
use super::frames::{Frames, Next, Oversize};

/// A stream that shortens the messages above a limit while it is read.
#[derive(Debug)]
pub(in super::super) struct Shortener<S> {
    stream: S,
    frames: Frames,
    /// Bytes of a header, to be read next.
    ready: Bytes,
}

impl<S> Shortener<S> {
    /// A stream that begins with the answer to the handshake.
    pub(super) fn new(stream: S, max_message_bytes: usize) -> Self {
        Self { stream, frames: Frames::new(max_message_bytes), ready: Bytes::new() }
    }

    /// Counts a data message that was read. Returns its true size if it was shortened.
    pub(in super::super) fn take_message(&mut self) -> Option<Oversize> {
        self.frames.take_message()
    }
}

impl<S: AsyncRead + Unpin> Shortener<S> {
    /// Reads bytes that are passed on, or none of what was read.
    fn poll_filtered(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<Progress>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let bytes = &mut buffer.filled_mut()[before..];
        if bytes.is_empty() {
            return Poll::Ready(Ok(Progress::End));
        }
        let left = self.frames.filter(bytes);
        buffer.set_filled(before + left);
        Poll::Ready(Ok(if left > 0 { Progress::Ready } else { Progress::Nothing }))
    }

    /// Reads the missing bytes of a header, and no others.
    fn poll_header(&mut self, cx: &mut Context<'_>, missing: usize) -> Poll<io::Result<Progress>> {
        let mut bytes = [0; 16];
        let mut buffer = ReadBuf::new(&mut bytes[..missing.min(16)]);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        let is_over = buffer.filled().is_empty();
        let header = if is_over { Some(self.frames.give_up()) } else { self.frames.complete(buffer.filled()) };
        self.ready = header.unwrap_or_default();
        Poll::Ready(Ok(Progress::Nothing))
    }

    /// Reads bytes that are dropped. The reader's buffer is lent for it.
    fn poll_dropped(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        count: u64,
    ) -> Poll<io::Result<Progress>> {
        let mut scratch = buffer.take(usize::try_from(count).unwrap_or(usize::MAX));
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut scratch))?;
        let dropped = scratch.filled().len();
        self.frames.dropped(dropped as u64);
        Poll::Ready(Ok(if dropped == 0 { Progress::End } else { Progress::Nothing }))
    }
}

/// The outcome of one read of the stream below.
enum Progress {
    /// The reader has got bytes.
    Ready,
    /// None of the bytes were for the reader.
    Nothing,
    /// Nothing follows.
    End,
}

impl<S: AsyncRead + Unpin> AsyncRead for Shortener<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while buffer.remaining() > 0 {
            if this.ready.has_remaining() {
                let bytes = this.ready.split_to(this.ready.len().min(buffer.remaining()));
                buffer.put_slice(&bytes);
                break;
            }
            let progress = match this.frames.next() {
                Next::Filter => this.poll_filtered(cx, buffer),
                Next::Complete(missing) => this.poll_header(cx, missing),
                Next::Drop(count) => this.poll_dropped(cx, buffer, count),
            };
            if let Progress::Ready | Progress::End = ready!(progress)? {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

write_through!(impl[S: AsyncWrite + Unpin] for Shortener<S>);

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt, StreamExt};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio_tungstenite::tungstenite::{Error, Message};
    use tokio_tungstenite::{accept_async, client_async};

    use super::*;

    const LIMIT: usize = 50_000;

    fn payload(size: usize) -> Vec<u8> {
        (0..size).map(|index| u8::try_from(index % 251).unwrap()).collect()
    }

    /// tungstenite on both sides, over a pipe of this capacity in bytes.
    async fn talk(pipe: usize) {
        let (client, server) = duplex(pipe);
        let sizes = [0, 10, 60_000, 3, LIMIT, LIMIT + 1, 200_000, 125, 126, 65_535, 65_536, 1];
        let sending = async {
            let mut server = accept_async(server).await.unwrap();
            for size in sizes {
                server.feed(Message::Ping(vec![1; 8].into())).await.unwrap();
                server.feed(Message::Binary(payload(size).into())).await.unwrap();
            }
            server.close(None).await.unwrap();
            while server.next().await.is_some() {}
        };
        let receiving = async {
            let stream = Shortener::new(client, LIMIT);
            let (mut client, _) = client_async("ws://localhost/", stream).await.unwrap();
            let mut sizes = sizes.into_iter();
            loop {
                match client.next().await.unwrap().unwrap() {
                    Message::Binary(frame) => {
                        let (size, oversize) = (sizes.next().unwrap(), client.get_mut().take_message());
                        let expected = (size > LIMIT).then_some(Oversize { bytes: size as u64, end: 64 });
                        assert_eq!(oversize, expected, "{pipe}");
                        if oversize.is_none() {
                            assert!(*frame == *payload(size), "{pipe} {size}");
                        } else {
                            let (start, end) = frame.split_at(frame.len() - 64);
                            let whole = payload(size);
                            assert!(whole.starts_with(start) && whole.ends_with(end), "{pipe} {size}");
                        }
                    }
                    Message::Ping(data) => assert_eq!(data, vec![1; 8]),
                    Message::Close(_) => break assert_eq!(sizes.next(), None),
                    other => panic!("{other:?}"),
                }
            }
        };
        tokio::join!(sending, receiving);
    }

    #[tokio::test]
    async fn tungstenite_goes_on_after_messages_above_the_limit() {
        for pipe in [1 << 20, 1 << 17, 70_000, 4_096, 1_000, 137] {
            talk(pipe).await;
        }
    }

    #[tokio::test]
    async fn end_within_a_header_or_a_payload_is_passed_on() {
        for sent in [&b""[..], b"\x82", b"\x82\x7f\0\0", b"\x82\x03ab", b"\x82\x7f\0\0\0\0\0\x10\0\0abc"] {
            let (client, mut server) = duplex(1 << 10);
            server.write_all(&[b"HTTP/1.1 101 A\r\n\r\n", sent].concat()).await.unwrap();
            drop(server);
            let mut read = Vec::new();
            let mut stream = Shortener::new(client, LIMIT);
            stream.read_to_end(&mut read).await.unwrap();
            assert_eq!(read.len(), 18 + sent.len(), "{sent:?}");
        }
    }

    #[tokio::test]
    async fn reader_may_have_room_for_one_byte() {
        let (client, mut server) = duplex(1 << 20);
        let mut bytes = b"HTTP/1.1 101 A\r\n\r\n\x82\x7f\0\0\0\0\0\x01\0\0".to_vec();
        bytes.extend(payload(65_536));
        bytes.extend(b"\x82\x02ab");
        server.write_all(&bytes).await.unwrap();
        drop(server);
        let (mut stream, mut read, mut byte) = (Shortener::new(client, LIMIT), Vec::new(), [0]);
        while stream.read(&mut byte).await.unwrap() == 1 {
            read.push(byte[0]);
        }
        assert_eq!(read.len(), 18 + 10 + (16 << 10) + 4);
        assert!(read.ends_with(b"\x82\x02ab"));
    }

    #[tokio::test]
    async fn length_of_no_message_is_an_error_and_no_panic() {
        let (client, server) = duplex(1 << 10);
        let sending = async {
            let mut server = accept_async(server).await.unwrap();
            server.get_mut().write_all(b"\x82\x7f\x80\0\0\0\0\0\0\0").await.unwrap();
            server
        };
        let receiving = async {
            let limits =
                tokio_tungstenite::tungstenite::protocol::WebSocketConfig::default().max_frame_size(Some(LIMIT));
            let stream = Shortener::new(client, LIMIT);
            let socket = tokio_tungstenite::client_async_with_config("ws://localhost/", stream, Some(limits)).await;
            socket.unwrap().0.next().await.unwrap()
        };
        let (_server, received) = tokio::join!(sending, receiving);
        assert!(matches!(received, Err(Error::Capacity(_))), "{received:?}");
    }
}
