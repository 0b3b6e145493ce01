//! The derive macros of `surreal-session`.
//!
//! Programs use them through `surreal_session`, which re-exports them; this crate has no other use. What a macro
//! accepts and generates is written on the macro itself: [`macro@Record`].
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

/// Makes a struct the typed form of the records of one table.
///
/// ```no_run
/// use serde::{Deserialize, Serialize};
/// use surreal_session::prelude::*;
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
/// #[record(table = "user")]
/// struct User {
///     id: Id<User>,
///     name: String,
///     #[serde(rename = "mail")]
///     email: String,
///     nickname: Option<String>,
///     #[record(readonly)]
///     created_at: Datetime,
/// }
///
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let ada: User = session
///     .create::<User>()
///     .content(NewUser { name: "Ada".into(), email: "ada@example.com".into(), nickname: None })
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// The struct needs named fields, no lifetimes, and `#[derive(Deserialize)]`. The field that is called `id` on the wire
/// holds the record's id: `Id<User>`, or `Id<User, K>` with a key type other than text.
///
/// # What it generates
///
/// - `impl Record for User`, with the table, the key type (taken from the type of the `id` field) and `NewUser`.
/// - `struct NewUser`, as visible as the struct: what the program writes when it makes a record. It has every field
///   except the `id`, the read-only ones and those that serde does not write, with their visibility and their
///   documentation, and implements `Debug`, `Clone` and `Serialize`, as the types of its fields must do. It is a plain
///   struct, and a literal of it names every field: what is missing is found by the compiler, and `None` is written as
///   NONE. Of the parameters of a generic record it takes those that its fields use.
///
/// # Attributes
///
/// | On the struct | |
/// |---|---|
/// | `#[record(table = "user")]` | the table; otherwise the struct's name in `snake_case` |
/// | `#[record(new = "UserDraft")]` | the name of the generated struct; otherwise `New` and the struct's name |
/// | `#[record(crate = "path")]` | where `surreal_session` is; otherwise `::surreal_session` |
///
/// | On a field | |
/// |---|---|
/// | `#[record(readonly)]` | the server sets it: it is read, and not in `NewUser` |
///
/// # serde
///
/// serde's names are the names in the database. `rename`, `rename_all`, `flatten`, `with`, `serialize_with`,
/// `skip_serializing_if` and `bound` hold for `NewUser` as they do for the struct. `skip` and `skip_serializing` keep a
/// field out of `NewUser`. `default`, `alias` and `deny_unknown_fields` concern reading alone, and do there what they
/// always do.
///
/// Refused are names that differ between reading and writing (`rename(serialize = "a", deserialize = "b")`, and the
/// same of `rename_all`), and on the struct `transparent`, `from`, `try_from`, `into`, `remote` and `tag`: with them a
/// record would not be an object of the fields that the struct shows.
///
/// # Types of other crates
///
/// serde would store some types as something else than the server's own: a `chrono::DateTime` as a string, a
/// `std::time::Duration` as an object, a `uuid::Uuid` as bytes. Such a field is refused, also inside of `Option`, `Vec`
/// and other containers, until `#[serde(with = "…")]` or `serialize_with` says how it is stored. For most of them there is
/// an adapter in `surreal_session::value::with`; `#[serde(serialize_with = "serde::Serialize::serialize")]` is for a field
/// that is meant to be what serde makes of it.
///
/// An `Option` beside `with` or `deserialize_with` needs `default`: what is `None` is absent from a record, and there serde
/// does not take what is absent for `None`.
///
/// # Generic records
///
/// What the parameters need is said on the struct, and serde is kept from adding to it. All instances share the table.
///
/// ```
/// # use serde::de::DeserializeOwned;
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// #[derive(Debug, Clone, Serialize, Deserialize, Record)]
/// #[serde(bound = "")]
/// struct Event<T: Serialize + DeserializeOwned> {
///     id: Id<Event<T>>,
///     data: T,
/// }
///
/// let counted: NewEvent<u32> = NewEvent { data: 3 };
/// assert_eq!(Event::<u32>::TABLE, "event");
/// ```
#[proc_macro_derive(Record, attributes(record, serde))]
pub fn derive_record(input: TokenStream) -> TokenStream {
    derive(input, |input| structure(Kind::Record, input))
}

/// Makes a struct one whose fields paths and patches reach.
#[proc_macro_derive(Object, attributes(record, serde))]
pub fn derive_object(input: TokenStream) -> TokenStream {
    derive(input, |input| structure(Kind::Object, input))
}

/// Makes a struct a view.
#[proc_macro_derive(View, attributes(record, serde))]
pub fn derive_view(input: TokenStream) -> TokenStream {
    derive(input, |input| structure(Kind::View, input))
}

/// Makes an enum of ids a link.
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
