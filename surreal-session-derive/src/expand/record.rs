//! `impl Record for User`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, Type, WhereClause, parse_quote};

use super::new;
use crate::model::Model;

pub(super) fn expand(model: &Model, sound: bool) -> TokenStream {
    let mut tokens = has_table(model);
    tokens.extend(keyed_by(model, sound));
    // A record for one lifetime would have to be a record for all of them.
    if model.input.generics.lifetimes().next().is_none() {
        tokens.extend(record(model, sound));
        tokens.extend(kind(model));
        tokens.extend(versioned(model, sound));
    }
    tokens
}

/// Implemented also for a record with mistakes, so that its ids cause no further errors.
fn has_table(model: &Model) -> TokenStream {
    let krate = model.krate();
    let ident = &model.input.ident;
    let table = model.table();
    let (impl_generics, type_generics, where_clause) = model.input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "a record may be deprecated itself")]
        impl #impl_generics #krate::__private::HasTable for #ident #type_generics #where_clause {
            const NAME: &'static str = #table;
        }
    }
}

/// The key type of links to the record: that of its id. A field `id` of another type is reported elsewhere.
fn keyed_by(model: &Model, sound: bool) -> TokenStream {
    let krate = model.krate();
    let ident = &model.input.ident;
    let mut generics = model.input.generics.clone();
    generics.params.push(parse_quote!(__K));
    if let Some(id) = model.id().filter(|_| sound) {
        let ty = &id.node.ty;
        generics.make_where_clause().predicates.push(parse_quote!(#ty: #krate::__private::HasKey<__K>));
    }
    let (impl_generics, ..) = generics.split_for_impl();
    let (_, type_generics, _) = model.input.generics.split_for_impl();
    let where_clause = &generics.where_clause;
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "a record may be deprecated itself")]
        impl #impl_generics #krate::__private::KeyedBy<__K> for #ident #type_generics #where_clause {}
    }
}

fn record(model: &Model, sound: bool) -> TokenStream {
    let krate = model.krate();
    let ident = &model.input.ident;
    let key = key(model);
    let new = new_or_nothing(model);
    let ids = match model.id().and_then(|id| id.record.default.as_ref()) {
        Some(_) => quote!(#krate::__private::OptionalId),
        None => of_id(model, "Ids").unwrap_or_else(|| quote!(#krate::__private::OptionalId)),
    };
    let [key, ids] = match model.id().map(|id| &id.node.ty) {
        Some(id) => [associated("Key", id, &key), associated("Ids", id, &ids)],
        None => [quote!(type Key = #key;), quote!(type Ids = #ids;)],
    };
    let kept = model.kept().map(|field| &field.wire);
    let version = model.version().filter(|_| sound).map(|field| {
        let wire = &field.wire;
        quote!(const VERSION: #krate::__private::Option<&'static str> = #krate::__private::Some(#wire);)
    });
    let scope =
        model.record.scope.as_ref().map(
            |scope| quote!(const SCOPE: #krate::__private::Option<&'static str> = #krate::__private::Some(#scope);),
        );
    let clash = clash(model);
    let kind = marker(model);
    let (impl_generics, type_generics, _) = model.input.generics.split_for_impl();
    let where_clause = where_clause(model, &new, sound);
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "a record may be deprecated itself")]
        impl #impl_generics #krate::__private::Record for #ident #type_generics #where_clause {
            #key
            type New = #new;
            #ids
            type Kind = #kind;

            const KEPT: &'static [&'static str] = &[#(#kept),*];
            #version
            #scope

            #clash
        }
    }
}

/// Checks that a flattened field has no entry with the name of another field. A generic record is not checked: its field
/// may not be writable by itself.
fn clash(model: &Model) -> Option<TokenStream> {
    let mut flattened = model.written().filter(|field| !field.is_named()).peekable();
    if flattened.peek().is_none() || model.input.generics.type_params().next().is_some() {
        return None;
    }
    let krate = model.krate();
    let taken = model.names_taken();
    let checks = flattened.map(|field| {
        let (ident, name) = (field.ident, field.own_name());
        quote!(.or_else(|| #krate::__private::flat_names(#name, &new.#ident, &[#(#taken),*])))
    });
    Some(quote! {
        fn clash(new: &Self::New) -> ::core::option::Option<#krate::__private::Clash> {
            ::core::option::Option::None #(#checks)*
        }
    })
}

/// Implements `Relation` for an edge, and `NormalRecord` for any other record. The bound has a lifetime, so that a type that is
/// no record causes no further error.
fn kind(model: &Model) -> TokenStream {
    let krate = model.krate();
    let ident = &model.input.ident;
    let mut generics = model.input.generics.clone();
    let kind = marker(model);
    let is_record = parse_quote!(for<'__any> Self: #krate::__private::Record<Kind = #kind>);
    generics.make_where_clause().predicates.push(is_record);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let (name, ends) = match (model.is_relation(), model.end("in"), model.end("out")) {
        (false, _, _) => (quote!(NormalRecord), None),
        (true, Some(from), Some(to)) => {
            let (from, to) = (&from.node.ty, &to.node.ty);
            let [from, to] = [("In", from), ("Out", to)].map(|(name, ty)| associated(name, ty, &quote!(#ty)));
            (quote!(Relation), Some(quote!(#from #to)))
        }
        // An edge without ends, which the checks complain about, is neither.
        (true, _, _) => return TokenStream::new(),
    };
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "a record may be deprecated itself")]
        impl #impl_generics #krate::__private::#name for #ident #type_generics #where_clause { #ends }
    }
}

/// Implements `Versioned` for a record with a version.
fn versioned(model: &Model, sound: bool) -> Option<TokenStream> {
    let krate = model.krate();
    let ident = &model.input.ident;
    let ty = &model.version().filter(|_| sound)?.node.ty;
    let mut generics = model.input.generics.clone();
    // The bound has a lifetime, so that a type that is no record causes no further error.
    let is_record = parse_quote!(for<'__any> Self: #krate::__private::Record);
    generics.make_where_clause().predicates.push(is_record);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let version = associated("Version", ty, &quote!(#ty));
    Some(quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "a record may be deprecated itself")]
        impl #impl_generics #krate::__private::Versioned for #ident #type_generics #where_clause { #version }
    })
}

/// The kind of the record, which decides how it is inserted.
fn marker(model: &Model) -> TokenStream {
    let krate = model.krate();
    if model.is_relation() { quote!(#krate::__private::NeedsRelation) } else { quote!(#krate::__private::Normal) }
}

/// An associated type with the span of the user's type, where the compiler reports a type that is too private.
pub(super) fn associated(name: &str, user: &Type, ty: &TokenStream) -> TokenStream {
    let (first, last) = ends(user);
    let name = Ident::new(name, first);
    let end = quote_spanned!(last=> ;);
    quote_spanned!(first=> type #name = #ty #end)
}

/// The key type, from the type of the field `id`. The path has the span of that type, where the compiler reports a type that is
/// no id of this record.
fn key(model: &Model) -> TokenStream {
    of_id(model, "Key").unwrap_or_else(|| quote!(::std::string::String))
}

/// An associated type of the type of the field `id`.
fn of_id(model: &Model, name: &str) -> Option<TokenStream> {
    let krate = model.krate();
    let ty = &model.id()?.node.ty;
    let (first, last) = ends(ty);
    let id_of = quote_spanned!(first=> <#ty as #krate::__private::IdOf<Self>>);
    let name = Ident::new(name, last);
    Some(quote_spanned!(last=> #id_of::#name))
}

pub(super) fn ends(ty: &Type) -> (Span, Span) {
    let spans: Vec<Span> = ty.to_token_stream().into_iter().map(|token| token.span()).collect();
    let here = Span::call_site();
    (spans.first().copied().unwrap_or(here), spans.last().copied().unwrap_or(here))
}

fn new_or_nothing(model: &Model) -> TokenStream {
    if model.fields.is_some() { new::new_type(model) } else { quote!(()) }
}

/// A generic record can be read and written if its parameters can, so that this is a bound of the impl and no error. A record
/// with mistakes has the bound as well, so that it causes no further errors.
fn where_clause(model: &Model, new: &TokenStream, sound: bool) -> Option<WhereClause> {
    let krate = model.krate();
    let mut generics = model.input.generics.clone();
    let is_generic = !generics.params.is_empty();
    if is_generic || !sound {
        let clause = generics.make_where_clause();
        clause.predicates.push(parse_quote!(Self: for<'de> #krate::__private::serde::Deserialize<'de>));
    }
    if is_generic {
        let clause = generics.make_where_clause();
        clause.predicates.push(parse_quote!(Self: #krate::__private::Object));
        clause.predicates.push(parse_quote!(#new: #krate::__private::serde::Serialize));
    }
    generics.where_clause
}
