//! What of the attributes of the original stands on the generated structs and their fields as well.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, MetaNameValue, parse_quote};

use crate::model::{Field, Model};

/// Returns the attributes that mean for the generated struct what they mean for the record. Its text is not among them.
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

/// The documentation of a field that has none points at the record.
fn documentation(field: &Field, model: &Model) -> Option<Attribute> {
    if field.node.attrs.iter().any(|attr| attr.path().is_ident("doc")) {
        return None;
    }
    let text = format!("The field `{}` of a [`{}`].", field.own_name(), model.input.ident.unraw());
    Some(parse_quote!(#[doc = #text]))
}

/// Lets the links to `Self` in a text lead to the record, which has what they speak of.
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
    // What is expected of the original need not happen again.
    match &attr.meta {
        Meta::List(list) if path.is_ident("expect") => {
            let lints = &list.tokens;
            Some(quote!(#[allow(#lints)]))
        }
        _ => None,
    }
}
