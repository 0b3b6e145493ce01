//! `struct NewUser`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{LitStr, parse_quote};

use super::generics::Dropped;
use super::header::Header;
use super::receiver::Receiver;
use super::{carried, defaults};
use crate::case::Rule;
use crate::model::{Field, Model};

pub(super) fn expand(model: &Model) -> TokenStream {
    let krate = model.krate();
    let new = model.new_name();
    let visibility = &model.input.vis;
    let receiver = Receiver::of(model);
    let dropped = Dropped::of_new(model);
    let generics = dropped.leave(&model.input.generics);
    let where_clause = generics.where_clause.as_ref().map(|clause| receiver.named_in(clause));
    let generics = receiver.named_in(&generics);
    let documentation = documentation(model);
    let carried = carried::by_struct(&model.input.attrs);
    let serde = container_attributes(model, &receiver, &dropped);
    let new_record = new_record(model, &receiver, &dropped);
    let functions = defaults::functions(model, &receiver);
    let fields = model.written().map(|field| field_tokens(field, model, &receiver, &dropped));
    quote! {
        #[doc = #documentation]
        #carried
        #[allow(dead_code, reason = "a program may only read its records")]
        #[allow(non_snake_case, reason = "the original is told of its names")]
        #[allow(rustdoc::broken_intra_doc_links, reason = "the documentation was written for the record")]
        #[derive(::core::clone::Clone, ::core::fmt::Debug, #krate::model::serde::Serialize)]
        #serde
        #visibility struct #new #generics #where_clause {
            #(#fields,)*
        }

        #functions
        #new_record
    }
}

/// The data of a generic record leads back to it only if it has all of its parameters.
fn new_record(model: &Model, receiver: &Receiver, dropped: &Dropped) -> Option<TokenStream> {
    if !dropped.is_empty() || !model.is_usable() {
        return None;
    }
    let krate = model.krate();
    let new = model.new_name();
    let mut generics = model.input.generics.clone();
    let ty = new_type(model);
    let clause = generics.make_where_clause();
    // What is no record is not blamed for that again, as the conditions are for any lifetime.
    clause.predicates.push(parse_quote!(for<'__any> Self: #krate::__private::Record<New = #ty>));
    clause.predicates.push(parse_quote!(for<'__any> #ty: #krate::__private::serde::Serialize));
    let Header { params, arguments, where_clause } = Header::of(&generics, receiver);
    Some(quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "a record may be deprecated itself")]
        impl #params #krate::__private::NewRecord for #new #arguments #where_clause {
            type Record = #receiver;
        }
    })
}

/// The generated struct as a type, with the parameters that it has.
pub(super) fn new_type(model: &Model) -> TokenStream {
    let new = model.new_name();
    let generics = Dropped::of_new(model).leave(&model.input.generics);
    let (_, arguments, _) = generics.split_for_impl();
    quote!(#new #arguments)
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
    let carried = carried::by_field(field, model);
    if field.record.default.is_some() {
        let serde = defaults::attributes(field, model, receiver, dropped);
        return quote! {
            #serde
            #carried
            ///
            /// With `None` it is left out, and gets what the table's schema says by DEFAULT.
            #vis #ident: ::core::option::Option<#ty>
        };
    }
    let serde = field_attributes(field, receiver, dropped);
    quote!(#serde #carried #vis #ident: #ty)
}

/// The attribute is there even if it says nothing: serde reports a type that cannot be written at the first token of the
/// field, and so that is made to point at the type.
fn field_attributes(field: &Field, receiver: &Receiver, dropped: &Dropped) -> TokenStream {
    let mut words = Vec::from_iter(rename_word(field));
    words.extend(field.serde.flatten.as_ref().map(ToTokens::to_token_stream));
    for (word, path) in &field.serde.functions {
        let path = receiver.named_in_text(path);
        words.push(quote!(#word = #path));
    }
    words.extend(field.serde.bound.as_ref().map(|bound| bound_word(bound, receiver, dropped)));
    quote_spanned!(field.node.ty.span()=> #[serde(#(#words),*)])
}

pub(super) fn rename_word(field: &Field) -> Option<TokenStream> {
    let name = field.serde.rename.as_ref().and_then(|names| names.writing.as_ref())?;
    Some(quote!(rename = #name))
}

pub(super) fn bound_word(bound: &LitStr, receiver: &Receiver, dropped: &Dropped) -> TokenStream {
    let bound = receiver.named_in_text(&dropped.leave_bounds_in_text(bound));
    quote!(bound(serialize = #bound))
}
