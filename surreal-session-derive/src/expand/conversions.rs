//! Fields that are written by a function that serde is told: the types that stand for them in closures.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::header::Header;
use super::receiver::Receiver;
use crate::model::{Field, Model};

/// Returns the place of the first field that is written as this one is; they can be compared. Nothing for a field that
/// is written as its type says.
pub(super) fn of(field: &Field, model: &Model) -> Option<usize> {
    let writer = written(field)?;
    let first = model.named().find(|first| written(first).as_ref() == Some(&writer))?;
    model.index(first)
}

/// The type and the function.
fn written(field: &Field) -> Option<[String; 2]> {
    let function = field.serde.writer()?;
    Some([field.node.ty.to_token_stream(), function.to_token_stream()].map(|tokens| tokens.to_string()))
}

pub(super) fn expand(model: &Model) -> TokenStream {
    let receiver = &Receiver::of(model);
    let krate = model.krate();
    let ident = &model.input.ident;
    let Header { params, arguments, where_clause } = Header::of(&model.input.generics, receiver);
    let conversions = model.named().filter_map(|field| {
        let index = of(field, model).filter(|index| model.index(field) == Some(*index))?;
        let function = receiver.named_in(field.serde.writer()?);
        let ty = receiver.named_in(&field.node.ty);
        Some(quote! {
            #[automatically_derived]
            #[allow(deprecated, reason = "the struct, or a field of it, may be deprecated itself")]
            impl #params #krate::__private::Converts<#ty, #index> for #ident #arguments #where_clause {
                fn converted(value: &#ty) -> #krate::__private::Encoded {
                    #krate::__private::encoded_with(value, |value, serializer| #function(value, serializer))
                }
            }
        })
    });
    conversions.collect()
}
