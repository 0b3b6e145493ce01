//! `Deserialize` for the generated structs, on request: an attribute for serde's derive, and functions that it calls.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Generics, LitStr, Path, WherePredicate, parse_quote};

use super::generics::{Dropped, patch_type};
use super::receiver::{Header, Receiver};
use crate::model::{Field, Model};
use crate::parse::record::reads;

/// The `#[derive(..)]` of the traits that the program asks for.
pub(super) fn derives(paths: &[Path], krate: &Path) -> Option<TokenStream> {
    let is_read = |path: &&Path| reads(std::slice::from_ref(*path));
    let others = paths.iter().filter(|path| !is_read(path)).map(ToTokens::to_token_stream);
    // serde's derive needs the attributes that say where serde is.
    let read = paths.iter().find(is_read).map(|path| quote_spanned!(path.span()=> #krate::model::serde::Deserialize));
    let all = others.chain(read).collect::<Vec<_>>();
    (!all.is_empty()).then(|| quote!(#[derive(#(#all),*)]))
}

/// Those of the words of a field's serde attribute that are about reading.
pub(super) fn words(field: &Field, names: &[&str], receiver: &Receiver) -> Vec<TokenStream> {
    let words = field.serde.reading.iter().filter(|(word, _)| names.iter().any(|name| word == name));
    words
        .map(|(word, text)| match text {
            Some(text) if word == "alias" => quote!(#word = #text),
            Some(path) => {
                let path = receiver.named_in_text(path);
                quote!(#word = #path)
            }
            None => quote!(#word),
        })
        .collect()
}

/// The serde attribute of a patch.
pub(super) fn container(model: &Model, dropped: &Dropped) -> Option<TokenStream> {
    if !reads(&model.record.patch_derive) {
        return None;
    }
    let krate = model.krate();
    let path = quote!(#krate::__private::serde).to_string().replace(' ', "");
    let predicates = bounds(model, &dropped.leave(&model.input.generics));
    let bound = quote!(#(#predicates),*).to_string();
    let strict = model.serde.deny_unknown_fields.then(|| quote!(, deny_unknown_fields));
    Some(quote!(#[serde(crate = #path, bound(deserialize = #bound) #strict)]))
}

/// The serde attribute of a field of a patch.
pub(super) fn field(field: &Field, model: &Model, receiver: &Receiver) -> Option<TokenStream> {
    if !reads(&model.record.patch_derive) {
        return None;
    }
    let function = name(field);
    let patch = patch_type(model);
    let called = LitStr::new(&quote!(<#patch>::#function).to_string(), field.node.ty.span());
    let wire = &field.wire;
    let place = if field.is_named() { quote!(rename = #wire) } else { quote!(flatten) };
    let aliases = words(field, &["alias"], receiver);
    Some(quote!(#[serde(#place, default, deserialize_with = #called #(, #aliases)*)]))
}

/// The functions that those attributes name.
pub(super) fn functions(model: &Model, receiver: &Receiver, dropped: &Dropped) -> Option<TokenStream> {
    if !reads(&model.record.patch_derive) || model.patched().next().is_none() {
        return None;
    }
    let name = model.patch_name();
    let mut generics = dropped.leave(&model.input.generics);
    let predicates = bounds(model, &generics);
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates);
    }
    let Header { params, arguments, where_clause } = Header::of(&generics, receiver);
    let functions = model.patched().map(|field| function(field, model, receiver));
    Some(quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "the struct, or a field of it, may be deprecated itself")]
        #[allow(non_snake_case, reason = "a field may have any name")]
        impl #params #name #arguments #where_clause {
            #(#functions)*
        }
    })
}

/// Reads the change of a field. The compiler reports a type that cannot be read at the field's type.
fn function(field: &Field, model: &Model, receiver: &Receiver) -> TokenStream {
    let span = field.node.ty.span();
    let krate = model.krate_at(span);
    let name = name(field);
    let ty = receiver.named_in(&field.node.ty);
    let wire = &field.wire;
    let read = match field.serde.reading_function() {
        _ if !field.is_named() => quote_spanned!(span=> #krate::__private::read_flat::<#ty, __D>(deserializer)),
        Some(path) => {
            let path = receiver.named_in(path);
            quote_spanned!(span=> #krate::__private::in_field(#wire, #path(deserializer).map(#krate::__private::set)))
        }
        None => {
            let probe = quote_spanned!(span=> <#krate::__private::Probe<#ty>>);
            quote_spanned!(span=> #krate::__private::in_field(
                #wire,
                #probe::read_change(deserializer, #probe::IS_OPTIONAL),
            ))
        }
    };
    quote! {
        fn #name<'__de, __D: #krate::__private::serde::Deserializer<'__de>>(
            deserializer: __D,
        ) -> ::core::result::Result<#krate::__private::Change<#ty>, __D::Error> {
            #[allow(unused_imports, reason = "inherent answers take precedence")]
            use #krate::__private::{ReadChange as _, Unknown as _};
            #read
        }
    }
}

fn name(field: &Field) -> Ident {
    format_ident!("__read_{}", field.ident.unraw())
}

/// The bounds for reading the fields.
fn bounds(model: &Model, generics: &Generics) -> Vec<WherePredicate> {
    let krate = model.krate();
    let bound = |ident: &Ident| parse_quote!(#ident: for<'__any> #krate::__private::serde::Deserialize<'__any>);
    generics.type_params().map(|param| bound(&param.ident)).collect()
}
