//! Splits a message into fixed words and the SurrealQL between them.

/// The unread part of a message.
#[derive(Debug)]
pub(super) struct MessageScanner<'a> {
    rest: &'a str,
}

impl<'a> MessageScanner<'a> {
    pub(super) fn new(message: &'a str) -> Self {
        Self { rest: message }
    }

    /// Returns the unread part.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    /// Reads exactly these words.
    pub(super) fn literal(&mut self, words: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(words)?;
        Some(())
    }

    /// Reads SurrealQL up to these words, which are outside its quotes and brackets, and the words.
    pub(super) fn surql(&mut self, words: &str) -> Option<&'a str> {
        let text = self.rest;
        let end = end_of_surql(text, words)?;
        self.rest = &text[end + words.len()..];
        Some(&text[..end])
    }

    /// Reads SurrealQL up to these words, which must end the message.
    pub(super) fn surql_to_end(&mut self, words: &str) -> Option<&'a str> {
        let surql = self.surql(words)?;
        self.rest.is_empty().then_some(surql)
    }
}

fn end_of_surql(text: &str, words: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut brackets, mut angles, mut at) = (0_usize, 0_usize, 0);
    while let Some(&byte) = bytes.get(at) {
        let nested = brackets + angles > 0;
        let opens_name = byte == b'`' && (nested || at == 0 || matches!(bytes[at - 1], b':' | b'.' | b'='));
        // Words begin with an ASCII character, so that the text can be cut here.
        if !nested && at > 0 && !opens_name && bytes[at..].starts_with(words.as_bytes()) {
            return Some(at);
        }
        match byte {
            b'\'' | b'"' => at = end_of_quoted(bytes, at)?,
            b'`' if opens_name => at = end_of_quoted(bytes, at)?,
            b'[' | b'{' | b'(' => brackets += 1,
            b']' | b'}' | b')' => brackets = brackets.checked_sub(1)?,
            // The brackets of a type; a range of values may contain a closing one only.
            b'<' => angles += 1,
            b'>' => angles = angles.saturating_sub(1),
            // An unexpected name or escape, a regex or a closure: quotes after it may not be quotes.
            b'`' | b'\\' | b'/' => return None,
            b'|' if at == 0 => return None,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The place of the quote that closes the one at `start`.
fn end_of_quoted(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match *bytes.get(at)? {
            b'\\' => at += 2,
            byte if byte == bytes[start] => return Some(at),
            _ => at += 1,
        }
    }
}
