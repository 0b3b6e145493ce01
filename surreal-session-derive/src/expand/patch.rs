//! `struct UserPatch`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Generics, Token, WherePredicate, parse_quote};

use super::generics::Dropped;
use super::receiver::{Header, Receiver};
use super::{carried, read};
use crate::model::{Field, Model};

pub(super) fn expand(model: &Model) -> TokenStream {
    let krate = model.krate();
    let name = model.patch_name();
    let visibility = &model.input.vis;
    let receiver = Receiver::of(model);
    let dropped = Dropped::of_patch(model);
    let generics = dropped.leave(&model.input.generics);
    let Header { params, arguments, where_clause } = Header::of(&generics, &receiver);
    let header = quote!(for #name #arguments #where_clause);
    let implementation = implementation(model, &receiver, &dropped);
    let diff = diff(model, &receiver, &dropped);
    let clone = clone(model, &receiver, &generics);
    let generics = receiver.named_in(&generics);
    let documentation = documentation(model);
    let carried = carried::by_struct(&model.input.attrs);
    let fields = model.patched().map(|field| field_tokens(field, model, &receiver));
    let derives = read::derives(&model.record.patch_derive, &krate);
    let serde = read::container(model, &dropped);
    let functions = read::functions(model, &receiver, &dropped);
    let idents: Vec<_> = model.patched().map(|field| field.ident).collect();
    let names = idents.iter().map(|ident| ident.unraw().to_string());
    let shown = name.unraw().to_string();
    quote! {
        #[doc = #documentation]
        #carried
        #derives
        #serde
        #[allow(dead_code, reason = "a program may only read its records")]
        #[allow(non_snake_case, reason = "the lint reports the names of the original already")]
        #[allow(rustdoc::broken_intra_doc_links, reason = "the documentation was written for the original")]
        #visibility struct #name #generics #where_clause {
            #(#fields,)*
        }

        #[automatically_derived]
        #[allow(deprecated, reason = "the struct, or a field of it, may be deprecated itself")]
        impl #params ::core::default::Default #header {
            fn default() -> Self {
                Self { #(#idents: ::core::default::Default::default(),)* }
            }
        }

        #[automatically_derived]
        #[allow(deprecated, reason = "the struct, or a field of it, may be deprecated itself")]
        impl #params ::core::fmt::Debug #header {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Formatter::debug_struct(f, #shown)#(.field(#names, &self.#idents))*.finish()
            }
        }

        #clone
        #implementation
        #diff
        #functions
    }
}

/// A patch is `Clone` if the types of its fields are. The bounds have a lifetime (`for<'__any>`): the compiler reports a false
/// bound without one at once, and ignores such an impl otherwise.
fn clone(model: &Model, receiver: &Receiver, generics: &Generics) -> TokenStream {
    let name = model.patch_name();
    let mut generics = generics.clone();
    let clause = generics.make_where_clause();
    clause.predicates.extend(model.patched().map(|field| -> WherePredicate {
        let ty = &field.node.ty;
        parse_quote!(for<'__any> #ty: ::core::clone::Clone)
    }));
    let Header { params, arguments, where_clause } = Header::of(&generics, receiver);
    let idents: Vec<_> = model.patched().map(|field| field.ident).collect();
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "the struct, or a field of it, may be deprecated itself")]
        impl #params ::core::clone::Clone for #name #arguments #where_clause {
            fn clone(&self) -> Self {
                Self { #(#idents: ::core::clone::Clone::clone(&self.#idents),)* }
            }
        }
    }
}

fn documentation(model: &Model) -> String {
    let original = model.input.ident.unraw();
    format!("A partial change of a [`{original}`]: each field is kept (the default), set or unset.")
}

fn field_tokens(field: &Field, model: &Model, receiver: &Receiver) -> TokenStream {
    let krate = model.krate();
    let syn::Field { vis, ty, .. } = field.node;
    let ident = field.ident;
    let ty = receiver.named_in(ty);
    let carried = carried::by_field(field, model);
    let serde = read::field(field, model, receiver);
    quote!(#serde #carried #vis #ident: #krate::__private::Change<#ty>)
}

fn implementation(model: &Model, receiver: &Receiver, dropped: &Dropped) -> TokenStream {
    let krate = model.krate();
    let name = model.patch_name();
    let generics = written_generics(model, dropped);
    let Header { params, arguments, where_clause } = Header::of(&generics, receiver);
    let into = model.patched().next().map_or_else(|| quote!(_), |_| quote!(into));
    let assignments = model.patched().map(|field| {
        let ident = field.ident;
        let encode = encode(field, model, receiver);
        if field.is_named() {
            let wire = &field.wire;
            return quote!(self.#ident.assign(#wire, into, #encode););
        }
        let flattening = flattening(field, model, receiver);
        quote!(self.#ident.assign_flat(&#flattening, into, #encode);)
    });
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "the struct, or a field of it, may be deprecated itself")]
        impl #params #krate::__private::Patch for #name #arguments #where_clause {
            fn assignments(&self, #into: &mut #krate::__private::Assignments) {
                #(#assignments)*
            }
        }
    }
}

/// Describes a flattened field to the runtime crate.
fn flattening(field: &Field, model: &Model, receiver: &Receiver) -> TokenStream {
    let krate = model.krate();
    let name = field.own_name();
    let ty = receiver.named_in(&field.node.ty);
    let taken = model.names_taken();
    quote! {
        #krate::__private::Flattening {
            name: #name,
            shape: {
                #[allow(unused_imports, reason = "not needed for every type")]
                use #krate::__private::Unknown as _;
                <#krate::__private::Probe<#ty>>::SHAPE
            },
            taken: &[#(#taken),*],
        }
    }
}

fn diff(model: &Model, receiver: &Receiver, dropped: &Dropped) -> TokenStream {
    let krate = model.krate();
    let name = model.patch_name();
    let visibility = &model.input.vis;
    let generics = written_generics(model, dropped);
    let Header { params, arguments, where_clause } = Header::of(&generics, receiver);
    let rest = dropped.rest(&model.input.generics);
    let Header { params: rest, where_clause: rest_clause, .. } = Header::of(&rest, receiver);
    let [before, after] = match model.patched().next() {
        Some(_) => [quote!(before), quote!(after)],
        None => [quote!(_), quote!(_)],
    };
    let changes = model.patched().map(|field| {
        let ident = field.ident;
        let encode = encode(field, model, receiver);
        if !field.is_named() {
            return quote!(#ident: #krate::__private::difference_flat(&before.#ident, &after.#ident, #encode),);
        }
        let ty = receiver.named_in(&field.node.ty);
        let is_optional = quote! {{
            #[allow(unused_imports, reason = "not needed for every type")]
            use #krate::__private::Unknown as _;
            <#krate::__private::Probe<#ty>>::IS_OPTIONAL
        }};
        quote!(#ident: #krate::__private::difference(&before.#ident, &after.#ident, #is_optional, #encode),)
    });
    let documentation = diff_documentation(model);
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "the struct, or a field of it, may be deprecated itself")]
        #[allow(dead_code, reason = "not every program compares its records")]
        impl #params #name #arguments #where_clause {
            #[doc = #documentation]
            #visibility fn diff #rest (#before: &#receiver, #after: &#receiver) -> Self #rest_clause {
                Self { #(#changes)* }
            }
        }
    }
}

fn diff_documentation(model: &Model) -> String {
    let original = model.input.ident.unraw();
    format!(
        "Returns what turns `before` into `after`, another state of the same [`{original}`]: only what differs is set, \
         down to the fields of nested objects. Fields that a patch does not have are not compared."
    )
}

/// Writes the value of a field. The compiler reports a type that cannot be written at the field's type.
fn encode(field: &Field, model: &Model, receiver: &Receiver) -> TokenStream {
    let span = field.node.ty.span();
    let krate = model.krate_at(span);
    match field.serde.writer() {
        Some(path) => {
            let path = receiver.named_in(path);
            quote_spanned!(span=> |value| #krate::__private::encoded_with(value, |value, serializer| {
                #path(value, serializer)
            }))
        }
        None if field.is_named() => quote_spanned!(span=> |value| #krate::__private::encoded(value)),
        None => quote_spanned!(span=> |value| #krate::__private::encoded_flat(value)),
    }
}

/// The parameters with the bounds that writing the fields needs: those of `#[serde(bound)]`, or else serde's default.
pub(super) fn written_generics(model: &Model, dropped: &Dropped) -> Generics {
    let krate = model.krate();
    let mut generics: Generics = dropped.leave(&model.input.generics);
    let mut predicates: Vec<WherePredicate> = Vec::new();
    match &model.serde.bound {
        Some(bound) => predicates.extend(parsed(&dropped.leave_bounds_in_text(bound))),
        None => predicates.extend(generics.type_params().map(|param| -> WherePredicate {
            let ident = &param.ident;
            parse_quote!(#ident: #krate::__private::serde::Serialize)
        })),
    }
    let of_fields = model.patched().filter_map(|field| field.serde.bound.as_ref());
    predicates.extend(of_fields.flat_map(|bound| parsed(&dropped.leave_bounds_in_text(bound))));
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates);
    }
    generics
}

/// Ignores bounds that do not parse: serde reports them.
fn parsed(bound: &syn::LitStr) -> Punctuated<WherePredicate, Token![,]> {
    bound.parse_with(Punctuated::parse_terminated).unwrap_or_default()
}
