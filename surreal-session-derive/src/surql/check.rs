//! Finds the mistakes in a text: its brackets and its variables.

use syn::ext::IdentExt;

use super::input::Input;
use super::lexer::{Fault, Kind, Token};
use super::names::{LISTED, SET_BY_SERVER, SET_IN_DEFINITION};
use super::variables::{Variable, variables};
use crate::errors::Errors;
use crate::parse::nearest;

/// The variables from outside that a text may use.
pub(super) struct Scope<'a> {
    pub(super) binds: &'a [String],
    pub(super) session: &'a [String],
}

impl Scope<'_> {
    fn has(&self, name: &str) -> bool {
        self.binds.iter().chain(self.session).any(|known| known == name)
    }

    fn names(&self) -> Vec<&str> {
        self.binds.iter().chain(self.session).map(String::as_str).collect()
    }
}

/// The mistakes in the text.
pub(super) fn check(scope: &Scope<'_>, tokens: &[Token<'_>]) -> Vec<Fault> {
    match unbalanced(tokens) {
        Some(fault) => vec![fault],
        None => unknown(scope, tokens),
    }
}

/// The first place where the text is more than an expression that other clauses may follow.
pub(super) fn not_alone(text: &str, tokens: &[Token<'_>]) -> Option<Fault> {
    let mut depth = 0_usize;
    for token in tokens {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ if depth == 0 && token.is(";") => {
                return Some(Fault::new(token.at, "one expression is expected, and `;` ends a statement"));
            }
            _ => {}
        }
    }
    let end = tokens.last().map_or(0, |token| token.at + token.text.len());
    let rest = text.get(end..).unwrap_or_default();
    let is_comment = !rest.trim().is_empty();
    is_comment.then(|| Fault::new(end, "a comment at the end would hide the rest of the statement"))
}

/// The first bracket without its other half.
pub(super) fn unbalanced(tokens: &[Token<'_>]) -> Option<Fault> {
    let mut open: Vec<&Token<'_>> = Vec::new();
    for token in tokens {
        match token.kind {
            Kind::Open => open.push(token),
            Kind::Close => match open.pop() {
                Some(other) if closing(other.text) == token.text => {}
                Some(other) => return Some(mismatch(other, token)),
                None => return Some(Fault::new(token.at, format!("`{}` closes nothing", token.text))),
            },
            _ => {}
        }
    }
    open.last().map(|token| Fault::new(token.at, format!("`{}` is not closed", token.text)))
}

fn mismatch(open: &Token<'_>, close: &Token<'_>) -> Fault {
    let (open, expected) = (open.text, closing(open.text));
    Fault::new(close.at, format!("`{open}` is closed by `{}` instead of `{expected}`", close.text))
}

fn closing(open: &str) -> &'static str {
    match open {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}

/// The variables that have no value, each once.
fn unknown(scope: &Scope<'_>, tokens: &[Token<'_>]) -> Vec<Fault> {
    let all = variables(tokens);
    let mut faults: Vec<(&str, Fault)> = Vec::new();
    for (index, variable) in all.iter().enumerate() {
        let is_known = variable.is_introduced
            || scope.has(variable.name)
            || is_set_by_server(variable.name, tokens)
            || all[..index].iter().any(|earlier| earlier.is_introduced && earlier.name == variable.name);
        if !is_known && faults.iter().all(|(name, _)| *name != variable.name) {
            faults.push((variable.name, without_value(variable, &all[index..], scope)));
        }
    }
    faults.into_iter().map(|(_, fault)| fault).collect()
}

fn is_set_by_server(name: &str, tokens: &[Token<'_>]) -> bool {
    let in_definition = |word: &str| tokens.iter().any(|token| token.is_word(word));
    SET_BY_SERVER.iter().any(|(known, _)| *known == name)
        || SET_IN_DEFINITION.iter().any(|(known, word)| *known == name && in_definition(word))
}

fn without_value(variable: &Variable<'_>, later: &[Variable<'_>], scope: &Scope<'_>) -> Fault {
    let name = variable.name;
    let introduced = later.iter().filter(|later| later.is_introduced).map(|later| later.name);
    let known: Vec<&str> = scope.names().into_iter().chain(SET_BY_SERVER.map(|(known, _)| known)).collect();
    let advice = if introduced.clone().any(|later| later == name) {
        "the text introduces it only later".to_owned()
    } else if let Some(near) = nearest(name, &known) {
        format!("did you mean `${near}`?")
    } else {
        format!("bind it, as in `{name} = ..`, or list a variable of the session, as in `session({name})`")
    };
    Fault::new(variable.at, format!("`${name}` has no value: {advice}"))
}

/// Refuses the names from outside that the text does not use.
pub(super) fn unused(input: &Input, scope: &Scope<'_>, tokens: &[Token<'_>], errors: &mut Errors) {
    let used: Vec<&str> = variables(tokens).iter().filter(|v| !v.is_introduced).map(|v| v.name).collect();
    let misspelt: Vec<&str> = used.iter().filter(|name| !scope.has(name)).copied().collect();
    let names = input.binds.iter().map(|bind| (&bind.name, "bound"));
    for (ident, verb) in names.chain(input.session.iter().map(|name| (name, LISTED))) {
        let name = ident.unraw().to_string();
        // The message about a misspelt variable names this one.
        let is_suggested = misspelt.iter().any(|misspelt| nearest(misspelt, &scope.names()) == Some(name.as_str()));
        if scope.has(&name) && !used.contains(&name.as_str()) && !is_suggested {
            errors.at(ident, format!("`{name}` is {verb}, but the text does not use `${name}`"));
        }
    }
}
