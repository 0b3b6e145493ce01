//! The fields of `NewUser` that may be left out.
//!
//! The functions that serde is told for such a field are for its value; here they are wrapped for an `Option` of it.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{ExprPath, LitStr};

use super::generics::Dropped;
use super::header::Header;
use super::new::{bound_word, new_type, rename_word};
use super::receiver::Receiver;
use crate::model::{Field, Model};

/// What serde is told for the field.
pub(super) fn attributes(field: &Field, model: &Model, receiver: &Receiver, dropped: &Dropped) -> TokenStream {
    let mut words = Vec::from_iter(rename_word(field));
    let skip = match field.serde.skip_if() {
        Some(_) => path_to(&skip_name(field), model),
        None => LitStr::new("::core::option::Option::is_none", field.node.ty.span()),
    };
    words.push(quote!(skip_serializing_if = #skip));
    if field.serde.writer().is_some() {
        let write = path_to(&write_name(field), model);
        words.push(quote!(serialize_with = #write));
    }
    words.extend(field.serde.bound.as_ref().map(|bound| bound_word(bound, receiver, dropped)));
    quote_spanned!(field.node.ty.span()=> #[serde(#(#words),*)])
}

/// The functions that those attributes name.
pub(super) fn functions(model: &Model, receiver: &Receiver) -> Option<TokenStream> {
    let functions: TokenStream = model
        .written()
        .filter(|field| field.record.default.is_some())
        .flat_map(|field| {
            let skip = field.serde.skip_if().map(|path| skip(field, &path, receiver));
            let write = field.serde.writer().map(|path| write(field, &path, model, receiver));
            [skip, write].into_iter().flatten()
        })
        .collect();
    if functions.is_empty() {
        return None;
    }
    let new = model.new_name();
    let generics = Dropped::of_new(model).leave(&model.input.generics);
    let Header { params, arguments, where_clause } = Header::of(&generics, receiver);
    Some(quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "a record, or a field of it, may be deprecated itself")]
        impl #params #new #arguments #where_clause {
            #functions
        }
    })
}

fn skip(field: &Field, path: &ExprPath, receiver: &Receiver) -> TokenStream {
    let name = skip_name(field);
    let [ty, path] = [receiver.named_in(&field.node.ty), receiver.named_in(path)];
    quote! {
        fn #name(value: &::core::option::Option<#ty>) -> bool {
            match value {
                ::core::option::Option::Some(value) => #path(value),
                ::core::option::Option::None => true,
            }
        }
    }
}

fn write(field: &Field, path: &ExprPath, model: &Model, receiver: &Receiver) -> TokenStream {
    let krate = model.krate();
    let name = write_name(field);
    let [ty, path] = [receiver.named_in(&field.node.ty), receiver.named_in(path)];
    quote! {
        fn #name<__S: #krate::__private::serde::Serializer>(
            value: &::core::option::Option<#ty>,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            match value {
                ::core::option::Option::Some(value) => #path(value, serializer),
                ::core::option::Option::None => #krate::__private::serde::Serializer::serialize_none(serializer),
            }
        }
    }
}

fn path_to(function: &Ident, model: &Model) -> LitStr {
    let new = new_type(model);
    LitStr::new(&quote!(<#new>::#function).to_string(), function.span())
}

fn skip_name(field: &Field) -> Ident {
    format_ident!("__skip_{}", field.ident.unraw())
}

fn write_name(field: &Field) -> Ident {
    format_ident!("__write_{}", field.ident.unraw())
}
