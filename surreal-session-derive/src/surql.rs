//! The macro `surql!`: SurrealQL text that the compiler checks, with its values.
//!
//! `input` reads the arguments, `lexer` splits the text into tokens, `check` finds the mistakes, and `expand` generates the
//! expression. The grammar is not checked: the server's own parser knows it, see `surreal_session_embedded::assert_parses!`.

mod check;
mod expand;
mod input;
mod lexer;
mod names;
mod placeholder;
mod script;
mod variables;

use proc_macro2::TokenStream;
use syn::{Error, LitStr};

use crate::errors::Errors;
use check::Scope;
use input::Input;
use lexer::{Placeholders, Token, tokens};

/// The expression of a `surql!`, or its mistakes.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let input: Input = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let text = input.text.value();
    let mut errors = Errors::default();
    let tokens = match tokens(&text, Placeholders::Replaced) {
        Ok(tokens) => tokens,
        Err(fault) => {
            errors.push(fault.at(&input.text, &text));
            Vec::new()
        }
    };
    if errors.is_empty() {
        check(&input, &tokens, &text, &mut errors);
    }
    match errors.is_empty() {
        true => expand::expand(&input, &tokens, &text),
        false => expand::failed(&input, errors),
    }
}

fn check(input: &Input, tokens: &[Token<'_>], text: &str, errors: &mut Errors) {
    let (binds, session) = (names::of_binds(input, errors), names::of_session(input, errors));
    let scope = Scope { binds: &binds, session: &session };
    for fault in check::check(&scope, tokens) {
        errors.push(fault.at(&input.text, text));
    }
    check::unused(input, &scope, tokens, errors);
}

/// Checks text that is run somewhere else: its quotes, comments and brackets.
pub(crate) fn check_brackets(text: &LitStr) -> Result<(), Error> {
    let value = text.value();
    let tokens = tokens(&value, Placeholders::Kept).map_err(|fault| fault.at(text, &value))?;
    check::unbalanced(&tokens).map_or(Ok(()), |fault| Err(fault.at(text, &value)))
}

/// Checks text inside an attribute, such as `#[record(assert = "$value > 0")]`.
///
/// It is one expression, which other clauses of a statement follow. It has no placeholders and no binds: each `$name` is set by the server, introduced by the text, or in `allowed`.
pub(crate) fn check_expression(text: &LitStr, allowed: &[&str]) -> Result<(), Error> {
    let value = text.value();
    let tokens = tokens(&value, Placeholders::Kept).map_err(|fault| fault.at(text, &value))?;
    let allowed: Vec<String> = allowed.iter().map(|&name| name.to_owned()).collect();
    let faults = check::check(&Scope { binds: &[], session: &allowed }, &tokens).into_iter();
    let errors = faults.chain(check::not_alone(&value, &tokens)).map(|fault| fault.at(text, &value));
    let joined = errors.reduce(|mut all, error| {
        all.combine(error);
        all
    });
    joined.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests;
