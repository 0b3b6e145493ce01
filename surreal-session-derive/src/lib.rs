//! The derive macros of `surreal-session`.
//!
//! Programs use them through `surreal_session`, which re-exports them; this crate has no other use. What a macro
//! accepts and generates is written on the macro itself: [`macro@Record`] for what is in a table, [`macro@Object`] for
//! what is nested in a record, [`macro@View`] for some of a record's fields, and [`macro@LinkTo`] for links to several
//! tables.
//!
//! A derive goes through four steps, a module each: `parse` reads the attributes, ours and serde's; `model` puts
//! them beside the nodes of `syn` that they stand on; `check` collects every mistake; `expand` generates the code.
//! What can be generated is generated even when something is wrong, so that one mistake gives one message.

mod case;
mod check;
mod errors;
mod expand;
mod link;
mod model;
mod parse;

use proc_macro::TokenStream;
use syn::DeriveInput;

use crate::errors::Errors;
use crate::link::Link;
use crate::model::{Kind, Model};

#[doc = include_str!("../docs/record.md")]
#[proc_macro_derive(Record, attributes(record, serde))]
pub fn derive_record(input: TokenStream) -> TokenStream {
    derive(input, |input| structure(Kind::Record, input))
}

#[doc = include_str!("../docs/object.md")]
#[proc_macro_derive(Object, attributes(record, serde))]
pub fn derive_object(input: TokenStream) -> TokenStream {
    derive(input, |input| structure(Kind::Object, input))
}

#[doc = include_str!("../docs/view.md")]
#[proc_macro_derive(View, attributes(record, serde))]
pub fn derive_view(input: TokenStream) -> TokenStream {
    derive(input, |input| structure(Kind::View, input))
}

#[doc = include_str!("../docs/link_to.md")]
#[proc_macro_derive(LinkTo, attributes(record))]
pub fn derive_link_to(input: TokenStream) -> TokenStream {
    derive(input, link)
}

fn derive(input: TokenStream, expand: impl FnOnce(&DeriveInput) -> proc_macro2::TokenStream) -> TokenStream {
    match syn::parse::<DeriveInput>(input) {
        Ok(input) => expand(&input).into(),
        Err(error) => error.into_compile_error().into(),
    }
}

fn structure(kind: Kind, input: &DeriveInput) -> proc_macro2::TokenStream {
    let mut errors = Errors::default();
    let model = Model::of(kind, input, &mut errors);
    check::check(&model, &mut errors);
    let mut tokens = expand::expand(&model, errors.is_empty());
    tokens.extend(errors.into_compile_errors());
    tokens
}

fn link(input: &DeriveInput) -> proc_macro2::TokenStream {
    let mut errors = Errors::default();
    let link = Link::of(input, &mut errors);
    let mut tokens = expand::link::expand(&link, errors.is_empty());
    tokens.extend(errors.into_compile_errors());
    tokens
}
