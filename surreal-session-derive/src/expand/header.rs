//! What stands before and after the type in an impl.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Generics;

use super::receiver::Receiver;

pub(super) struct Header {
    pub(super) params: TokenStream,
    pub(super) arguments: TokenStream,
    pub(super) where_clause: TokenStream,
}

impl Header {
    pub(super) fn of(generics: &Generics, receiver: &Receiver) -> Self {
        let (params, arguments, where_clause) = generics.split_for_impl();
        Self {
            params: receiver.named_in(params),
            arguments: quote!(#arguments),
            where_clause: receiver.named_in(where_clause),
        }
    }
}
