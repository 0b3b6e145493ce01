//! `impl Stored for Email`, and the traits that a newtype takes over from the type inside.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, Ident, Member, Path, Type, WhereClause, WherePredicate, parse_quote};

use crate::stored::{Form, Stored};

pub(crate) fn expand(stored: &Stored) -> TokenStream {
    let Stored { input, krate, form } = stored;
    let tokens = match form {
        Some(Form::Newtype(member, ty)) => newtype(&input.ident, &input.generics, krate, member, ty),
        Some(Form::Enum(variants)) => texts(&input.ident, &input.generics, krate, variants),
        // The mistake was reported. Fields of the type cause no further errors.
        None => {
            let (params, arguments, clause) = input.generics.split_for_impl();
            let ident = &input.ident;
            return quote! {
                #[automatically_derived]
                impl #params #krate::__private::Stored for #ident #arguments #clause {
                    type As = Self;

                    const KIND: #krate::__private::Kind = #krate::__private::Kind::Any;
                }
            };
        }
    };
    let into_id = super::key::into_id(&input.ident, &input.generics, krate);
    quote!(#tokens #into_id)
}

/// The derive does not know the traits of the type inside, so that they are bounds of the impls. The bounds have a lifetime:
/// the compiler reports a false bound without one at once.
fn newtype(ident: &Ident, generics: &Generics, krate: &Path, member: &Member, inner: &Type) -> TokenStream {
    let private = quote!(#krate::__private);
    let (params, arguments, _) = generics.split_for_impl();
    let inner_is = |name| under(generics, &[is_a(inner, name, krate)]);
    let stored = (!generics.params.is_empty()).then(|| under(generics, &[quote!(#inner: #private::Stored)]));
    let [container, collection, list] = ["Container", "Collection", "List"].map(inner_is);
    let key = newtype_key(ident, generics, krate, member, inner);
    // The compiler reports a type inside that is not stored at that type.
    let inner_stored = quote_spanned!(inner.span()=> <#inner as #private::Stored>);
    quote! {
        #[automatically_derived]
        impl #params #private::Stored for #ident #arguments #stored {
            type As = #inner_stored::As;

            const KIND: #private::Kind = #inner_stored::KIND;
        }

        #[automatically_derived]
        impl #params #private::Container for #ident #arguments #container {
            type Item = <#inner as #private::Container>::Item;
        }

        #[automatically_derived]
        impl #params #private::Collection for #ident #arguments #collection {
            const IS_SET: bool = <#inner as #private::Collection>::IS_SET;
            const IS_UNORDERED: bool = <#inner as #private::Collection>::IS_UNORDERED;
        }

        #[automatically_derived]
        impl #params #private::List for #ident #arguments #list {}

        #key
    }
}

/// A newtype is a key, and a part of a key, if the type inside is.
fn newtype_key(ident: &Ident, generics: &Generics, krate: &Path, member: &Member, inner: &Type) -> TokenStream {
    let private = quote!(#krate::__private);
    let (params, arguments, _) = generics.split_for_impl();
    let [key, part, generate] = ["Key", "KeyPart", "GenerateKey"]
        .map(|name| under(generics, &[quote!(for<'__any> Self: #private::KeyData), is_a(inner, name, krate)]));
    quote! {
        #[automatically_derived]
        impl #params #private::Key for #ident #arguments #key {
            type Ids = <#inner as #private::Key>::Ids;

            fn to_record_key(&self) -> #private::RecordKey {
                #private::Key::to_record_key(&self.#member)
            }

            fn from_record_key(
                key: #private::RecordKey,
            ) -> ::core::result::Result<Self, #private::RecordKey> {
                ::core::result::Result::map(#private::Key::from_record_key(key), |inner| Self { #member: inner })
            }
        }

        #[automatically_derived]
        impl #params #private::KeyPart for #ident #arguments #part {
            fn to_value(&self) -> #private::Value {
                #private::KeyPart::to_value(&self.#member)
            }

            fn from_value(value: &#private::Value) -> ::core::option::Option<Self> {
                ::core::option::Option::map(#private::KeyPart::from_value(value), |inner| Self { #member: inner })
            }
        }

        #[automatically_derived]
        impl #params #private::GenerateKey for #ident #arguments #generate {
            fn generate() -> Self {
                Self { #member: #private::GenerateKey::generate() }
            }
        }
    }
}

/// The condition that a type implements one of our traits.
fn is_a(ty: &Type, name: &str, krate: &Path) -> TokenStream {
    let name = Ident::new(name, proc_macro2::Span::call_site());
    quote!(for<'__any> #ty: #krate::__private::#name)
}

/// The where clause of a type with further conditions.
fn under(generics: &Generics, conditions: &[TokenStream]) -> WhereClause {
    let mut generics = generics.clone();
    let clause = generics.make_where_clause();
    clause.predicates.extend(conditions.iter().map(|condition| -> WherePredicate { parse_quote!(#condition) }));
    clause.clone()
}

/// An enum of unit variants is stored as the name of the variant.
fn texts(ident: &Ident, generics: &Generics, krate: &Path, variants: &[(&Ident, String)]) -> TokenStream {
    let private = quote!(#krate::__private);
    let names: Vec<_> = variants.iter().map(|(ident, _)| ident).collect();
    let texts: Vec<_> = variants.iter().map(|(_, text)| text).collect();
    let mut bounded = generics.clone();
    bounded.make_where_clause().predicates.push(parse_quote!(for<'__any> Self: #private::KeyData));
    let (params, arguments, key) = bounded.split_for_impl();
    let (_, _, clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #params #private::Stored for #ident #arguments #clause {
            type As = Self;

            const KIND: #private::Kind = #private::Kind::Literal(&[#(#texts),*]);
        }

        #[automatically_derived]
        impl #params #private::Key for #ident #arguments #key {
            type Ids = #private::NeedsId;

            fn to_record_key(&self) -> #private::RecordKey {
                #private::RecordKey::from(match *self {
                    #(Self::#names => #texts,)*
                })
            }

            fn from_record_key(
                key: #private::RecordKey,
            ) -> ::core::result::Result<Self, #private::RecordKey> {
                match &key {
                    #(#private::RecordKey::String(text) if text == #texts => ::core::result::Result::Ok(Self::#names),)*
                    _ => ::core::result::Result::Err(key),
                }
            }
        }

        #[automatically_derived]
        impl #params #private::KeyPart for #ident #arguments #key {
            fn to_value(&self) -> #private::Value {
                ::core::convert::From::from(#private::Key::to_record_key(self))
            }

            fn from_value(value: &#private::Value) -> ::core::option::Option<Self> {
                match value {
                    #(#private::Value::String(text) if text == #texts => ::core::option::Option::Some(Self::#names),)*
                    _ => ::core::option::Option::None,
                }
            }
        }
    }
}
