//! The bodies of functions in JavaScript, which are no SurrealQL.

/// The length of the body, up to and with the brace that closes it.
pub(super) fn length(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(first) = text[at..].chars().next() {
        let after = &text[at + first.len_utf8()..];
        let inner = match first {
            '\'' | '"' | '`' => end(after, first)?,
            '/' if after.starts_with('/') => after.find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(after.len()),
            '/' if after.starts_with('*') => 1 + after[1..].find("*/")? + 2,
            _ => 0,
        };
        at += first.len_utf8() + inner;
        depth = match first {
            '{' => depth + 1,
            '}' => depth.saturating_sub(1),
            _ => depth,
        };
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The length up to and with `close`, which a backslash escapes.
pub(super) fn end(text: &str, close: char) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == close && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends.then(|| at + c.len_utf8())
    })
}
