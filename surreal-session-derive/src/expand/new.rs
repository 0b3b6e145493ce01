//! `struct NewUser`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{ExprPath, LitStr, parse_quote};

use super::carried;
use super::generics::Dropped;
use super::receiver::{Header, Receiver};
use super::{constructor, read};
use crate::case::Rule;
use crate::model::{Field, Model};
use crate::parse::record::reads;

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
    let functions = wrappers(model, &receiver);
    let constructor = constructor::expand(model, &receiver);
    let derives = read::derives(&model.record.new_derive, &krate);
    let fields = model.written().map(|field| field_tokens(field, model, &receiver, &dropped));
    quote! {
        #[doc = #documentation]
        #carried
        #[allow(dead_code, reason = "a program may only read its records")]
        #[allow(non_snake_case, reason = "the lint reports the names of the original already")]
        #[allow(rustdoc::broken_intra_doc_links, reason = "the documentation was written for the record")]
        #[derive(::core::clone::Clone, ::core::fmt::Debug, #krate::model::serde::Serialize)]
        #derives
        #serde
        #visibility struct #new #generics #where_clause {
            #(#fields,)*
        }

        #functions
        #constructor
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
    // The bounds have a lifetime, so that a type that is no record causes no further error.
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
    format!("The data of a new [`{record}`]: its fields, without the id and those that the server sets.")
}

fn container_attributes(model: &Model, receiver: &Receiver, dropped: &Dropped) -> TokenStream {
    let krate = model.krate();
    let path = quote!(#krate::__private::serde).to_string().replace(' ', "");
    let mut words = vec![quote!(crate = #path)];
    let rule = model.serde.rename_all.as_ref().and_then(|names| names.reading.as_ref());
    if let Some(rule) = rule.filter(|rule| Rule::named(&rule.value()).is_some()) {
        words.push(quote!(rename_all = #rule));
    }
    let is_strict = model.serde.deny_unknown_fields && reads(&model.record.new_derive);
    words.extend(is_strict.then(|| quote!(deny_unknown_fields)));
    words.extend(model.serde.bound.as_ref().map(|bound| bound_word(bound, receiver, dropped)));
    quote!(#[serde(#(#words),*)])
}

fn field_tokens(field: &Field, model: &Model, receiver: &Receiver, dropped: &Dropped) -> TokenStream {
    let syn::Field { vis, ty, .. } = field.node;
    let ident = field.ident;
    let ty = receiver.named_in(ty);
    let carried = carried::by_field(field, model);
    if field.has_default() {
        let serde = optional_attributes(field, model, receiver, dropped);
        return quote! {
            #serde
            #carried
            ///
            /// With `None` it is left out, and gets what the table's schema says by DEFAULT.
            #vis #ident: ::core::option::Option<#ty>
        };
    }
    let serde = field_attributes(field, model, receiver, dropped);
    quote!(#serde #carried #vis #ident: #ty)
}

/// The attribute is there even if it says nothing: serde reports a type that cannot be written at the first token of the
/// field, and so that is made to point at the type.
fn field_attributes(field: &Field, model: &Model, receiver: &Receiver, dropped: &Dropped) -> TokenStream {
    let mut words = Vec::from_iter(rename_word(field));
    words.extend(field.serde.flatten.as_ref().map(ToTokens::to_token_stream));
    for (word, path) in &field.serde.functions {
        let path = receiver.named_in_text(path);
        words.push(quote!(#word = #path));
    }
    if reads(&model.record.new_derive) {
        words.extend(read::words(field, &["deserialize_with", "default", "alias"], receiver));
    }
    words.extend(field.serde.bound.as_ref().map(|bound| bound_word(bound, receiver, dropped)));
    quote_spanned!(field.node.ty.span()=> #[serde(#(#words),*)])
}

fn rename_word(field: &Field) -> Option<TokenStream> {
    let name = field.serde.rename.as_ref().and_then(|names| names.writing.as_ref())?;
    Some(quote!(rename = #name))
}

fn bound_word(bound: &LitStr, receiver: &Receiver, dropped: &Dropped) -> TokenStream {
    let bound = receiver.named_in_text(&dropped.leave_bounds_in_text(bound));
    quote!(bound(serialize = #bound))
}

/// The attributes of a field that may be left out. serde's functions are for its value; here they are wrapped for an `Option`
/// of it.
fn optional_attributes(field: &Field, model: &Model, receiver: &Receiver, dropped: &Dropped) -> TokenStream {
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
    if reads(&model.record.new_derive) {
        words.push(quote!(default));
        words.extend(read::words(field, &["alias"], receiver));
        if field.serde.reading_function().is_some() {
            let read = path_to(&read_name(field), model);
            words.push(quote!(deserialize_with = #read));
        }
    }
    words.extend(field.serde.bound.as_ref().map(|bound| bound_word(bound, receiver, dropped)));
    quote_spanned!(field.node.ty.span()=> #[serde(#(#words),*)])
}

/// The functions that those attributes name.
fn wrappers(model: &Model, receiver: &Receiver) -> Option<TokenStream> {
    let functions: TokenStream = model
        .written()
        .filter(|field| field.has_default())
        .flat_map(|field| {
            let skip = field.serde.skip_if().map(|path| skip(field, &path, receiver));
            let write = field.serde.writer().map(|path| write(field, &path, model, receiver));
            let read = reads(&model.record.new_derive).then(|| field.serde.reading_function()).flatten();
            let read = read.map(|path| read_given(field, &path, model, receiver));
            [skip, write, read].into_iter().flatten()
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

fn read_given(field: &Field, path: &ExprPath, model: &Model, receiver: &Receiver) -> TokenStream {
    let krate = model.krate();
    let name = read_name(field);
    let [ty, path] = [receiver.named_in(&field.node.ty), receiver.named_in(path)];
    quote! {
        fn #name<'__de, __D: #krate::__private::serde::Deserializer<'__de>>(
            deserializer: __D,
        ) -> ::core::result::Result<::core::option::Option<#ty>, __D::Error> {
            #path(deserializer).map(::core::option::Option::Some)
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

fn read_name(field: &Field) -> Ident {
    format_ident!("__read_{}", field.ident.unraw())
}

fn write_name(field: &Field) -> Ident {
    format_ident!("__write_{}", field.ident.unraw())
}
