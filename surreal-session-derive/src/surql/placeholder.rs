//! Placeholders, such as `{User}` and `{User.address.city}`.

use proc_macro2::{Ident, Span};
use syn::{LitStr, Path, Result};

/// A type, and the fields that lead from it to another field.
pub(super) struct Placeholder {
    pub(super) model: Path,
    pub(super) steps: Vec<Ident>,
}

impl Placeholder {
    /// Reads `{User.address.city}`. Its tokens have the span of the literal itself, so that the compiler lists the fields that
    /// exist; for code of a macro it does not.
    pub(super) fn parse(text: &str, literal: &LitStr) -> Result<Self> {
        let inner = text.trim_start_matches('{').trim_end_matches('}');
        let mut parts = inner.split('.');
        let span = literal.span();
        let model = LitStr::new(parts.next().unwrap_or_default(), span).parse()?;
        let steps = parts.map(|step| ident(step, span)).collect::<Result<_>>()?;
        Ok(Self { model, steps })
    }
}

/// A field, whose name may be a keyword.
fn ident(step: &str, span: Span) -> Result<Ident> {
    let mut ident = match step.strip_prefix("r#") {
        None => syn::parse_str(step).or_else(|_| syn::parse_str(&format!("r#{step}"))),
        Some(_) => syn::parse_str::<Ident>(step),
    };
    if let Ok(ident) = &mut ident {
        ident.set_span(span);
    }
    ident.map_err(|_| syn::Error::new(span, format!("`{step}` cannot be the name of a field")))
}

/// The length of the placeholder that the text begins with, if there is one.
pub(super) fn length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('{')?;
    let end = inner.find('}')?;
    let inner = &inner[..end];
    let mut parts = inner.split('.');
    let is_model = inner.starts_with(char::is_uppercase) && parts.next()?.split("::").all(is_ident);
    (is_model && parts.all(|step| is_ident(step.strip_prefix("r#").unwrap_or(step)))).then_some(end + 2)
}

/// Refuses what was probably meant as a placeholder.
pub(super) fn check_similar(text: &str) -> std::result::Result<(), String> {
    let Some(inner) = text.strip_prefix('{').filter(|inner| inner.starts_with(char::is_uppercase)) else {
        return Ok(());
    };
    let end = inner.find(|c: char| !is_part(c)).unwrap_or(inner.len());
    let (model, after) = inner.split_at(end);
    if !(after.starts_with('.') && !after.starts_with("..") || after.starts_with("::") || after.starts_with('<')) {
        return Ok(());
    }
    let end = inner.find(['}', '\n']).map_or(inner.len(), |end| end + 1);
    let shown = inner[..end].trim_end();
    Err(format!(
        "`{{{shown}` is not a placeholder, which is a type and fields without operators and generics, as in \
         `{{{model}.field}}`; begin a block of SurrealQL with a `{{` and a space"
    ))
}

fn is_ident(text: &str) -> bool {
    text.chars().all(is_part) && text.starts_with(|c: char| c.is_alphabetic() || c == '_') && text != "_"
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
