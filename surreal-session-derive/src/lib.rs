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
///     #[record(default)]
///     credits: u32,
///     #[record(readonly)]
///     created_at: Datetime,
/// }
///
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let ada = NewUser { name: "Ada".into(), email: "ada@example.com".into(), nickname: None, credits: None };
/// let ada: User = session.create::<User>().content(ada).await?;
///
/// let patch = UserPatch { credits: set(100), nickname: unset(), ..keep() };
/// let ada: User = session.update::<User>().id(&ada.id).merge(patch).await?;
///
/// let rich: Vec<User> = session.select::<User>().filter(|u| u.credits.gte(100)).await?;
/// # Ok(())
/// # }
/// ```
///
/// The struct needs named fields, no lifetimes, and `#[derive(Deserialize)]`. The field that is called `id` on the wire
/// holds the record's id: `Id<User>`, or `Id<User, K>` with a key type other than text, of which `Key` says more.
///
/// # What it generates
///
/// - `impl Record for User`, with the table, the key type (taken from the type of the `id` field) and `NewUser`; and
///   `impl NormalRecord`, or [`impl Relation`](#relations) for an edge.
/// - `struct NewUser`, as visible as the struct: what the program writes when it makes a record. It has every field
///   except the `id`, the read-only ones and those that serde does not write, with their visibility and their
///   documentation, and implements `Debug`, `Clone` and `Serialize`, as the types of its fields must do: a secret type
///   implements `Debug` by hand, without its content. It is a plain
///   struct, and a literal of it names every field: what is missing is found by the compiler, and `None` is written as
///   NONE. It leads back to the record, so that `session.insert(vec![NewUser { .. }])` needs no more.
/// - `struct UserPatch`, as visible as the struct: what the program changes of a record. It has the fields of `NewUser`
///   except the ends of an edge, each of type `Change<T>`: `keep()`, `set(value)`, `unset()`, and for a field that is an
///   [`Object`](macro@Object) `merge(patch)`, which changes fields of that. A literal names what changes and ends with
///   `..keep()`. `UserPatch::diff(&before, &after)` makes the patch that turns one state of a record into another, down
///   to the fields of nested objects; the id and what a patch does not have are not compared.
/// - `struct UserFields`, as visible as the struct: what closures are given, as in `.filter(|u| u.name.eq("Ada"))`. It
///   has every field that serde reads, with its visibility and documentation. A path goes on into an
///   [`Object`](macro@Object), also an optional one, and through a link: `u.employer.address.city`. The id, the
///   read-only fields and the ends of an edge can be compared, and not be assigned.
///
/// # Attributes
///
/// | On the struct | |
/// |---|---|
/// | `#[record(table = "user")]` | the table; otherwise the struct's name in `snake_case` |
/// | `#[record(relation)]` | the record is an edge: see [below](#relations) |
/// | `#[record(new = "UserDraft")]` | the name of `NewUser` |
/// | `#[record(patch = "UserChanges")]` | the name of `UserPatch` |
/// | `#[record(fields = "UserColumns")]` | the name of `UserFields` |
/// | `#[record(crate = "path")]` | where `surreal_session` is; otherwise `::surreal_session` |
///
/// | On a field | |
/// |---|---|
/// | `#[record(readonly)]` | the server sets it: it is read, and neither in `NewUser` nor in `UserPatch` |
/// | `#[record(default)]` on `id` | the table's schema makes ids with keys of this type, as `DEFINE FIELD id ON doc TYPE uuid` does: a record can be created without an id from the program |
/// | `#[record(default)]` | it may be left out of a new record, for which the table's schema then has a DEFAULT: in `NewUser` it is an `Option`, and `None` is not sent. A field that is an `Option` already needs no attribute for that: the server takes NONE for left out |
///
/// # Relations
///
/// An edge of the graph is a record with the fields `in` and `out`, as they are called on the wire. Each holds an
/// `Id<T>`, an enum of ids with [`#[derive(LinkTo)]`](macro@LinkTo) for records of several tables, or a `RecordId` for
/// any. An edge keeps its ends: they are in `NewWrote` and not in `WrotePatch`.
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct Post { id: Id<Post>, title: String }
/// #[derive(Debug, Clone, Serialize, Deserialize, Record)]
/// #[record(relation)]
/// struct Wrote {
///     id: Id<Wrote>,
///     r#in: Id<User>,
///     out: Id<Post>,
///     at: Datetime,
/// }
///
/// # async fn example(session: Session, ada: User, post: Post) -> surreal_session::Result<()> {
/// let edge = NewWrote { r#in: ada.id.clone(), out: post.id.clone(), at: Datetime::now() };
/// let wrote: Wrote = session.relate(edge).await?;
/// let posts: Vec<Post> = session.traverse(&ada.id).out::<Wrote>().to::<Post>().await?;
/// # Ok(())
/// # }
/// ```
///
/// # serde
///
/// serde's names are the names in the database. `rename`, `rename_all`, `flatten`, `with`, `serialize_with`,
/// `skip_serializing_if` and `bound` hold for `NewUser` as they do for the struct. `skip` and `skip_serializing` keep a
/// field out of `NewUser` and `UserPatch`, `skip` and `skip_deserializing` out of `UserFields`. `default`, `alias` and
/// `deny_unknown_fields` concern reading alone, and do there what they always do.
///
/// - A field with `with` or `serialize_with` is written by that function in patches as well, and so is what it is
///   compared with. It is greater or less as its type is, and as it is stored: that the function keeps the order is for
///   the program to know. Two such fields can be compared if they have the same type and the same function.
/// - A field with `flatten` has no name: its own fields take its place. `u.address.city` is then the path `city`. In a patch,
///   `set(..)` of an [`Object`](macro@Object), or of an `Option` of one, replaces all its fields, and `unset()` removes them. Of
///   a map, `set(..)` adds entries. A flattened enum is changed by the patch that `diff` returns. Anything else is an error
///   when the patch is sent, and so is an entry with the name of another field.
/// - `None` inside of a newtype, of an enum's variant or in a map is written as NULL, and read as `None` again. A variant of
///   an untagged enum that holds an `Option` needs `default` on the field.
/// - `skip_serializing_if` concerns whole records. A patch says itself what it sets.
///
/// Refused are names that differ between reading and writing (`rename(serialize = "a", deserialize = "b")`, and the
/// same of `rename_all`), and on the struct `transparent`, `from`, `try_from`, `into`, `remote` and `tag`: with them a
/// record would not be an object of the fields that the struct shows.
///
/// # Types of other crates
///
/// serde would store some types as something else than the server's own: a `chrono::DateTime` as a string, a
/// `std::time::Duration` as an object, a `uuid::Uuid` as a string. Such a field is refused, also inside of `Option`, `Vec`
/// and other containers, until `#[serde(with = "…")]` or `serialize_with` says how it is stored. For most of them there is
/// an adapter in `surreal_session::value::with`; `#[serde(serialize_with = "serde::Serialize::serialize")]` is for a field
/// that is meant to be what serde makes of it.
///
/// An `Option` beside `with` or `deserialize_with` needs `default`: what is `None` is absent from a record, and there serde
/// does not take what is absent for `None`.
///
/// # Generic records
///
/// The parameters have the bounds that the struct has; whether it is a record depends on them as reading and writing it
/// does. All instances share the table, and records are `'static`.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// #[derive(Debug, Clone, Serialize, Deserialize, Record)]
/// struct Event<T> {
///     id: Id<Event<T>>,
///     data: T,
/// }
///
/// let counted: NewEvent<u32> = NewEvent { data: 3 };
/// assert_eq!(Event::<u32>::TABLE, "event");
/// ```
///
/// Of the parameters `NewEvent` and `EventPatch` take those that their fields use. A `NewEvent` without some of them does
/// not say of which record it is, and so cannot be inserted.
#[proc_macro_derive(Record, attributes(record, serde))]
pub fn derive_record(input: TokenStream) -> TokenStream {
    derive(input, |input| structure(Kind::Record, input))
}

/// Makes a struct one whose fields paths and patches reach: an object that is nested in a record, or the key of one.
///
/// ```no_run
/// use serde::{Deserialize, Serialize};
/// use surreal_session::prelude::*;
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
/// struct Address {
///     street: String,
///     city: String,
/// }
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
/// struct User {
///     id: Id<User>,
///     address: Option<Address>,
/// }
///
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let londoners = session.select::<User>().filter(|u| u.address.city.eq("London")).await?;
/// let moved = UserPatch { address: merge(AddressPatch { city: set("Paris".into()), ..keep() }), ..keep() };
/// # Ok(())
/// # }
/// ```
///
/// Without it a struct is a field like any other: it is read, written and compared as a whole. The struct needs named
/// fields, no lifetimes, and serde's `Serialize` and `Deserialize`.
///
/// # What it generates
///
/// - `impl Object for Address`.
/// - `struct AddressPatch` and `struct AddressFields`, as [`Record`](macro@Record#what-it-generates) does.
/// - `impl Key for Address`, of which there is more [below](#keys).
///
/// # Attributes
///
/// | On the struct | |
/// |---|---|
/// | `#[record(patch = "AddressChanges")]` | the name of `AddressPatch` |
/// | `#[record(fields = "AddressColumns")]` | the name of `AddressFields` |
/// | `#[record(crate = "path")]` | where `surreal_session` is; otherwise `::surreal_session` |
///
/// On its fields there are none. What is said of [serde](macro@Record#serde) and of
/// [types of other crates](macro@Record#types-of-other-crates) at `Record` holds here as well.
///
/// # Keys
///
/// A struct that is `Clone`, `Debug` and `PartialEq`, and whose fields can be parts of a key, is the type of a key that is
/// an object: `Id<Reading, Spot>`. The parts are text, ints, bools, `Uuid`, `Datetime` and ids, and tuples and structs of
/// these. The struct cannot be a key if serde is told `flatten`, a function, or to skip a field.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
/// struct Spot {
///     room: String,
///     number: u32,
/// }
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
/// struct Reading {
///     id: Id<Reading, Spot>,
///     value: f64,
/// }
///
/// let id = Id::<Reading, Spot>::new(Spot { room: "attic".into(), number: 7 });
/// assert_eq!(id.to_string(), "reading:{ number: 7, room: 'attic' }");
/// ```
///
/// An id with more or other fields in its key is the id of another record, and is not read as one of these.
#[proc_macro_derive(Object, attributes(record, serde))]
pub fn derive_object(input: TokenStream) -> TokenStream {
    derive(input, |input| structure(Kind::Object, input))
}

/// Makes a struct a view: some of the fields of a record, checked against it, to be read without the others.
///
/// ```no_run
/// use serde::{Deserialize, Serialize};
/// use surreal_session::prelude::*;
///
/// # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
/// # struct Address { street: String, city: String }
/// # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
/// # struct Company { id: Id<Company>, name: String }
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
/// struct User {
///     id: Id<User>,
///     #[serde(rename = "full name")]
///     name: String,
///     address: Address,
///     employer: Option<Id<Company>>,
/// }
///
/// #[derive(Debug, Deserialize, View)]
/// #[record(of = User)]
/// struct Card {
///     id: Id<User>,
///     name: String,
///     #[record(from = "address.city")]
///     city: String,
///     #[record(from = "employer.name")]
///     employer: Option<String>,
/// }
///
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let cards: Vec<Card> = session.select::<User>().view::<Card>().await?;
/// # Ok(())
/// # }
/// ```
///
/// A field is that field of the record which has the same name in Rust, whatever the two are called on the wire. It has
/// the type that it has there; an `Option` of it, for what is reached through something that may be missing; or a
/// `Link<T>` for an `Id<T>`, which follows the link. The struct needs named fields, and `#[derive(Deserialize)]`.
///
/// # Attributes
///
/// | On the struct | |
/// |---|---|
/// | `#[record(of = User)]` | the record; as text for a generic one: `of = "Event<u8>"` |
/// | `#[record(crate = "path")]` | where `surreal_session` is; otherwise `::surreal_session` |
///
/// | On a field | |
/// |---|---|
/// | `#[record(from = "address.city")]` | where the field is in the record, by the names in Rust; otherwise it is the field with its name |
///
/// serde reads the view as it is told: `rename` and the like change nothing of what is read. A field with `with` in the
/// record needs it in the view as well. `skip` and `skip_deserializing` keep a field from being read. `flatten` is
/// refused, as it names no field.
#[proc_macro_derive(View, attributes(record, serde))]
pub fn derive_view(input: TokenStream) -> TokenStream {
    derive(input, |input| structure(Kind::View, input))
}

/// Makes an enum of ids a link to records of several tables, as in `record<user | company>`.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use surreal_session::prelude::*;
///
/// # #[derive(Debug, Clone, Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # #[derive(Debug, Clone, Serialize, Deserialize, Record)]
/// # struct Company { id: Id<Company>, name: String }
/// #[derive(Debug, Clone, PartialEq, LinkTo)]
/// enum Owner {
///     User(Id<User>),
///     Company(Id<Company>),
/// }
///
/// #[derive(Debug, Clone, Serialize, Deserialize, Record)]
/// struct House {
///     id: Id<House>,
///     owner: Option<Owner>,
/// }
///
/// #[derive(Debug, Clone, Serialize, Deserialize, Record)]
/// #[record(relation)]
/// struct Visited {
///     id: Id<Visited>,
///     r#in: Owner,
///     out: Id<House>,
/// }
///
/// let ada: Owner = Id::<User>::new("ada").into();
/// assert!(matches!(ada, Owner::User(_)));
/// ```
///
/// Each variant holds one id and nothing else, of a record that no other variant has. The link is written as that id, and
/// is read as the variant whose table the id has; an id of any other table is an error that names those that would do.
///
/// # What it generates
///
/// - `impl LinkTo<Id<User>> for Owner` and so on, and `impl Endpoint`: the enum can be the end of an
///   [edge](macro@Record#relations), and a walk through the graph knows where it may lead.
/// - `impl Serialize` and `impl Deserialize`, so that serde's own derives must not be there.
/// - `impl From<Id<User>> for Owner` and so on, `impl From<Owner> for RecordId`, and `impl TryFrom<RecordId> for Owner`.
///
/// # Attributes
///
/// | On the enum | |
/// |---|---|
/// | `#[record(crate = "path")]` | where `surreal_session` is; otherwise `::surreal_session` |
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
