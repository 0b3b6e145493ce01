//! `struct UserFields`, which closures receive.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Generics, parse_quote};

use super::receiver::{Header, Receiver};
use super::{adapted, carried};
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
    let fields = model.read().map(|field| field_tokens(field, model, &receiver));
    let empty = model.has_no_fields_read().then(|| quote!(__place: ::core::marker::PhantomData<(__P, #receiver)>));
    let shown = name.unraw().to_string();
    quote! {
        #[doc = #documentation]
        #carried
        #[allow(dead_code, reason = "no program asks for every field")]
        #[allow(non_snake_case, reason = "the lint reports the names of the original already")]
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
    format!("The fields of a [`{original}`], which closures receive.")
}

fn field_tokens(field: &Field, model: &Model, receiver: &Receiver) -> TokenStream {
    let krate = model.krate();
    let vis = &field.node.vis;
    let ident = field.ident;
    let carried = carried::by_field(field, model);
    let ty = receiver.named_in(&field.node.ty);
    let Some(index) = model.index(field) else {
        return quote!(#carried #vis #ident: #krate::__private::Flattened<__P, #ty>);
    };
    let step = quote!(#krate::__private::Dot<__P, #receiver, #index>);
    let place = match model.patched().any(|patched| patched.ident == ident) {
        true => step,
        false => quote!(#krate::__private::ReadOnly<#step>),
    };
    let ty = match adapted::of(field, model) {
        Some(first) => quote!(#krate::__private::Adapted<#ty, #receiver, #first>),
        None => ty,
    };
    quote!(#carried #vis #ident: #krate::__private::FieldRef<#place, #ty>)
}
