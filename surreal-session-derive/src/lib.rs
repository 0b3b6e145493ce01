//! The derive macros of `surreal-session`.
//!
//! Programs use them through `surreal_session`, which re-exports them; this crate has no other use. What a macro
//! accepts and generates is documented on the macro itself: [`macro@Record`] for what is in a table, [`macro@Object`] for
//! what is nested in a record, [`macro@View`] for some of a record's fields, and [`macro@LinkTo`] for links to several
//! tables. [`surql!`] checks SurrealQL text; its steps are described in its module.
//!
//! A derive has four steps, each in a module: `parse` reads the attributes of this crate and of serde; `model` joins them
//! with the nodes of `syn`; `check` collects all mistakes; `expand` generates the code. Code is generated in spite of
//! mistakes where possible, so that one mistake gives one message.

mod case;
mod check;
mod database_test;
mod errors;
mod expand;
mod kind;
mod link;
mod migrate;
mod model;
mod parse;
mod stored;
mod surql;

use proc_macro::TokenStream;
use syn::DeriveInput;

use crate::errors::Errors;
use crate::kind::Kind;
use crate::link::Link;
use crate::model::Model;
use crate::stored::Stored;

/// The attribute `test` of `surreal_session_embedded`, where it is documented.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn database_test(options: TokenStream, item: TokenStream) -> TokenStream {
    database_test::expand(options.into(), item.into()).into()
}

#[doc = include_str!("../docs/migrate.md")]
#[proc_macro]
pub fn migrate(input: TokenStream) -> TokenStream {
    migrate::expand(input.into()).into()
}

#[doc = include_str!("../docs/surql.md")]
#[proc_macro]
pub fn surql(input: TokenStream) -> TokenStream {
    surql::expand(input.into()).into()
}

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

/// Implements `Stored` for a newtype or an enum of unit variants: declares how the type is stored.
///
/// A newtype has the methods of the type inside: a field of type `Email` is text, and one of type `Age` has an order and can
/// be added to. An enum is stored as text, by serde's names. Both can be compared, and can be the key of a record or a part
/// of it.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use surreal_session::prelude::*;
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
/// struct Email(String);
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
/// struct UserId(i64);
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
/// #[serde(rename_all = "snake_case")]
/// enum State {
///     Active,
///     LockedOut,
/// }
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
/// struct User {
///     id: Id<User, UserId>,
///     email: Email,
///     state: State,
/// }
///
/// # fn example(session: Session) {
/// let users = session.select::<User>();
/// let users = users.filter(|u| u.email.ends_with("@example.com") & u.state.eq(State::Active) & u.id.ne(Id::new(UserId(1))));
/// # drop(users);
/// # }
/// assert_eq!(Id::<User, UserId>::new(UserId(7)).to_string(), "user:7");
/// ```
///
/// The type needs serde's `Serialize` and `Deserialize`. A newtype is a struct with one field, without a name unless it is
/// `#[serde(transparent)]`. A type that serde converts (`with`, `into`, `tag` and the like) implements the trait by hand:
/// `impl Stored for Day { type As = String; }`.
///
/// # What it generates
///
/// - `impl Stored`, with the type in SurrealQL: that of the type inside, or `'active' | 'locked_out'`.
/// - `impl Key` and its supertraits, for an enum or if the type inside can be a key. A key is `Clone`, `Debug` and
///   `PartialEq`.
/// - `impl Container`, `Collection` and `List` if the type inside implements them.
///
/// # Attributes
///
/// | On the type | |
/// |---|---|
/// | `#[record(crate = "path")]` | the path to `surreal_session`; default `::surreal_session` |
#[proc_macro_derive(Stored, attributes(record, serde))]
pub fn derive_stored(input: TokenStream) -> TokenStream {
    derive(input, stored)
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

fn stored(input: &DeriveInput) -> proc_macro2::TokenStream {
    let mut errors = Errors::default();
    let mut tokens = expand::stored::expand(&Stored::of(input, &mut errors));
    tokens.extend(errors.into_compile_errors());
    tokens
}
