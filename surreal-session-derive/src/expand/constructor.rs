//! `NewUser::new(..)`, and a setter for each field that it gives no value.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, GenericArgument, PathArguments, Type, Visibility};

use super::generics::Dropped;
use super::receiver::{Header, Receiver};
use crate::model::{Field, Model, last_segment};

pub(super) fn expand(model: &Model, receiver: &Receiver) -> Option<TokenStream> {
    if model.record.constructor.is_none() || model.input.generics.lifetimes().next().is_some() {
        return None;
    }
    let name = model.new_name();
    let generics = Dropped::of_new(model).leave(&model.input.generics);
    let Header { params, arguments, where_clause } = Header::of(&generics, receiver);
    let (required, optional): (Vec<_>, Vec<_>) = model.written().partition(|field| !may_be_left_out(field));
    let visibility = visibility(model, &required);
    let parameters = required.iter().map(|field| parameter(field, receiver));
    let values = required.iter().map(|field| value(field));
    let nothing = optional.iter().map(|field| {
        let (cfg, ident) = (cfg(field), field.ident);
        quote!(#(#cfg)* #ident: ::core::option::Option::None)
    });
    let setters = optional.iter().filter(|field| field.own_name() != "new").map(|field| setter(field, receiver));
    let documentation = documentation(model, &optional);
    Some(quote! {
        #[automatically_derived]
        #[allow(dead_code, reason = "a program may use literals instead")]
        #[allow(deprecated, reason = "a record, or a field of it, may be deprecated itself")]
        #[allow(non_snake_case, reason = "the lint reports the names of the original already")]
        #[allow(clippy::too_many_arguments, reason = "a record may have any number of fields")]
        #[allow(clippy::new_without_default, reason = "a record without required fields needs no second way")]
        #[allow(clippy::should_implement_trait, clippy::wrong_self_convention, reason = "a field may have any name")]
        impl #params #name #arguments #where_clause {
            #[doc = #documentation]
            #[must_use]
            #visibility fn new(#(#parameters),*) -> Self {
                Self { #(#values,)* #(#nothing,)* }
            }

            #(#setters)*
        }
    })
}

fn documentation(model: &Model, optional: &[&Field]) -> String {
    let original = model.input.ident.unraw();
    let rest = match optional {
        [] => String::new(),
        _ => ". The other fields are `None`, and have methods that set them".to_owned(),
    };
    format!("The data of a new [`{original}`] with these values, in the order of the fields{rest}.")
}

/// Returns `true` for a field that `None` is a value of.
fn may_be_left_out(field: &Field) -> bool {
    field.has_default() || inner(field).is_some()
}

/// The type inside of an `Option`.
fn inner<'a>(field: &Field<'a>) -> Option<&'a Type> {
    let (ident, arguments) = last_segment(&field.node.ty)?;
    let PathArguments::AngleBracketed(arguments) = arguments else { return None };
    match (ident == "Option", arguments.args.first()) {
        (true, Some(GenericArgument::Type(ty))) if arguments.args.len() == 1 => Some(ty),
        _ => None,
    }
}

/// The function can be called where all the fields can be named.
fn visibility(model: &Model, required: &[&Field]) -> Visibility {
    let Some((first, others)) = required.split_first() else { return model.input.vis.clone() };
    let first = &first.node.vis;
    if others.iter().all(|field| field.node.vis == *first) { first.clone() } else { Visibility::Inherited }
}

fn parameter(field: &Field, receiver: &Receiver) -> TokenStream {
    let (cfg, ident) = (cfg(field), field.ident);
    let ty = accepted(&field.node.ty, receiver);
    quote!(#(#cfg)* #ident: #ty)
}

fn value(field: &Field) -> TokenStream {
    let (cfg, ident) = (cfg(field), field.ident);
    let value = given(&field.node.ty, ident.to_token_stream());
    quote!(#(#cfg)* #ident: #value)
}

fn setter(field: &Field, receiver: &Receiver) -> TokenStream {
    let (cfg, ident) = (cfg(field), field.ident);
    let vis = &field.node.vis;
    let ty = inner(field).unwrap_or(&field.node.ty);
    let accepted = accepted(ty, receiver);
    let value = given(ty, quote!(value));
    let documentation = format!("Sets the field `{}`.", field.own_name());
    quote! {
        #(#cfg)*
        #[doc = #documentation]
        #[must_use]
        #vis fn #ident(mut self, value: #accepted) -> Self {
            self.#ident = ::core::option::Option::Some(#value);
            self
        }
    }
}

/// The type of an argument. A type without arguments takes what becomes it, as text becomes a `String`. Another type takes only
/// itself, so that the types of literals, of `Vec::new()` and of `Id::new(..)` are known.
fn accepted(ty: &Type, receiver: &Receiver) -> TokenStream {
    let named = receiver.named_in(ty);
    if is_converted(ty) { quote!(impl ::core::convert::Into<#named>) } else { named }
}

fn given(ty: &Type, value: TokenStream) -> TokenStream {
    if is_converted(ty) { quote!(::core::convert::Into::into(#value)) } else { value }
}

fn is_converted(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|(ident, arguments)| {
        matches!(arguments, PathArguments::None) && !PRIMITIVES.iter().any(|name| ident == name)
    })
}

fn cfg<'a>(field: &Field<'a>) -> Vec<&'a Attribute> {
    field.node.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect()
}

const PRIMITIVES: [&str; 16] = [
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128",
    "usize",
];
