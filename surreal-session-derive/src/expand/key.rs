//! `impl Key for Place`: a struct that can be the key of records, if its fields can be.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, Ident, Path, WherePredicate, parse_quote};

use crate::model::{Field, Model};

/// The derive does not know if the struct is used as a key, so that the requirements of a key are bounds of the impls. The
/// bounds have a lifetime: the compiler reports a false bound without one at once.
pub(super) fn expand(model: &Model) -> Option<TokenStream> {
    let fields: Vec<&Field> = model.written().collect();
    if fields.is_empty() || !fields.iter().all(|field| is_plain(field)) || fields.len() != model.named().count() {
        return None;
    }
    let krate = model.krate();
    let ident = &model.input.ident;
    let idents: Vec<_> = fields.iter().map(|field| field.ident).collect();
    let count = fields.len();
    let names: Vec<_> = fields.iter().map(|field| &field.wire).collect();
    let mut generics = model.input.generics.clone();
    let clause = generics.make_where_clause();
    clause.predicates.push(parse_quote!(for<'__any> Self: #krate::__private::KeyData));
    clause.predicates.extend(fields.iter().map(|field| -> WherePredicate {
        let ty = &field.node.ty;
        let part = quote_spanned!(ty.span()=> #krate::__private::KeyPart);
        parse_quote!(for<'__any> #ty: #part)
    }));
    let (params, arguments, where_clause) = generics.split_for_impl();
    let into_id = into_id(ident, &model.input.generics, &krate);
    Some(quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "the struct, or a field of it, may be deprecated itself")]
        impl #params #krate::__private::Key for #ident #arguments #where_clause {
            type Ids = #krate::__private::NeedsId;

            fn to_record_key(&self) -> #krate::__private::RecordKey {
                #krate::__private::object_key([#((#names, #krate::__private::KeyPart::to_value(&self.#idents))),*])
            }

            fn from_record_key(
                __key: #krate::__private::RecordKey,
            ) -> ::core::result::Result<Self, #krate::__private::RecordKey> {
                match (#(#krate::__private::key_field(&__key, #names),)*) {
                    (#(::core::option::Option::Some(#idents),)*)
                        if #krate::__private::has_key_fields(&__key, #count) =>
                    {
                        ::core::result::Result::Ok(Self { #(#idents),* })
                    }
                    _ => ::core::result::Result::Err(__key),
                }
            }
        }

        #[automatically_derived]
        #[allow(deprecated, reason = "the struct, or a field of it, may be deprecated itself")]
        impl #params #krate::__private::KeyPart for #ident #arguments #where_clause {
            fn to_value(&self) -> #krate::__private::Value {
                ::core::convert::From::from(#krate::__private::Key::to_record_key(self))
            }

            fn from_value(value: &#krate::__private::Value) -> ::core::option::Option<Self> {
                #krate::__private::object_part(value)
            }
        }

        #into_id
    })
}

/// `.id(key)` takes the key itself.
pub(super) fn into_id(ident: &Ident, generics: &Generics, krate: &Path) -> TokenStream {
    let (_, arguments, _) = generics.split_for_impl();
    let mut generics = generics.clone();
    generics.params.push(parse_quote!(__R: #krate::__private::Record<Key = #ident #arguments>));
    let (params, _, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "the struct may be deprecated itself")]
        impl #params #krate::__private::IntoId<__R> for #ident #arguments #where_clause {
            fn into_id(self) -> #krate::__private::Id<__R, Self> {
                #krate::__private::Id::new(self)
            }
        }
    }
}

/// Returns `true` if the field is written in the form of its type, under its own name.
fn is_plain(field: &Field) -> bool {
    field.is_named() && field.is_read() && field.serde.functions.is_empty()
}
