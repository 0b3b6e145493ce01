//! Enums of ids: `impl LinkTo<User> for Author` and what belongs to it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Path};

use crate::link::Link;

pub(crate) fn expand(link: &Link, sound: bool) -> TokenStream {
    let Link { input, krate, variants } = link;
    let ident = &input.ident;
    let (params, arguments, where_clause) = input.generics.split_for_impl();
    let names = variants.iter().map(|variant| variant.ident);
    let ids = variants.iter().map(|variant| variant.id).collect::<Vec<_>>();
    let linked = ids.iter().map(|id| quote_spanned!(id.span()=> <#id as #krate::__private::Linked>));
    let linked = linked.collect::<Vec<_>>();
    // Variants with mistakes, which are complained about, are missing here.
    let rest = (!sound).then(|| quote!(_ => ::core::unreachable!(),));
    let reading = reading(input, krate);
    let conversions = conversions(link, &linked, rest.as_ref());
    let keyed = super::probe::links_of_variants(&ids, &input.generics, krate);
    quote! {
        #keyed

        #(
            #[automatically_derived]
            impl #params #krate::__private::LinkTo<#ids> for #ident #arguments #where_clause {}

            #[automatically_derived]
            impl #params #krate::__private::OneOf<#ids> for #ident #arguments #where_clause {}
        )*

        #[automatically_derived]
        impl #params #krate::__private::Stored for #ident #arguments #where_clause {
            type As = Self;

            const KIND: #krate::__private::Kind = #krate::__private::Kind::Record(&[#(#linked::TABLE),*]);
        }

        #[automatically_derived]
        impl #params #krate::__private::Endpoint for #ident #arguments #where_clause {}

        #conversions

        #[automatically_derived]
        impl #params #krate::__private::serde::Serialize for #ident #arguments #where_clause {
            fn serialize<__S: #krate::__private::serde::Serializer>(
                &self,
                serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                match self {
                    #(Self::#names(id) => #krate::__private::serde::Serialize::serialize(id, serializer),)*
                    #rest
                }
            }
        }

        #reading
    }
}

/// Conversions from each id, and from and to a `RecordId`.
fn conversions(link: &Link, linked: &[TokenStream], rest: Option<&TokenStream>) -> TokenStream {
    let Link { input, krate, variants } = link;
    let ident = &input.ident;
    let (params, arguments, where_clause) = input.generics.split_for_impl();
    let names = variants.iter().map(|variant| variant.ident).collect::<Vec<_>>();
    let ids = variants.iter().map(|variant| variant.id).collect::<Vec<_>>();
    quote! {
        #(
            #[automatically_derived]
            impl #params ::core::convert::From<#ids> for #ident #arguments #where_clause {
                fn from(id: #ids) -> Self {
                    Self::#names(id)
                }
            }
        )*

        #[automatically_derived]
        impl #params ::core::convert::From<#ident #arguments> for #krate::__private::RecordId #where_clause {
            fn from(link: #ident #arguments) -> Self {
                match link {
                    #(#ident::#names(id) => #linked::into_record_id(id),)*
                    #rest
                }
            }
        }

        #[automatically_derived]
        impl #params ::core::convert::TryFrom<#krate::__private::RecordId> for #ident #arguments #where_clause {
            type Error = #krate::__private::Error;

            fn try_from(id: #krate::__private::RecordId) -> #krate::__private::Result<Self> {
                let table = #krate::__private::RecordId::table(&id);
                #(
                    if table == #linked::TABLE {
                        return #krate::__private::Result::map(#linked::linked(id), Self::#names);
                    }
                )*
                #krate::__private::Result::Err(#krate::__private::leads_elsewhere(
                    &id,
                    &[#(#linked::TABLE),*],
                ))
            }
        }
    }
}

fn reading(input: &DeriveInput, krate: &Path) -> TokenStream {
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    generics.params.insert(0, syn::parse_quote!('__de));
    let (params, _, _) = generics.split_for_impl();
    let (_, arguments, where_clause) = input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #params #krate::__private::serde::Deserialize<'__de> for #ident #arguments #where_clause {
            fn deserialize<__D: #krate::__private::serde::Deserializer<'__de>>(
                deserializer: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                let id: #krate::__private::RecordId = #krate::__private::serde::Deserialize::deserialize(deserializer)?;
                ::core::result::Result::map_err(
                    ::core::convert::TryFrom::try_from(id),
                    |error: #krate::__private::Error| #krate::__private::serde::de::Error::custom(error),
                )
            }
        }
    }
}
