//! The schema: `impl Definition for User`, and the fields of an object.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{LitStr, Path};

use super::receiver::Receiver;
use crate::model::{ENDS, Field, Model, last_segment};
use crate::parse::schema::{Index, Rules};

/// The fields that the database has. An id, and the ends of an edge, are among them only if something is said about them.
pub(super) fn members(model: &Model) -> TokenStream {
    let krate = model.krate();
    let ident = &model.input.ident;
    let (params, arguments, clause) = model.input.generics.split_for_impl();
    let is_known = |field: &&Field| {
        let is_end = model.is_relation() && ENDS.iter().any(|wire| field.is_called(wire));
        !(model.is_id(field) || is_end) || !field.record.rules.is_empty()
    };
    let members = model.stored().filter(is_known).map(|field| member(field, model));
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "the struct, or the type of a field, may be deprecated itself")]
        impl #params #krate::__private::HasMembers for #ident #arguments #clause {
            fn members() -> &'static [#krate::__private::Member] {
                #[allow(unused_imports, reason = "inherent answers take precedence")]
                use #krate::__private::UnknownKind as _;
                const { &[#(#members),*] }
            }
        }
    }
}

fn member(field: &Field, model: &Model) -> TokenStream {
    let krate = model.krate();
    let wire = &field.wire;
    let kind = kind(field, model);
    let new = if field.is_named() { quote!(new(#wire, #kind)) } else { quote!(flat(#kind)) };
    let may_be_absent = field.serde.default || field.serde.skip_if().is_some();
    let absent = (may_be_absent && field.record.default.is_none()).then(|| quote!(.optional()));
    let rules = &field.record.rules;
    let is_ruled = !rules.is_empty() || field.record.readonly.is_some() || field.record.default.is_some();
    let rules = is_ruled.then(|| with_rules(field, &krate));
    quote!(#krate::__private::Member::#new #absent #rules)
}

/// The kind of the field's type, if serde writes it as that type is stored.
fn kind(field: &Field, model: &Model) -> TokenStream {
    let krate = model.krate();
    let written = field.serde.functions.iter().find(|(word, _)| *word == "with" || *word == "serialize_with");
    if let Some((_, path)) = written {
        match adapter(&path.value()) {
            Some("geo_types") => return geometry(field, &krate),
            Some(_) => {}
            None => return quote!(#krate::__private::Kind::Any),
        }
    }
    let ty = Receiver::of(model).named_in(&field.node.ty);
    quote_spanned!(field.node.ty.span()=> <#krate::__private::Probe<#ty>>::STORED)
}

/// Returns the name of an adapter of the runtime crate.
fn adapter(path: &str) -> Option<&str> {
    let (_, name) = path.split_once("value::with::")?;
    Some(name.split("::").next().unwrap_or(name))
}

fn geometry(field: &Field, krate: &Path) -> TokenStream {
    let geometries: [(&str, &str); 6] = [
        ("Point", "point"),
        ("LineString", "line"),
        ("Polygon", "polygon"),
        ("MultiPoint", "multipoint"),
        ("MultiLineString", "multiline"),
        ("MultiPolygon", "multipolygon"),
    ];
    let private = quote!(#krate::__private::Kind);
    let found = last_segment(&field.node.ty).and_then(|(ident, _)| geometries.iter().find(|(name, _)| ident == name));
    match found {
        Some((_, kind)) => quote!(#private::GeometryOf(#kind)),
        None if field.is_option() => quote!(#private::Option(&#private::Geometry)),
        None => quote!(#private::Geometry),
    }
}

fn with_rules(field: &Field, krate: &Path) -> TokenStream {
    let rules = &field.record.rules;
    let Rules { ty, default, default_always, value, assert, computed, flexible, .. } = rules;
    let texts = [
        ("kind", ty.as_ref().map(LitStr::value)),
        ("default", default.as_ref().map(LitStr::value)),
        ("default_always", default_always.as_ref().map(LitStr::value)),
        ("value", value.as_ref().map(LitStr::value)),
        ("assert", assert.as_ref().map(LitStr::value)),
        ("computed", computed.as_ref().map(LitStr::value)),
        ("reference", rules.reference.clone()),
        ("permissions", rules.permissions.clone()),
        ("comment", rules.comment.as_ref().map(LitStr::value)),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| {
        let name = Ident::new(name, proc_macro2::Span::call_site());
        text.map(|text| quote!(#name: #krate::__private::Some(#text),))
    });
    let readonly = field.record.readonly.as_ref().map(|_| quote!(readonly: true,));
    let has_default = field.record.default.is_some() && default.is_none() && default_always.is_none();
    let other_default = has_default.then(|| quote!(other_default: true,));
    let flexible = flexible.as_ref().map(|_| quote!(flexible: true,));
    let indexes = rules.indexes.iter().map(|index| index_of(index, &quote!(#krate::__private::no_columns), krate));
    let indexes = (!rules.indexes.is_empty()).then(|| quote!(indexes: &[#(#indexes),*],));
    let private = quote!(#krate::__private::Rules);
    quote!(.ruled(#private { #(#texts)* #readonly #other_default #flexible #indexes ..#private::NONE }))
}

fn index_of(index: &Index, columns: &TokenStream, krate: &Path) -> TokenStream {
    let Index { kind, suffix, needs_dimension, .. } = index;
    let [name, comment] = [&index.name, &index.comment].map(|text| optional(text.as_ref(), krate));
    quote! {
        #krate::__private::IndexModel {
            name: #name,
            columns: #columns,
            kind: #kind,
            suffix: #suffix,
            needs_dimension: #needs_dimension,
            comment: #comment,
        }
    }
}

fn optional(text: Option<&LitStr>, krate: &Path) -> TokenStream {
    match text {
        Some(text) => quote!(#krate::__private::Some(#text)),
        None => quote!(#krate::__private::None),
    }
}

/// The definition of the table.
pub(super) fn table(model: &Model) -> TokenStream {
    let krate = model.krate();
    let private = quote!(#krate::__private);
    let ident = &model.input.ident;
    let (params, arguments, clause) = model.input.generics.split_for_impl();
    let rules = &model.record.table_rules;
    let schemafull = match (&rules.schemafull, &rules.schemaless) {
        (Some(_), _) => quote!(#private::Some(true)),
        (None, Some(_)) => quote!(#private::Some(false)),
        (None, None) => quote!(#private::None),
    };
    let text = |text: Option<String>| match text {
        Some(text) => quote!(#private::Some(#text)),
        None => quote!(#private::None),
    };
    let permissions = text(rules.permissions.clone());
    let changefeed = text(rules.changefeed.clone());
    let comment = text(rules.comment.as_ref().map(LitStr::value));
    let enforced = rules.enforced.is_some();
    let relation = match (model.end("in"), model.end("out")) {
        (Some(from), Some(to)) if model.is_relation() => {
            let [from, to] = [from, to].map(|end| {
                let ty = &end.node.ty;
                quote!(<#private::Probe<#ty>>::STORED)
            });
            quote!(#private::Some((#from, #to)))
        }
        _ => quote!(#private::None),
    };
    let indexes = model.record.indexes.iter().map(|index| index_of(index, &columns(index, model), &krate));
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "the struct, or the type of a field, may be deprecated itself")]
        impl #params #private::Definition for #ident #arguments #clause {
            const ITEM: #private::Item = {
                #[allow(unused_imports, reason = "inherent answers take precedence")]
                use #private::UnknownKind as _;
                #private::Item::table(#private::TableModel {
                    name: <Self as #private::HasTable>::NAME,
                    schemafull: #schemafull,
                    relation: #relation,
                    enforced: #enforced,
                    members: <Self as #private::HasMembers>::members,
                    indexes: &[#(#indexes),*],
                    permissions: #permissions,
                    changefeed: #changefeed,
                    comment: #comment,
                })
            };
        }
    }
}

/// The function that returns the columns of an index. The compiler reports an unknown field at its name.
fn columns(index: &Index, model: &Model) -> TokenStream {
    let krate = model.krate();
    let columns = index.fields.iter().map(|steps| {
        let span = steps.first().map_or_else(proc_macro2::Span::call_site, Ident::span);
        quote_spanned!(span=> #krate::__private::path_of(record #(.#steps)*))
    });
    quote! {
        || {
            let record = <Self as #krate::__private::Object>::fields::<#krate::__private::Of<Self>>();
            let _ = record;
            ::std::vec::Vec::from([#(#columns),*])
        }
    }
}
