//! Reads attributes: the grammar that ours and serde's share is here, their words are in [`record`] and [`serde`].

pub(crate) mod record;
pub(crate) mod schema;
pub(crate) mod serde;
mod words;

pub(crate) use words::nearest;

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::token::Paren;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Path, PathSegment, Token, parenthesized};

use crate::errors::Errors;

/// One word inside an attribute, with what was given to it.
pub(crate) struct Item {
    pub(crate) path: Path,
    pub(crate) given: Given,
}

pub(crate) enum Given {
    /// `word`, and also the unfinished `word =`.
    Nothing,
    /// `word = value`
    Value(Box<Expr>),
    /// `word(…)`
    Nested(TokenStream),
}

impl Item {
    /// Returns the word as it was typed.
    pub(crate) fn word(&self) -> String {
        let segments: Vec<String> = self.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        segments.join("::")
    }

    /// Returns the text of `word = "text"`.
    pub(crate) fn text(&self) -> Option<&LitStr> {
        match &self.given {
            Given::Value(value) => literal(value),
            Given::Nothing | Given::Nested(_) => None,
        }
    }
}

impl Parse for Item {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(Lit) {
            return Err(input.error("expected a word before the value, as in `table = \"user\"`"));
        }
        let path = words_path(input)?;
        let given = if input.peek(Paren) {
            let content;
            parenthesized!(content in input);
            Given::Nested(content.parse()?)
        } else if input.parse::<Option<Token![=]>>()?.is_none() || input.is_empty() || input.peek(Token![,]) {
            Given::Nothing
        } else {
            Given::Value(input.parse()?)
        };
        Ok(Self { path, given })
    }
}

/// Reads a path whose words may be keywords, as in `crate` and `try_from`.
fn words_path(input: ParseStream) -> syn::Result<Path> {
    let mut segments = Punctuated::new();
    segments.push_value(PathSegment::from(Ident::parse_any(input)?));
    while let Some(colons) = input.parse::<Option<Token![::]>>()? {
        segments.push_punct(colons);
        segments.push_value(PathSegment::from(Ident::parse_any(input)?));
    }
    Ok(Path { leading_colon: None, segments })
}

/// Reads the words of `#[attr(word, word = value, word(…))]`.
fn items(attr: &Attribute) -> syn::Result<Vec<Item>> {
    let items = attr.parse_args_with(Punctuated::<Item, Token![,]>::parse_terminated)?;
    Ok(items.into_iter().collect())
}

/// Reads a string literal. One that came through `macro_rules!` is in an invisible group.
fn literal(value: &Expr) -> Option<&LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

fn text(item: &Item, example: &str, errors: &mut Errors) -> Option<LitStr> {
    let text = item.text();
    if text.is_none() {
        let message = format!("`{}` takes text, as in `#[record({example})]`", item.word());
        match &item.given {
            Given::Value(value) => errors.at(value, message),
            Given::Nothing | Given::Nested(_) => errors.at(&item.path, message),
        }
    }
    text.cloned()
}

/// Reads a name. A keyword, as in `in.name`, is the field that Rust calls `r#in`.
fn step(input: ParseStream<'_>) -> syn::Result<Ident> {
    let name = Ident::parse_any(input)?;
    let keyword = syn::parse_str::<Ident>(&name.to_string()).is_err();
    let can_be_raw = !["self", "super", "crate", "Self", "_"].iter().any(|word| name == word);
    match (keyword, can_be_raw) {
        (false, _) => Ok(name),
        (true, true) => Ok(Ident::new_raw(&name.to_string(), name.span())),
        (true, false) => Err(input.error("a keyword that cannot be the name of a field")),
    }
}

fn flag(item: Item, errors: &mut Errors) -> Path {
    let word = item.word();
    let message = format!("`{word}` takes no value: `#[record({word})]`");
    match &item.given {
        Given::Nothing => {}
        Given::Value(value) => errors.at(value, message),
        Given::Nested(_) => errors.at(&item.path, message),
    }
    item.path
}
