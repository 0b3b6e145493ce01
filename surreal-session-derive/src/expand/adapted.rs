//! `impl Adapts<3> for User`: writes values for a comparison with a field that has `#[serde(with)]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use super::generics::Dropped;
use super::patch::written_generics;
use super::receiver::{Header, Receiver};
use crate::model::{Field, Model};

/// Returns the index of the first field with the same type and adapter: such fields can be compared with each other. Returns
/// `None` for a field without an adapter.
pub(super) fn of(field: &Field, model: &Model) -> Option<usize> {
    let way = way(field)?;
    let first = model.named().find(|first| self::way(first).as_ref() == Some(&way))?;
    model.index(first)
}

/// The type and the function.
fn way(field: &Field) -> Option<[String; 2]> {
    let function = field.serde.writer()?;
    Some([field.node.ty.to_token_stream(), function.to_token_stream()].map(|tokens| tokens.to_string()))
}

/// Expands one impl for each pair of type and adapter.
pub(super) fn expand(model: &Model) -> TokenStream {
    let krate = model.krate();
    let receiver = Receiver::of(model);
    let generics = written_generics(model, &Dropped::default());
    let Header { params, arguments, where_clause } = Header::of(&generics, &receiver);
    let ident = &model.input.ident;
    let impls = model.named().filter_map(|field| {
        let index = of(field, model).filter(|first| model.index(field) == Some(*first))?;
        let write = receiver.named_in(field.serde.writer()?);
        let ty = receiver.named_in(&field.node.ty);
        let encode = quote_spanned!(field.node.ty.span()=> #krate::__private::encoded_with(value, |value, serializer| {
            #write(value, serializer)
        }));
        Some(quote! {
            #[automatically_derived]
            #[allow(deprecated, reason = "the struct, or a field of it, may be deprecated itself")]
            impl #params #krate::__private::Adapts<#index> for #ident #arguments #where_clause {
                type Value = #ty;

                fn encode(value: &#ty) -> #krate::__private::Encoded {
                    #encode
                }
            }
        })
    });
    impls.collect()
}
