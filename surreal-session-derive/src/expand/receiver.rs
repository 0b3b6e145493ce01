//! Moves tokens from the record to the generated struct, where `Self` would mean something else.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Generics, LitStr};

use crate::model::Model;

/// The record's type, in a form that is valid in types and in expressions.
pub(super) struct Receiver(TokenStream);

impl Receiver {
    pub(super) fn of(model: &Model) -> Self {
        let ident = &model.input.ident;
        let (_, type_generics, _) = model.input.generics.split_for_impl();
        let turbofish = type_generics.as_turbofish();
        Self(quote!(#ident #turbofish))
    }

    /// Stands for no type: tokens with `Self` have no place where it is used.
    pub(super) fn none() -> Self {
        Self(TokenStream::new())
    }

    /// Returns the tokens with the record's type in place of `Self`.
    pub(super) fn named_in(&self, tokens: impl ToTokens) -> TokenStream {
        tokens.into_token_stream().into_iter().flat_map(|token| self.replace(token)).collect()
    }

    /// Does the same inside of a text that serde will parse, such as the path of a function.
    pub(super) fn named_in_text(&self, text: &LitStr) -> LitStr {
        match text.parse::<TokenStream>() {
            Ok(tokens) if mentions_self(tokens.clone()) => LitStr::new(&self.named_in(tokens).to_string(), text.span()),
            _ => text.clone(),
        }
    }

    fn replace(&self, token: TokenTree) -> TokenStream {
        match token {
            TokenTree::Ident(ident) if ident == "Self" => self.0.clone(),
            TokenTree::Group(group) => {
                let mut replaced = Group::new(group.delimiter(), self.named_in(group.stream()));
                replaced.set_span(group.span());
                TokenTree::from(replaced).into()
            }
            other => other.into(),
        }
    }
}

impl ToTokens for Receiver {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

fn mentions_self(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "Self",
        TokenTree::Group(group) => mentions_self(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// The parts of an impl before and after its type.
pub(super) struct Header {
    pub(super) params: TokenStream,
    pub(super) arguments: TokenStream,
    pub(super) where_clause: TokenStream,
}

impl Header {
    pub(super) fn of(generics: &Generics, receiver: &Receiver) -> Self {
        let (params, arguments, where_clause) = generics.split_for_impl();
        Self {
            params: receiver.named_in(params),
            arguments: quote!(#arguments),
            where_clause: receiver.named_in(where_clause),
        }
    }
}
