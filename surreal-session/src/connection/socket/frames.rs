//! The frames of the server's messages, as their bytes pass.
//!
//! tungstenite cannot go on after a message above its limit. So such a message is made short before tungstenite sees it:
//! its header gets another length, and most of its payload is dropped. Nothing is copied and nothing is kept, except a
//! header of which a part has come.

use std::collections::VecDeque;

use bytes::Bytes;

/// Finds the frames in the bytes from the server, and shortens the messages above the limit.
#[derive(Debug)]
pub(super) struct Frames {
    limit: u64,
    position: Position,
    /// The bytes of a header that is not complete. They are withheld, because the header may have to change.
    header: Vec<u8>,
    message: Message,
    /// The number of data messages that have ended, and of those that the reader has taken.
    ended: u64,
    taken: u64,
    /// The messages above the limit that the reader has not taken yet, with their numbers.
    oversize: VecDeque<(u64, Oversize)>,
}

/// A message above the limit, of which the reader gets the start, and its end if it came in one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Oversize {
    /// The size of the whole message in bytes.
    pub(in super::super) bytes: u64,
    /// The number of bytes, at the end of those that are left, that were the end of the message.
    pub(in super::super) end: usize,
}

/// The place of the next byte.
#[derive(Debug, Clone, Copy)]
enum Position {
    /// The answer to the handshake.
    Answer(Line),
    Header,
    Payload(Cut),
}

/// The state of a line of the answer. An empty one ends it.
#[derive(Debug, Clone, Copy)]
enum Line {
    /// Empty lines before the answer do not count.
    None,
    Empty,
    Text,
}

/// The payload of a frame that is left: some bytes to pass on, some to drop, and again some to pass on.
#[derive(Debug, Clone, Copy)]
struct Cut {
    start: u64,
    dropped: u64,
    end: u64,
}

/// A data message whose frames come.
#[derive(Debug, Default)]
struct Message {
    is_text: bool,
    bytes: u64,
    kept: u64,
}

/// The treatment of the next bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// They go through [`Frames::filter`].
    Filter,
    /// This number is missing of a header. They go to [`Frames::complete`].
    Complete(usize),
    /// This number is dropped, and counted by [`Frames::dropped`].
    Drop(u64),
}

impl Frames {
    /// The frames of a connection that begins with the answer to the handshake.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit: limit as u64,
            position: Position::Answer(Line::None),
            header: Vec::new(),
            message: Message::default(),
            ended: 0,
            taken: 0,
            oversize: VecDeque::new(),
        }
    }

    pub(super) fn next(&self) -> Next {
        match self.position {
            Position::Payload(Cut { start: 0, dropped: count @ 1.., .. }) => Next::Drop(count),
            Position::Header if !self.header.is_empty() => Next::Complete(missing(&self.header)),
            _ => Next::Filter,
        }
    }

    /// Takes bytes from the server. Returns the number of bytes that are left of them, moved to the front.
    pub(super) fn filter(&mut self, bytes: &mut [u8]) -> usize {
        let (mut from, mut to) = (0, 0);
        while from < bytes.len() {
            let rest = &mut bytes[from..];
            let (passed, dropped) = match &mut self.position {
                Position::Answer(line) => match line.end(rest) {
                    Some(end) => {
                        self.position = Position::Header;
                        (end, 0)
                    }
                    None => (rest.len(), 0),
                },
                Position::Header => self.pass_header(rest),
                Position::Payload(cut) => cut.take(rest.len()),
            };
            self.leave_payload();
            if from > to {
                bytes.copy_within(from..from + passed, to);
            }
            from += passed + dropped;
            to += passed;
        }
        to
    }

    /// Adds the missing bytes of a header. Returns the header if it is complete.
    pub(super) fn complete(&mut self, bytes: &[u8]) -> Option<Bytes> {
        self.header.extend_from_slice(bytes);
        if missing(&self.header) > 0 {
            return None;
        }
        let mut header = std::mem::take(&mut self.header);
        self.begin(&mut header);
        Some(header.into())
    }

    /// Returns what has come of a header that will not be completed.
    pub(super) fn give_up(&mut self) -> Bytes {
        std::mem::take(&mut self.header).into()
    }

    /// Counts bytes that were dropped.
    pub(super) fn dropped(&mut self, count: u64) {
        if let Position::Payload(cut) = &mut self.position {
            cut.dropped = cut.dropped.saturating_sub(count);
        }
        self.leave_payload();
    }

    /// Counts a data message that the reader has taken. Returns its true size if it was shortened.
    pub(super) fn take_message(&mut self) -> Option<Oversize> {
        self.taken += 1;
        let (number, oversize) = *self.oversize.front()?;
        (number <= self.taken).then(|| {
            self.oversize.pop_front();
            oversize
        })
    }

    /// Passes a header on, or keeps what has come of it.
    fn pass_header(&mut self, rest: &mut [u8]) -> (usize, usize) {
        match header_length(rest) {
            Some(length) if length <= rest.len() => {
                self.begin(&mut rest[..length]);
                (length, 0)
            }
            _ => {
                self.header.extend_from_slice(rest);
                (0, rest.len())
            }
        }
    }

    /// Begins the payload of a frame, and changes the header if the payload will be shortened.
    fn begin(&mut self, header: &mut [u8]) {
        let (is_final, opcode, length) = (header[0] & FINAL != 0, header[0] & OPCODE, payload_length(header));
        let cut = match opcode {
            CONTINUATION | TEXT | BINARY if length <= MAX_DROPPED => self.data(opcode, is_final, length),
            // Control frames; and what tungstenite refuses.
            _ => Cut::whole(length),
        };
        if cut.dropped > 0 {
            set_payload_length(header, cut.start + cut.end);
        }
        self.position = Position::Payload(cut);
        self.leave_payload();
    }

    /// Counts a frame of a data message.
    fn data(&mut self, opcode: u8, is_final: bool, length: u64) -> Cut {
        if opcode != CONTINUATION {
            self.message = Message { is_text: opcode == TEXT, ..Message::default() };
        }
        let message = &mut self.message;
        message.bytes = message.bytes.saturating_add(length);
        let is_oversize = message.bytes > self.limit;
        let cut = match is_oversize {
            false => Cut::whole(length),
            // A part of a text may end within a character.
            true if message.is_text => Cut { start: 0, dropped: length, end: 0 },
            true => {
                Cut::of(length, (KEPT_BYTES as u64).saturating_sub(message.kept), is_final && opcode != CONTINUATION)
            }
        };
        message.kept += cut.start + cut.end;
        if is_final {
            let Message { bytes, .. } = std::mem::take(message);
            self.ended += 1;
            if is_oversize {
                let end = usize::try_from(cut.end).unwrap_or_default();
                self.oversize.push_back((self.ended, Oversize { bytes, end }));
            }
        }
        cut
    }

    fn leave_payload(&mut self) {
        if let Position::Payload(Cut { start: 0, dropped: 0, end: 0 }) = self.position {
            self.position = Position::Header;
        }
    }
}

impl Line {
    /// The number of bytes up to the end of the answer, if it is among these.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (index, byte) in bytes.iter().enumerate() {
            *self = match (*self, byte) {
                (Self::Empty, b'\n') => return Some(index + 1),
                (Self::None, b'\r' | b'\n') => Self::None,
                (_, b'\n') => Self::Empty,
                (line, b'\r') => line,
                _ => Self::Text,
            };
        }
        None
    }
}

impl Cut {
    fn whole(length: u64) -> Self {
        Self { start: length, dropped: 0, end: 0 }
    }

    /// Keeps at most `kept` bytes, and the last of them from the end.
    fn of(length: u64, kept: u64, with_end: bool) -> Self {
        let kept = kept.min(length);
        let end = if with_end { kept.min(KEPT_END) } else { 0 };
        Self { start: kept - end, dropped: length - kept, end }
    }

    /// Takes out the next bytes, at most `most`: those to pass on, and those to drop behind them.
    fn take(&mut self, most: usize) -> (usize, usize) {
        let most = most as u64;
        let passed = if self.start == 0 && self.dropped == 0 { &mut self.end } else { &mut self.start };
        let pass = most.min(*passed);
        *passed -= pass;
        let drop = (most - pass).min(self.dropped);
        self.dropped -= drop;
        // Both are at most `most`.
        (usize::try_from(pass).unwrap_or_default(), usize::try_from(drop).unwrap_or_default())
    }
}

/// The length of a header, if its first two bytes are there.
fn header_length(bytes: &[u8]) -> Option<usize> {
    let second = *bytes.get(1)?;
    let mask = if second & MASKED == 0 { 0 } else { 4 };
    Some(2 + length_bytes(second) + mask)
}

/// The number of bytes that have to follow before more is known about a header.
fn missing(header: &[u8]) -> usize {
    header_length(header).unwrap_or(2).saturating_sub(header.len())
}

/// The number of bytes of the length behind the first two bytes of a header.
fn length_bytes(second: u8) -> usize {
    match second & SHORT_LENGTH {
        126 => 2,
        127 => 8,
        _ => 0,
    }
}

fn payload_length(header: &[u8]) -> u64 {
    match length_bytes(header[1]) {
        0 => u64::from(header[1] & SHORT_LENGTH),
        count => header[2..2 + count].iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
    }
}

/// Writes a shorter length in the form of the former one. It does not have to be the shortest form.
fn set_payload_length(header: &mut [u8], length: u64) {
    let bytes = length.to_be_bytes();
    match length_bytes(header[1]) {
        0 => header[1] = header[1] & MASKED | bytes[7],
        count => header[2..2 + count].copy_from_slice(&bytes[8 - count..]),
    }
}

const FINAL: u8 = 0x80;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const SHORT_LENGTH: u8 = 0x7f;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;

/// The number of bytes that are left of a message above the limit: enough for the id of its request or live query.
pub(super) const KEPT_BYTES: usize = 16 << 10;

/// The number of these that come from its end: enough for the id of a request that follows its error.
const KEPT_END: u64 = 64;

/// The largest frame that is shortened. A larger one is no frame: what follows cannot be read, and tungstenite refuses it.
const MAX_DROPPED: u64 = 1 << 40;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{Just, Strategy, prop_assert_eq, prop_oneof, proptest};

    use super::*;

    const LIMIT: usize = 40_000;
    const PONG: u8 = 0x0a;
    const ANSWER: &[u8] = b"\r\nHTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

    #[derive(Clone)]
    struct Frame {
        first: u8,
        payload: Vec<u8>,
        /// The number of bytes of the length: 0, 2 or 8, and more than needed at times.
        length_bytes: usize,
    }

    impl std::fmt::Debug for Frame {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "{:x} of {} in {}", self.first, self.payload.len(), self.length_bytes)
        }
    }

    impl Frame {
        fn new(first: u8, length: usize) -> Self {
            // No two parts of the payload are alike.
            let payload = (0..length).map(|index| ((index * 31 + index / 251) % 256).try_into().unwrap()).collect();
            let length_bytes = if length < 126 {
                0
            } else if length < 65_536 {
                2
            } else {
                8
            };
            Self { first, payload, length_bytes }
        }

        fn header(&self) -> Vec<u8> {
            let length = self.payload.len() as u64;
            let mut header = match self.length_bytes {
                0 => vec![self.first, 0],
                2 => vec![self.first, 126, 0, 0],
                _ => vec![self.first, 127, 0, 0, 0, 0, 0, 0, 0, 0],
            };
            set_payload_length(&mut header, length);
            header
        }

        fn write(&self, to: &mut Vec<u8>) {
            to.extend_from_slice(&self.header());
            to.extend_from_slice(&self.payload);
        }
    }

    /// The bytes that have to come out, found in another way: message by message.
    fn shortened(frames: &[Frame], limit: usize) -> (Vec<u8>, Vec<(u64, Oversize)>) {
        let (mut out, mut oversize) = (Vec::new(), Vec::new());
        let (mut is_text, mut size, mut kept, mut number) = (false, 0, 0, 0);
        for frame in frames {
            let (opcode, is_final) = (frame.first & OPCODE, frame.first & FINAL != 0);
            let mut left = frame.clone();
            let mut end = 0;
            if opcode <= BINARY {
                if opcode != CONTINUATION {
                    (is_text, size, kept) = (opcode == TEXT, 0, 0);
                }
                size += frame.payload.len();
                if size > limit {
                    let most = if is_text { 0 } else { frame.payload.len().min(KEPT_BYTES.saturating_sub(kept)) };
                    end = if is_final && opcode == BINARY { most.min(64) } else { 0 };
                    left.payload.truncate(most - end);
                    left.payload.extend_from_slice(&frame.payload[frame.payload.len() - end..]);
                }
                kept += left.payload.len();
                if is_final {
                    number += 1;
                    if size > limit {
                        oversize.push((number, Oversize { bytes: size as u64, end }));
                    }
                    (is_text, size, kept) = (false, 0, 0);
                }
            }
            left.write(&mut out);
        }
        (out, oversize)
    }

    /// Reads bytes in pieces of these sizes, again and again, as the stream does.
    fn read(frames: &mut Frames, bytes: &[u8], pieces: &[usize]) -> Vec<u8> {
        let (mut out, mut rest, mut pieces) = (Vec::new(), bytes, pieces.iter().cycle());
        while !rest.is_empty() {
            let most = (*pieces.next().unwrap()).clamp(1, rest.len());
            let piece = match frames.next() {
                Next::Filter => most,
                Next::Complete(count) => most.min(count),
                Next::Drop(count) => most.min(usize::try_from(count).unwrap()),
            };
            let mut read = rest[..piece].to_vec();
            rest = &rest[piece..];
            match frames.next() {
                Next::Filter => {
                    let left = frames.filter(&mut read);
                    out.extend_from_slice(&read[..left]);
                }
                Next::Complete(_) => out.extend_from_slice(&frames.complete(&read).unwrap_or_default()),
                Next::Drop(_) => frames.dropped(piece as u64),
            }
        }
        out
    }

    #[track_caller]
    fn check(sent: &[Frame], limit: usize, pieces: &[usize]) {
        let mut bytes = ANSWER.to_vec();
        for frame in sent {
            frame.write(&mut bytes);
        }
        let (expected, oversize) = shortened(sent, limit);
        let mut frames = Frames::new(limit);
        let out = read(&mut frames, &bytes, pieces);
        assert!(out[..ANSWER.len()] == *ANSWER && out[ANSWER.len()..] == expected, "{pieces:?}");
        assert_eq!(frames.oversize, oversize);
        let last = frames.ended;
        for number in 1..=last {
            let expected = oversize.iter().find(|(other, _)| *other == number).map(|(_, oversize)| *oversize);
            assert_eq!(frames.take_message(), expected, "{number}");
        }
        assert!(frames.oversize.is_empty());
    }

    /// A message in fragments with pings between them, one above the limit, and others around.
    fn conversation() -> Vec<Frame> {
        vec![
            Frame::new(FINAL | 9, 4),
            Frame::new(FINAL | BINARY, 0),
            Frame::new(FINAL | BINARY, 200),
            Frame::new(FINAL | BINARY, 70_000),
            Frame::new(FINAL | BINARY, 3),
            Frame::new(BINARY, 10_000),
            Frame::new(FINAL | 9, 125),
            Frame::new(CONTINUATION, 35_000),
            Frame::new(CONTINUATION, 0),
            Frame::new(FINAL | PONG, 0),
            Frame::new(FINAL, 50_000),
            Frame::new(FINAL | TEXT, 5),
            Frame::new(FINAL | TEXT, 40_001),
            Frame::new(FINAL | BINARY, 40_000),
            Frame::new(FINAL | 8, 2),
        ]
    }

    #[test]
    fn frames_are_found_wherever_they_are_cut() {
        let sent = conversation();
        let length = ANSWER.len() + sent.iter().map(|frame| frame.header().len() + frame.payload.len()).sum::<usize>();
        // In two pieces, cut near each boundary of header and payload.
        let mut at = ANSWER.len();
        for frame in &sent {
            for boundary in [at, at + frame.header().len()] {
                for cut in boundary.saturating_sub(2)..=boundary + 2 {
                    check(&sent, LIMIT, &[cut, length]);
                }
            }
            at += frame.header().len() + frame.payload.len();
        }
        for size in [1, 2, 3, 7, 13, 1_000, 4_096, 128 << 10, usize::MAX] {
            check(&sent, LIMIT, &[size]);
        }
    }

    #[test]
    fn short_frames_are_found_at_every_cut() {
        // With a limit of four bytes, all forms of a length are above it and still short.
        let sent = [
            Frame::new(FINAL | BINARY, 9),
            Frame { length_bytes: 2, ..Frame::new(FINAL | BINARY, 7) },
            Frame { length_bytes: 8, ..Frame::new(FINAL | BINARY, 2) },
            Frame { length_bytes: 8, ..Frame::new(FINAL | TEXT, 5) },
            Frame::new(BINARY, 3),
            Frame::new(FINAL, 3),
            Frame::new(FINAL | BINARY, 1),
        ];
        let length = ANSWER.len() + 80;
        for first in 1..length {
            for second in 1..20 {
                check(&sent, 4, &[first, second, length]);
            }
        }
    }

    #[test]
    fn answer_ends_where_the_parser_of_its_head_ends_it() {
        for (answer, rest) in [
            (&b"HTTP/1.1 101 A\r\nB: c\r\n\r\n"[..], 0),
            (b"HTTP/1.1 101 A\nB: c\n\n", 0),
            (b"\r\n\r\nHTTP/1.1 101 A\r\n\r\n\x82\x01", 2),
            (b"HTTP/1.1 101 A\r\nB: c\r\n\n\x82", 1),
        ] {
            for cut in 0..answer.len() {
                let mut line = Line::None;
                let end = line.end(&answer[..cut]).or_else(|| line.end(&answer[cut..]).map(|end| cut + end));
                assert_eq!(end, Some(answer.len() - rest), "{cut}");
            }
        }
    }

    #[test]
    fn lengths_that_no_frame_has_are_left_to_tungstenite() {
        for length in [u64::MAX, 1 << 63, MAX_DROPPED + 1] {
            for opcode in [BINARY, TEXT, CONTINUATION, 9, 3] {
                let mut header = vec![FINAL | opcode, 127, 0, 0, 0, 0, 0, 0, 0, 0];
                set_payload_length(&mut header, length);
                let mut frames = Frames::new(LIMIT);
                frames.position = Position::Header;
                let mut bytes = [&header[..], b"more"].concat();
                assert_eq!(frames.filter(&mut bytes), bytes.len());
                assert_eq!(bytes[..10], header);
                assert_eq!(frames.next(), Next::Filter);
            }
        }
        // The largest one that is shortened.
        let mut header = vec![FINAL | BINARY, 127, 0, 0, 0, 0, 0, 0, 0, 0];
        set_payload_length(&mut header, MAX_DROPPED);
        let mut frames = Frames::new(LIMIT);
        frames.position = Position::Header;
        assert_eq!(frames.filter(&mut header), 10);
        assert_eq!(payload_length(&header), KEPT_BYTES as u64);
        assert_eq!(frames.take_message(), Some(Oversize { bytes: MAX_DROPPED, end: 64 }));
    }

    #[test]
    fn endless_fragments_keep_no_memory() {
        let mut frames = Frames::new(LIMIT);
        frames.position = Position::Header;
        let mut kept = 0;
        for number in 0..10_000 {
            let mut bytes = Vec::new();
            Frame::new(if number == 0 { BINARY } else { CONTINUATION }, 1_000).write(&mut bytes);
            kept += frames.filter(&mut bytes);
        }
        assert!(kept < LIMIT + 10_000 * 10, "{kept}");
        assert_eq!((frames.oversize.len(), frames.header.len()), (0, 0));
    }

    fn frame() -> impl Strategy<Value = Frame> {
        let length = prop_oneof![0..200_usize, 0..2_000_usize, 15_000..20_000_usize, 65_000..70_000_usize];
        let first = prop_oneof![
            4 => Just(FINAL | BINARY),
            1 => Just(FINAL | TEXT),
            1 => Just(BINARY),
            1 => Just(CONTINUATION),
            1 => Just(FINAL),
            1 => Just(FINAL | 9),
        ];
        (first, length, prop_oneof![3 => Just(0), 1 => Just(2), 1 => Just(8)]).prop_map(|(first, length, more)| {
            let length = if first & 8 == 0 { length } else { length % 126 };
            let frame = Frame::new(first, length);
            let length_bytes = frame.length_bytes.max(more);
            Frame { length_bytes, ..frame }
        })
    }

    proptest! {
        #[test]
        fn any_frames_in_any_pieces(
            sent in vec(frame(), 0..12),
            limit in prop_oneof![0..300_usize, 10_000..70_000_usize],
            pieces in vec(prop_oneof![1..12_usize, 1..70_000_usize], 1..40),
        ) {
            check(&sent, limit, &pieces);
        }

        #[test]
        fn any_bytes_in_any_pieces_come_out_the_same(
            bytes in vec(proptest::prelude::any::<u8>(), 0..3_000),
            pieces in vec(1..40_usize, 1..40),
            limit in 0..300_usize,
        ) {
            let run = |pieces: &[usize]| {
                let mut frames = Frames::new(limit);
                frames.position = Position::Header;
                let out = read(&mut frames, &bytes, pieces);
                let rest = frames.give_up();
                (out, frames.oversize, rest)
            };
            prop_assert_eq!(run(&pieces), run(&[usize::MAX]));
        }
    }
}
