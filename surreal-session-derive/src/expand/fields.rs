//! `struct UserFields`, which closures are given.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Generics, parse_quote};

use super::carried;
use super::header::Header;
use super::receiver::Receiver;
use crate::model::{Field, Model};

pub(super) fn expand(model: &Model) -> TokenStream {
    let name = model.fields_name();
    let visibility = &model.input.vis;
    let receiver = Receiver::of(model);
    let generics = with_place(model);
    let Header { params, arguments, where_clause } = Header::of(&generics, &receiver);
    let generics = receiver.named_in(&generics);
    let documentation = documentation(model);
    let carried = carried::by_struct(&model.input.attrs);
    let mut index = 0_usize;
    let fields = model.read().map(|field| {
        let tokens = field_tokens(field, index, model, &receiver);
        index += usize::from(field.is_named());
        tokens
    });
    let empty = model.has_no_fields_read().then(|| quote!(__place: ::core::marker::PhantomData<(__P, #receiver)>));
    let shown = name.unraw().to_string();
    quote! {
        #[doc = #documentation]
        #carried
        #[allow(dead_code, reason = "no program asks for every field")]
        #[allow(rustdoc::broken_intra_doc_links, reason = "the documentation was written for the original")]
        #visibility struct #name #generics #where_clause {
            #(#fields,)*
            #empty
        }

        #[automatically_derived]
        #[allow(deprecated, reason = "the struct may be deprecated itself")]
        impl #params ::core::clone::Clone for #name #arguments #where_clause {
            fn clone(&self) -> Self {
                *self
            }
        }

        #[automatically_derived]
        #[allow(deprecated, reason = "the struct may be deprecated itself")]
        impl #params ::core::marker::Copy for #name #arguments #where_clause {}

        #[automatically_derived]
        #[allow(deprecated, reason = "the struct may be deprecated itself")]
        impl #params ::core::fmt::Debug for #name #arguments #where_clause {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Formatter::write_str(f, #shown)
            }
        }
    }
}

/// The arguments of the struct at the place `__P`.
pub(super) fn arguments(model: &Model) -> TokenStream {
    let generics = with_place(model);
    let (_, type_generics, _) = generics.split_for_impl();
    quote!(#type_generics)
}

/// The parameters of the original after that for the place; those with a default have to be the last.
fn with_place(model: &Model) -> Generics {
    let mut generics = model.input.generics.clone();
    generics.params.insert(0, parse_quote!(__P));
    generics
}

fn documentation(model: &Model) -> String {
    let original = model.input.ident.unraw();
    format!("The fields of a [`{original}`] where it stands in a record, as closures are given them.")
}

fn field_tokens(field: &Field, index: usize, model: &Model, receiver: &Receiver) -> TokenStream {
    let krate = model.krate();
    let syn::Field { vis, ty, .. } = field.node;
    let ident = field.ident;
    let ty = receiver.named_in(ty);
    let carried = carried::by_field(field, model);
    if !field.is_named() {
        // Its own fields take its place.
        return quote!(#carried #vis #ident: #krate::__private::Field<__P, #ty>);
    }
    let mut place = quote!(#krate::__private::Step<__P, #receiver, #index>);
    if model.patched().all(|patched| patched.ident != ident) {
        place = quote!(#krate::__private::Fixed<#place>);
    }
    let mut value = quote!(#ty);
    if field.is_written() && field.serde.writer().is_some() {
        value = quote!(#krate::__private::Adapted<#ty, #receiver, #index>);
    }
    quote!(#carried #vis #ident: #krate::__private::Field<#place, #value>)
}
