//! The variables of a text: those that it introduces, and those that it uses.

use super::lexer::{Kind, Token};

/// A `$name` in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Variable<'t> {
    pub(super) name: &'t str,
    pub(super) at: usize,
    /// `true` in `LET $x`, `FOR $x IN`, and among the parameters of a closure or function.
    pub(super) is_introduced: bool,
}

/// All variables, in the order of the text.
pub(super) fn variables<'t>(tokens: &[Token<'t>]) -> Vec<Variable<'t>> {
    let mut introduced = vec![false; tokens.len()];
    let mut closed = None;
    for (index, token) in tokens.iter().enumerate() {
        let after = index + 1;
        if token.is_word("LET") || token.is_word("FOR") {
            introduce(tokens, after, &mut introduced);
        } else if token.is("|") && closed != Some(index) && is_variable(tokens, after) {
            closed = Some(parameters(tokens, after, "|", &mut introduced));
        } else if token.is_word("FUNCTION") && index > 0 && tokens[index - 1].is_word("DEFINE") {
            let open = tokens[after..].iter().position(|token| token.is("("));
            parameters(tokens, open.map_or(tokens.len(), |open| after + open + 1), ")", &mut introduced);
        }
    }
    let variable = |(token, &is_introduced): (&Token<'t>, _)| {
        token.variable().map(|name| Variable { name, at: token.at, is_introduced })
    };
    tokens.iter().zip(&introduced).filter_map(variable).collect()
}

fn is_variable(tokens: &[Token<'_>], index: usize) -> bool {
    tokens.get(index).is_some_and(|token| token.kind == Kind::Variable)
}

fn introduce(tokens: &[Token<'_>], index: usize, introduced: &mut [bool]) {
    if is_variable(tokens, index) {
        introduced[index] = true;
    }
}

/// Notes the parameters up to `close`, whose position it returns: each variable at the start or after a comma. Their types
/// may have brackets.
fn parameters(tokens: &[Token<'_>], start: usize, close: &str, introduced: &mut [bool]) -> usize {
    let mut depth = 0_usize;
    introduce(tokens, start, introduced);
    for (index, token) in tokens.iter().enumerate().skip(start) {
        match token {
            token if depth == 0 && token.is(close) => return index,
            token if depth == 0 && token.is(",") => introduce(tokens, index + 1, introduced),
            token if token.kind == Kind::Open || token.is("<") => depth += 1,
            token if token.kind == Kind::Close || token.is(">") => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    tokens.len()
}
