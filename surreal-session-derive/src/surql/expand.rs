//! Generates the expression.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::input::{Bind, Input};
use super::lexer::{Kind, Token};
use super::placeholder::Placeholder;
use crate::errors::Errors;

/// The text with its values.
pub(super) fn expand(input: &Input, tokens: &[Token<'_>], text: &str) -> TokenStream {
    let krate = input.krate();
    match pieces(input, tokens, text) {
        Ok(surql) => input.binds.iter().fold(surql, |surql, bind| bound(&krate, &surql, bind)),
        Err(error) => error.into_compile_error(),
    }
}

/// An expression of the same type, so that the mistakes are the only messages.
pub(super) fn failed(input: &Input, errors: Errors) -> TokenStream {
    let (krate, errors) = (input.krate(), errors.into_compile_errors());
    quote!({ #errors #krate::__private::fixed("") })
}

/// The text, joined at run time if it has placeholders.
fn pieces(input: &Input, tokens: &[Token<'_>], text: &str) -> syn::Result<TokenStream> {
    let krate = input.krate();
    let (mut pieces, mut plain, mut from) = (Vec::new(), String::new(), 0);
    for token in tokens {
        if !matches!(token.kind, Kind::Placeholder | Kind::Escaped) {
            continue;
        }
        plain.push_str(&text[from..token.at]);
        from = token.at + token.text.len();
        if token.kind == Kind::Escaped {
            plain.push_str(&token.text[1..]);
            continue;
        }
        pieces.extend(literal(&std::mem::take(&mut plain)));
        pieces.push(named(input, &Placeholder::parse(token.text, &input.text)?));
    }
    plain.push_str(&text[from..]);
    if pieces.is_empty() {
        return Ok(quote!(#krate::__private::fixed(#plain)));
    }
    pieces.extend(literal(&plain));
    Ok(quote!(#krate::__private::joined([#(#pieces),*])))
}

fn literal(text: &str) -> Option<TokenStream> {
    (!text.is_empty()).then(|| quote!(::std::borrow::Cow::Borrowed(#text)))
}

/// The table, or the path of the field, with the span of the literal: mistakes in it are found by the compiler.
fn named(input: &Input, Placeholder { model, steps }: &Placeholder) -> TokenStream {
    let (krate, span) = (input.krate(), input.text.span());
    if steps.is_empty() {
        return quote_spanned!(span=> #krate::__private::table::<#model>());
    }
    let fields =
        quote_spanned!(span=> <#model as #krate::__private::Object>::fields::<#krate::__private::Of<#model>>());
    quote_spanned!(span=> #krate::__private::path(#fields #(.#steps)*))
}

fn bound(krate: &TokenStream, surql: &TokenStream, Bind { name, value }: &Bind) -> TokenStream {
    let text = name.unraw().to_string();
    let value = value.as_ref().map_or_else(|| name.to_token_stream(), ToTokens::to_token_stream);
    // A value that cannot be serialized is reported where it is, and lints do not take the borrow for the user's.
    let span = Span::mixed_site().located_at(value.span());
    let borrowed = quote_spanned!(span=> &(#value));
    quote!(#krate::__private::Surql::bind(#surql, #text, #borrowed))
}
