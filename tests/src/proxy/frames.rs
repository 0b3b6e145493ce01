//! The bytes of a client as whole frames of RFC 6455.

/// Collects bytes and yields the upgrade request first, then frames.
#[derive(Debug, Default)]
pub(super) struct Frames {
    buffer: Vec<u8>,
    is_upgraded: bool,
}

/// The upgrade request or a frame, as the client sent it.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) bytes: Vec<u8>,
    /// The unmasked payload of a binary or text frame.
    pub(super) request: Option<Vec<u8>>,
}

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, if its last byte has arrived.
    pub(super) fn next(&mut self) -> Option<Frame> {
        if !self.is_upgraded {
            let end = self.buffer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
            self.is_upgraded = true;
            return Some(Frame { bytes: self.take(end), request: None });
        }
        let (header, payload) = lengths(&self.buffer)?;
        if self.buffer.len() < header + payload {
            return None;
        }
        let bytes = self.take(header + payload);
        let is_request = matches!(bytes[0] & 0x0f, 1 | 2);
        let request = is_request.then(|| unmask(&bytes[header - 4..]));
        Some(Frame { bytes, request })
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.buffer.split_off(count);
        std::mem::replace(&mut self.buffer, rest)
    }
}

/// The lengths of header, with the mask that every frame of a client has, and payload.
fn lengths(frame: &[u8]) -> Option<(usize, usize)> {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
    match frame.get(1)? & 0x7f {
        126 => Some((8, number(frame.get(2..4)?))),
        127 => Some((14, number(frame.get(2..10)?))),
        length => Some((6, usize::from(length))),
    }
}

/// The payload behind a mask of four bytes.
fn unmask(masked: &[u8]) -> Vec<u8> {
    let (mask, payload) = masked.split_at(4);
    payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
}
