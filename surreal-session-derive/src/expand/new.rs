//! `struct NewUser`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, MetaNameValue, parse_quote};

use super::generics::{self, Dropped};
use super::receiver::Receiver;
use crate::case::Rule;
use crate::model::{Field, Model};

pub(super) fn expand(model: &Model) -> TokenStream {
    let krate = model.krate();
    let new = model.new_name();
    let visibility = &model.input.vis;
    let receiver = Receiver::of(model);
    let dropped = Dropped::of(model);
    let generics = generics::of_new(model);
    let where_clause = generics.where_clause.as_ref().map(|clause| receiver.named_in(clause));
    let generics = receiver.named_in(&generics);
    let documentation = documentation(model);
    let carried = carried_by_struct(&model.input.attrs);
    let serde = container_attributes(model, &receiver, &dropped);
    let fields = model.written().map(|field| field_tokens(field, model, &receiver, &dropped));
    quote! {
        #[doc = #documentation]
        #carried
        #[allow(dead_code, reason = "a program may only read its records")]
        #[allow(rustdoc::broken_intra_doc_links, reason = "the documentation was written for the record")]
        #[derive(::core::clone::Clone, ::core::fmt::Debug, #krate::__private::serde::Serialize)]
        #serde
        #visibility struct #new #generics #where_clause {
            #(#fields,)*
        }
    }
}

fn documentation(model: &Model) -> String {
    let record = model.input.ident.unraw();
    format!(
        "What a program writes when it makes a [`{record}`]: the fields without the id and those that the server sets."
    )
}

fn container_attributes(model: &Model, receiver: &Receiver, dropped: &Dropped) -> TokenStream {
    let krate = model.krate();
    let path = quote!(#krate::__private::serde).to_string().replace(' ', "");
    let mut words = vec![quote!(crate = #path)];
    let rule = model.serde.rename_all.as_ref().and_then(|names| names.reading.as_ref());
    if let Some(rule) = rule.filter(|rule| Rule::named(&rule.value()).is_some()) {
        words.push(quote!(rename_all = #rule));
    }
    words.extend(model.serde.bound.as_ref().map(|bound| bound_word(bound, receiver, dropped)));
    quote!(#[serde(#(#words),*)])
}

fn field_tokens(field: &Field, model: &Model, receiver: &Receiver, dropped: &Dropped) -> TokenStream {
    let syn::Field { vis, ty, .. } = field.node;
    let ident = field.ident;
    let ty = receiver.named_in(ty);
    let carried = carried_by_field(&field.node.attrs, model);
    let documentation = field_documentation(field, model);
    let serde = field_attributes(field, receiver, dropped);
    quote!(#serde #documentation #carried #vis #ident: #ty)
}

/// The documentation of a field that has none points at the record.
fn field_documentation(field: &Field, model: &Model) -> Option<Attribute> {
    if field.node.attrs.iter().any(|attr| attr.path().is_ident("doc")) {
        return None;
    }
    let text = format!("The field `{}` of a [`{}`].", field.own_name(), model.input.ident.unraw());
    Some(parse_quote!(#[doc = #text]))
}

/// The attribute is there even if it says nothing: serde reports a type that cannot be written at the first token of the
/// field, and so that is made to point at the type.
fn field_attributes(field: &Field, receiver: &Receiver, dropped: &Dropped) -> TokenStream {
    let mut words = Vec::new();
    if let Some(name) = field.serde.rename.as_ref().and_then(|names| names.writing.as_ref()) {
        words.push(quote!(rename = #name));
    }
    words.extend(field.serde.flatten.as_ref().map(ToTokens::to_token_stream));
    for (word, path) in &field.serde.functions {
        let path = receiver.named_in_text(path);
        words.push(quote!(#word = #path));
    }
    words.extend(field.serde.bound.as_ref().map(|bound| bound_word(bound, receiver, dropped)));
    quote_spanned!(field.node.ty.span()=> #[serde(#(#words),*)])
}

fn bound_word(bound: &LitStr, receiver: &Receiver, dropped: &Dropped) -> TokenStream {
    let bound = receiver.named_in_text(&dropped.leave_bounds_in_text(bound));
    quote!(bound(serialize = #bound))
}

/// Returns the attributes that mean for the generated struct what they mean for the record. Its text is not among them.
fn carried_by_struct(attrs: &[Attribute]) -> TokenStream {
    let described = |attr: &&Attribute| attr.path().is_ident("doc") && matches!(attr.meta, Meta::NameValue(_));
    attrs.iter().filter(|attr| !described(attr)).filter_map(carried).collect()
}

fn carried_by_field(attrs: &[Attribute], model: &Model) -> TokenStream {
    let record = model.input.ident.unraw().to_string();
    attrs.iter().filter_map(|attr| relinked(attr, &record).or_else(|| carried(attr))).collect()
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
