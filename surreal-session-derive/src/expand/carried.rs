//! The attributes of the original that the generated structs and their fields have as well.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, MetaNameValue, parse_quote};

use crate::model::{Field, Model};

/// Returns the attributes that apply to the generated struct as well. Its documentation is not among them.
pub(super) fn by_struct(attrs: &[Attribute]) -> TokenStream {
    let described = |attr: &&Attribute| attr.path().is_ident("doc") && matches!(attr.meta, Meta::NameValue(_));
    attrs.iter().filter(|attr| !described(attr)).filter_map(carried).collect()
}

/// Returns the same for a field, with its documentation.
pub(super) fn by_field(field: &Field, model: &Model) -> TokenStream {
    let attrs = &field.node.attrs;
    let record = model.input.ident.unraw().to_string();
    let documentation = documentation(field, model);
    let carried = attrs.iter().filter_map(|attr| relinked(attr, &record).or_else(|| carried(attr)));
    quote!(#documentation #(#carried)*)
}

/// Documents a field without documentation with a link to the record.
fn documentation(field: &Field, model: &Model) -> Option<Attribute> {
    if field.node.attrs.iter().any(|attr| attr.path().is_ident("doc")) {
        return None;
    }
    let text = format!("The field `{}` of a [`{}`].", field.own_name(), model.input.ident.unraw());
    Some(parse_quote!(#[doc = #text]))
}

/// Replaces links to `Self` in a text with links to the record.
fn relinked(attr: &Attribute, record: &str) -> Option<TokenStream> {
    let Meta::NameValue(MetaNameValue { value: Expr::Lit(ExprLit { lit: Lit::Str(text), .. }), .. }) = &attr.meta
    else {
        return None;
    };
    let linked = text.value().replace("[`Self", &format!("[`{record}")).replace("[Self", &format!("[{record}"));
    let linked = LitStr::new(&linked, text.span());
    attr.path().is_ident("doc").then(|| quote!(#[doc = #linked]))
}

fn carried(attr: &Attribute) -> Option<TokenStream> {
    let path = attr.path();
    if ["doc", "cfg", "allow", "deprecated"].iter().any(|word| path.is_ident(word)) {
        return Some(attr.to_token_stream());
    }
    // An expected lint of the original may not occur in the generated struct.
    match &attr.meta {
        Meta::List(list) if path.is_ident("expect") => {
            let lints = &list.tokens;
            Some(quote!(#[allow(#lints)]))
        }
        _ => None,
    }
}
