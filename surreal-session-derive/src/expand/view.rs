//! `impl View for Profile`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::record::associated;
use crate::model::{Field, Model};

pub(super) fn expand(model: &Model, record: &Type) -> TokenStream {
    let krate = model.krate();
    let ident = &model.input.ident;
    let (params, arguments, where_clause) = model.input.generics.split_for_impl();
    let columns = model.read().map(|field| column(field, model));
    let shown = associated("Record", record, &record.to_token_stream());
    quote! {
        #[automatically_derived]
        impl #params #krate::__private::View for #ident #arguments #where_clause {
            #shown

            fn columns() -> ::std::vec::Vec<#krate::__private::Column> {
                #[allow(unused_imports, reason = "not needed if each field is a view")]
                use #krate::__private::PlainColumn as _;
                #[allow(unused_variables, reason = "not needed if each field is computed")]
                let record = <#record as #krate::__private::Object>::fields::<#krate::__private::Of<#record>>();
                let columns = [#(#columns),*];
                ::std::convert::From::from(columns)
            }
        }
    }
}

/// The compiler reports an unknown field at its name, and a wrong type at the type.
fn column(field: &Field, model: &Model) -> TokenStream {
    let span = field.node.ty.span();
    let krate = model.krate_at(span);
    let ty = &field.node.ty;
    let wire = &field.wire;
    if let Some(surql) = &field.record.expr {
        return quote!(#krate::__private::computed_column(#surql, #wire));
    }
    let place = match &field.record.from {
        Some(steps) => quote!(record #(.#steps)*),
        None => {
            let ident = field.ident;
            quote!(record.#ident)
        }
    };
    quote_spanned!(span=> <#krate::__private::Probe<#ty>>::column(#place, #wire))
}
