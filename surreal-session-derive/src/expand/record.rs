//! `impl Record for User`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Type, WhereClause, parse_quote};

use super::generics;
use crate::model::Model;

pub(super) fn expand(model: &Model, sound: bool) -> TokenStream {
    let krate = model.krate();
    let ident = &model.input.ident;
    let table = model.table();
    let key = key(model);
    let new = new(model);
    let (impl_generics, type_generics, _) = model.input.generics.split_for_impl();
    let where_clause = where_clause(model, &new, sound);
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "a record may be deprecated itself")]
        impl #impl_generics #krate::__private::Record for #ident #type_generics #where_clause {
            const TABLE: &'static str = #table;
            type Key = #key;
            type New = #new;
        }
    }
}

/// The key type is what the `id` field's type says. The compiler objects under that type if it is not an id of this
/// record, as the path begins and ends where the type does.
fn key(model: &Model) -> TokenStream {
    let Some(id) = model.id() else {
        return quote!(::std::string::String);
    };
    let krate = model.krate();
    let ty = &id.node.ty;
    let (first, last) = ends(ty);
    let id_of = quote_spanned!(first=> <#ty as #krate::__private::IdOf<Self>>);
    quote_spanned!(last=> #id_of::Key)
}

pub(super) fn ends(ty: &Type) -> (Span, Span) {
    let spans: Vec<Span> = ty.to_token_stream().into_iter().map(|token| token.span()).collect();
    let here = Span::call_site();
    (spans.first().copied().unwrap_or(here), spans.last().copied().unwrap_or(here))
}

fn new(model: &Model) -> TokenStream {
    if model.fields.is_none() || model.unbound_param().is_some() {
        return quote!(());
    }
    let new = model.new_name();
    let generics = generics::of_new(model);
    let (_, type_generics, _) = generics.split_for_impl();
    quote!(#new #type_generics)
}

/// Whether a generic record can be read and written depends on its parameters, so there it is a condition of the impl
/// instead of an error. A record with mistakes is not blamed for being unreadable as well, so there it is one, too; but
/// a condition that cannot hold is left out, as it would be reported wherever the record is used.
fn where_clause(model: &Model, new: &TokenStream, sound: bool) -> Option<WhereClause> {
    let krate = model.krate();
    let mut generics = model.input.generics.clone();
    let is_generic = !generics.params.is_empty();
    let is_unreadable = generics.lifetimes().next().is_some() || model.unbound_param().is_some();
    if (is_generic || !sound) && !is_unreadable {
        let clause = generics.make_where_clause();
        clause.predicates.push(parse_quote!(Self: for<'de> #krate::__private::serde::Deserialize<'de>));
    }
    if is_generic && !is_unreadable {
        let clause = generics.make_where_clause();
        clause.predicates.push(parse_quote!(#new: #krate::__private::serde::Serialize));
    }
    generics.where_clause
}
