//! `impl Object for User`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{WhereClause, parse_quote};

use super::generics::patch_type;
use super::receiver::{Header, Receiver};
use crate::model::Model;

pub(super) fn expand(model: &Model) -> TokenStream {
    if !model.is_usable() {
        return without_fields(model);
    }
    let krate = model.krate();
    let ident = &model.input.ident;
    let fields = model.fields_name();
    let names = model.named().map(|field| &field.wire);
    let values = model.read().map(|field| {
        let ident = field.ident;
        let ty = if field.is_named() { quote!(FieldRef) } else { quote!(Flattened) };
        quote!(#ident: #krate::__private::#ty::new())
    });
    let empty = model.has_no_fields_read().then(|| quote!(__place: ::core::marker::PhantomData));
    let patch = patch_type(model);
    let where_clause = where_clause(model, &patch);
    let patch_of = patch_of(model, &patch);
    let (impl_generics, type_generics, declared) = model.input.generics.split_for_impl();
    let arguments = super::fields::arguments(model);
    let members = super::schema::members(model);
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "the struct, or a field of it, may be deprecated itself")]
        impl #impl_generics #krate::__private::Object for #ident #type_generics #where_clause {
            const FIELDS: &'static [&'static str] = &[#(#names),*];
            type Fields<__P: #krate::__private::Path> = #fields #arguments;
            type Itself = Self;
            type Presence = #krate::__private::AlwaysExists;
            type Patch = #patch;

            fn fields<__P: #krate::__private::Path>() -> &'static #fields #arguments {
                const { &#fields { #(#values,)* #empty } }
            }
        }

        #[automatically_derived]
        #[allow(deprecated, reason = "the struct may be deprecated itself")]
        impl #impl_generics #krate::__private::Stored for #ident #type_generics #declared {
            type As = Self;

            const KIND: #krate::__private::Kind =
                #krate::__private::Kind::Fields(#krate::__private::Members::of::<Self>());
        }

        #members

        #patch_of
    }
}

fn patch_of(model: &Model, patch: &TokenStream) -> TokenStream {
    let krate = model.krate();
    let ident = &model.input.ident;
    let mut generics = model.input.generics.clone();
    generics.make_where_clause().predicates.push(parse_quote!(for<'__any> #patch: #krate::__private::Patch));
    let Header { params, arguments, where_clause } = Header::of(&generics, &Receiver::of(model));
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "the struct may be deprecated itself")]
        impl #params #krate::__private::PatchOf<#ident #arguments> for #patch #where_clause {}

        #[automatically_derived]
        #[allow(deprecated, reason = "the struct may be deprecated itself")]
        impl #params #krate::__private::PatchOf<::core::option::Option<#ident #arguments>> for #patch #where_clause {
            const IS_OPTIONAL: bool = true;
        }
    }
}

/// An empty impl for an input that is no struct with named fields, so that it causes no further errors.
fn without_fields(model: &Model) -> TokenStream {
    let krate = model.krate();
    let ident = &model.input.ident;
    let (impl_generics, type_generics, where_clause) = model.input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::__private::Object for #ident #type_generics #where_clause {
            const FIELDS: &'static [&'static str] = &[];
            type Fields<__P: #krate::__private::Path> = ();
            type Itself = Self;
            type Presence = #krate::__private::AlwaysExists;
            type Patch = #krate::__private::NoPatch;

            fn fields<__P: #krate::__private::Path>() -> &'static () {
                &()
            }
        }
    }
}

/// The fields of a generic struct can be written if its parameters can.
fn where_clause(model: &Model, patch: &TokenStream) -> Option<WhereClause> {
    let krate = model.krate();
    let mut generics = model.input.generics.clone();
    if !generics.params.is_empty() {
        let clause = generics.make_where_clause();
        clause.predicates.push(parse_quote!(Self: 'static));
        clause.predicates.push(parse_quote!(#patch: #krate::__private::Patch));
    }
    generics.where_clause
}
