//! Questions that the compiler answers about the types of fields, whatever names the program uses for them: whether a type
//! of another crate needs an adapter, and whether a link has the key type of its record.

use std::collections::BTreeSet;
use std::iter;

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{GenericArgument, Generics, Ident, Path, PathArguments, Type};

use super::generics::{mentioned, name};
use super::receiver::Receiver;
use super::record::ends;
use crate::check::foreign::{Foreign, may_need_default, plain_types};
use crate::model::Model;

/// Asks whether fields have types of other crates that need an adapter.
pub(super) fn foreign_types(model: &Model) -> TokenStream {
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
            #[allow(unused_imports, reason = "inherent answers take precedence")]
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
fn unknown_names(model: &Model) -> BTreeSet<String> {
    model.input.generics.params.iter().map(name).chain(iter::once("Self".to_owned())).collect()
}

/// Asks whether each link has the key type of the record that it leads to.
pub(super) fn links(model: &Model) -> TokenStream {
    let receiver = Receiver::of(model);
    let mut unknown = unknown_names(model);
    if model.input.generics.params.is_empty() {
        unknown.clear();
    }
    let fields = model.fields.iter().flatten();
    checks(fields.map(|field| &field.node.ty), &unknown, &receiver, &model.krate())
}

/// Asks the same about the ids in the variants of an enum.
pub(super) fn links_of_variants(ids: &[&Type], generics: &Generics, krate: &Path) -> TokenStream {
    let unknown = generics.params.iter().map(name).chain(["Self".to_owned()]).collect();
    checks(ids.iter().copied(), &unknown, &Receiver::none(), krate)
}

/// The types that mention a name in `unknown` mean nothing outside of the struct and are left out.
fn checks<'a>(
    types: impl Iterator<Item = &'a Type>,
    unknown: &BTreeSet<String>,
    receiver: &Receiver,
    krate: &Path,
) -> TokenStream {
    let mut links = Vec::new();
    types.for_each(|ty| collect(ty, &mut links));
    let is_known = |ty: &&Type| {
        let mut found = BTreeSet::new();
        mentioned(ty.to_token_stream(), unknown, &mut found);
        found.is_empty()
    };
    let checks = links.into_iter().filter(is_known).map(|ty| check(ty, receiver, krate)).collect::<Vec<_>>();
    if checks.is_empty() {
        return TokenStream::new();
    }
    quote! {
        const _: () = {
            #[allow(unused_imports, reason = "inherent answers take precedence")]
            use #krate::__private::Unknown as _;

            #[allow(dead_code, reason = "it only has to compile")]
            #[allow(deprecated, reason = "a field may be of a deprecated type")]
            fn __links() {
                #(#checks)*
            }
        };
    }
}

/// The compiler objects under the type, as the call begins and ends where the type does.
fn check(ty: &Type, receiver: &Receiver, krate: &Path) -> TokenStream {
    let (first, last) = ends(ty);
    let named = receiver.named_in(ty);
    let check = quote_spanned!(first=> <#krate::__private::Probe<#named>>::check_link);
    let mut arguments = Group::new(Delimiter::Parenthesis, TokenStream::new());
    arguments.set_span(last);
    quote!(#check #arguments;)
}

/// Collects the types that are ids, or may be by another name, wherever they are in `ty`.
fn collect<'a>(ty: &'a Type, links: &mut Vec<&'a Type>) {
    match ty {
        Type::Array(array) => collect(&array.elem, links),
        Type::Slice(slice) => collect(&slice.elem, links),
        Type::Group(group) => collect(&group.elem, links),
        Type::Paren(paren) => collect(&paren.elem, links),
        Type::Reference(reference) => collect(&reference.elem, links),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|ty| collect(ty, links)),
        Type::Path(path) => path.path.segments.iter().last().into_iter().for_each(|last| {
            if !NO_LINKS.iter().any(|name| last.ident == name) {
                links.push(ty);
            }
            // The record of an id is no link, whereas its key may have links.
            let skipped = usize::from(last.ident == "Id");
            if let PathArguments::AngleBracketed(arguments) = &last.arguments {
                arguments.args.iter().skip(skipped).for_each(|argument| collect_argument(argument, links));
            }
        }),
        _ => {}
    }
}

fn collect_argument<'a>(argument: &'a GenericArgument, links: &mut Vec<&'a Type>) {
    if let GenericArgument::Type(ty) = argument {
        collect(ty, links);
    }
}

/// The names that need not be looked up.
#[rustfmt::skip]
const NO_LINKS: [&str; 32] = [
    "String", "str", "bool", "char", "i8", "i16", "i32", "i64", "i128", "u8", "u16", "u32", "u64", "u128", "f32", "f64",
    "Datetime", "Duration", "RecordId", "Uuid", "Value",
    "Option", "Vec", "Box", "Arc", "VecDeque", "HashSet", "BTreeSet", "Set", "Range", "HashMap", "BTreeMap",
];
