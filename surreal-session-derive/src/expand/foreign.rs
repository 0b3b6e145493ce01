//! What asks the compiler whether the fields have types of other crates, by whatever name the program calls them.

use std::collections::BTreeSet;
use std::iter;

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, Path, Type};

use super::generics::{mentioned, name};
use super::record::ends;
use crate::check::foreign::{Foreign, may_need_default, plain_types};
use crate::model::Model;

pub(super) fn expand(model: &Model) -> TokenStream {
    let krate = model.krate();
    let unknown = unknown_names(model);
    let is_known = |ty: &&Type| {
        let mut found = BTreeSet::new();
        mentioned(ty.to_token_stream(), &unknown, &mut found);
        found.is_empty()
    };
    let fields = || model.fields.iter().flatten();
    let types = fields().flat_map(plain_types).filter(is_known).filter(|ty| Foreign::named(ty).is_none());
    let lookups = types.map(|ty| lookup(ty, "ADVICE", &krate));
    let absent = fields().filter(|field| may_need_default(model, field)).map(|field| &field.node.ty).filter(is_known);
    let absent = absent.map(|ty| lookup(ty, "ABSENT", &krate));
    quote! {
        const _: () = {
            #[allow(unused_imports, reason = "what is known of a type hides it")]
            use #krate::__private::Unknown as _;
            #(#lookups)*
            #(#absent)*
        };
    }
}

/// The compiler objects under the type, as the call begins and ends where the type does.
fn lookup(ty: &Type, question: &str, krate: &Path) -> TokenStream {
    let (first, last) = ends(ty);
    let question = Ident::new(question, Span::call_site());
    let follow = quote_spanned!(first=> <#krate::__private::Probe<#ty>>::follow);
    let mut advice = Group::new(Delimiter::Parenthesis, quote!(<#krate::__private::Probe<#ty>>::#question));
    advice.set_span(last);
    quote! {
        #[allow(deprecated, reason = "a field may be of a deprecated type")]
        const _: () = #follow #advice;
    }
}

/// The names that mean something only inside of the record.
pub(super) fn unknown_names(model: &Model) -> BTreeSet<String> {
    model.input.generics.params.iter().map(name).chain(iter::once("Self".to_owned())).collect()
}
