//! `impl Adapts<3> for User`: how values are written that the field is compared with.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::receiver::Receiver;
use crate::model::Model;

/// One for each field with a function of its own. The function of a generic struct may need more than is known of its
/// parameters, so there it has none, and such fields cannot be compared.
pub(super) fn expand(model: &Model) -> TokenStream {
    if model.input.generics.type_params().next().is_some() {
        return TokenStream::new();
    }
    let krate = model.krate();
    let receiver = Receiver::of(model);
    let (impl_generics, type_generics, where_clause) = model.input.generics.split_for_impl();
    let ident = &model.input.ident;
    let adapted = model.named().enumerate().filter(|(_, field)| field.is_written());
    let impls = adapted.filter_map(|(index, field)| {
        let write = receiver.named_in(field.serde.writer()?);
        let ty = &field.node.ty;
        let encode = quote_spanned!(ty.span()=> #krate::__private::encoded_with(value, |value, serializer| {
            #write(value, serializer)
        }));
        Some(quote! {
            #[automatically_derived]
            #[allow(deprecated, reason = "the struct, or a field of it, may be deprecated itself")]
            impl #impl_generics #krate::__private::Adapts<#index> for #ident #type_generics #where_clause {
                type Value = #ty;

                fn encode(value: &#ty) -> #krate::__private::Encoded {
                    #encode
                }
            }
        })
    });
    impls.collect()
}
