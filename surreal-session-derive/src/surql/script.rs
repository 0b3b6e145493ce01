//! The bodies of functions in JavaScript, which are no SurrealQL.

use super::lexer::{Token, end};

/// Returns true if a `{` after these tokens begins the body of `function(..)`.
pub(super) fn follows(tokens: &[Token<'_>]) -> bool {
    let mut depth = 0_usize;
    let start = tokens.iter().rposition(|token| {
        depth += usize::from(token.is(")"));
        depth = depth.saturating_sub(usize::from(token.is("(")));
        depth == 0
    });
    let is_called = tokens.last().is_some_and(|token| token.is(")"));
    is_called
        && match start.map(|start| &tokens[..start]) {
            Some([.., before, word]) => word.is_word("function") && !before.is("."),
            Some([word]) => word.is_word("function"),
            _ => false,
        }
}

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
