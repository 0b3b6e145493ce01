//! Nothing that the generated code needs is looked up in the user's scope.

#![deny(warnings, missing_docs)]
#![no_implicit_prelude]

/// Takes the names of everything that generated code is tempted to use.
#[allow(dead_code)]
mod taken {
    pub struct Result;
    pub struct Option;
    pub struct String;
    pub struct Vec;
    pub struct Box;
    pub trait Clone {}
    pub trait Debug {}
    pub trait Serialize {}
    pub trait Deserialize {}
    pub trait Default {}
    pub mod std {}
    pub mod core {}
    pub mod serde {}
    pub fn drop() {}
    #[allow(non_snake_case)]
    pub fn Some() {}
    #[allow(non_snake_case)]
    pub fn Ok() {}
    #[allow(non_snake_case)]
    pub fn Err() {}
    #[allow(non_upper_case_globals)]
    pub const None: () = ();
}

#[allow(unused_imports)]
use self::taken::*;

/// A record.
#[derive(::serde::Deserialize, ::surreal_session::Record)]
#[serde(crate = "::serde")]
pub struct User {
    /// Its id.
    pub id: ::surreal_session::prelude::Id<User>,
    /// Its name.
    pub name: ::std::string::String,
    /// Its other name.
    pub nickname: ::std::option::Option<::std::string::String>,
}

/// An object, and a key.
#[derive(
    ::std::fmt::Debug,
    ::std::clone::Clone,
    ::std::cmp::PartialEq,
    ::serde::Serialize,
    ::serde::Deserialize,
    ::surreal_session::Object,
)]
pub struct Words {
    /// `key`
    pub key: ::std::string::String,
    /// `value`
    pub value: i64,
    /// `into`
    pub into: bool,
    /// `before`
    pub before: u8,
    /// `after`
    pub after: u8,
    /// `r#fn`
    pub r#fn: u8,
}

/// A record with such a key.
#[derive(::serde::Deserialize, ::surreal_session::Record)]
pub struct Keyed {
    /// The id.
    pub id: ::surreal_session::prelude::Id<Keyed, Words>,
    /// The words.
    pub words: ::std::option::Option<Words>,
    /// What may be left out.
    #[record(default)]
    pub record: u8,
    /// What may be left out, and is written in its own way.
    #[record(default)]
    #[serde(with = "length", skip_serializing_if = "length::is_short")]
    pub before: ::std::string::String,
}

mod length {
    pub fn serialize<S: ::serde::Serializer>(text: &str, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
        serializer.serialize_u64(text.len() as u64)
    }

    pub fn deserialize<'de, D: ::serde::Deserializer<'de>>(
        deserializer: D,
    ) -> ::std::result::Result<::std::string::String, D::Error> {
        let length: usize = ::serde::Deserialize::deserialize(deserializer)?;
        ::std::result::Result::Ok("x".repeat(length))
    }

    pub fn is_short(text: &str) -> bool {
        text.len() < 2
    }
}

/// A link.
#[derive(::surreal_session::LinkTo)]
pub enum Link {
    /// To a user.
    User(::surreal_session::prelude::Id<User>),
    /// To another.
    Some(::surreal_session::prelude::Id<Keyed, Words>),
}

impl ::std::clone::Clone for Link {
    fn clone(&self) -> Self {
        match self {
            Self::User(id) => Self::User(::std::clone::Clone::clone(id)),
            Self::Some(id) => Self::Some(::std::clone::Clone::clone(id)),
        }
    }
}

impl ::std::fmt::Debug for Link {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.write_str("Link")
    }
}

/// An edge.
#[derive(::serde::Deserialize, ::surreal_session::Record)]
#[record(relation, new = "Edge", patch = "EdgeChanges", fields = "EdgeColumns")]
pub struct Edged {
    /// The id.
    pub id: ::surreal_session::prelude::Id<Edged>,
    /// From here.
    pub r#in: Link,
    /// To there.
    #[serde(rename = "out")]
    pub to: ::surreal_session::prelude::Id<User>,
}

/// A view.
#[derive(::serde::Deserialize, ::surreal_session::View)]
#[record(of = Keyed)]
pub struct Shown {
    /// The id.
    pub id: ::surreal_session::prelude::Id<Keyed, Words>,
    /// `record`
    pub record: u8,
    /// `columns`
    #[record(from = "words.r#fn")]
    pub columns: ::std::option::Option<u8>,
}

/// Words that are, or might become, names in generated code.
#[derive(::serde::Deserialize, ::surreal_session::Record)]
pub struct Names {
    /// The id, by another name.
    #[serde(rename = "id")]
    pub r#ref: ::surreal_session::prelude::Id<Self>,
    /// `in`
    pub r#in: u8,
    /// `type`
    pub r#type: u8,
    /// `self_`
    pub self_: u8,
    /// `new`
    pub new: u8,
    /// `table`
    pub table: u8,
    /// `serializer`
    pub serializer: u8,
    /// `f`
    pub f: u8,
    /// `__self`
    pub __self: u8,
}

macro_rules! record {
    ($(#[$attr:meta])* $vis:vis $name:ident { $($field:ident: $ty:ty = $wire:literal),* $(,)? } in $table:literal) => {
        $(#[$attr])*
        #[derive(::serde::Deserialize, ::surreal_session::Record)]
        #[record(table = $table)]
        $vis struct $name {
            /// Its id.
            pub id: ::surreal_session::prelude::Id<$name>,
            $(
                /// A field.
                #[serde(rename = $wire)]
                pub $field: $ty,
            )*
        }
    };
}

record! {
    /// Made by a macro.
    pub Made {
        count: u8 = "how_many",
        next: ::std::option::Option<::surreal_session::prelude::Id<Made>> = "next",
    } in "made"
}

fn main() {
    #[derive(::serde::Deserialize, ::surreal_session::Record)]
    #[allow(dead_code)]
    struct Local {
        id: ::surreal_session::prelude::Id<Local>,
        count: u8,
    }

    let _ = NewLocal { count: 1 };
    let key = Words { key: ::std::string::String::new(), value: 1, into: true, before: 2, after: 3, r#fn: 4 };
    let id: ::surreal_session::prelude::Id<Keyed, Words> = ::surreal_session::prelude::Id::new(key);
    let text = ::std::string::ToString::to_string(&id);
    ::std::assert_eq!(text.parse::<::surreal_session::prelude::Id<Keyed, Words>>().ok().as_ref(), ::std::option::Option::Some(&id));
    let new = NewKeyed {
        words: ::std::option::Option::None,
        record: ::std::option::Option::None,
        before: ::std::option::Option::Some(::std::borrow::ToOwned::to_owned("abc")),
    };
    let new = ::serde_json::to_string(&new).ok();
    ::std::assert_eq!(new.as_deref(), ::std::option::Option::Some(r#"{"words":null,"before":3}"#));
    let new = Edge { r#in: Link::Some(id), to: ::surreal_session::prelude::Id::new("a") };
    let _ = (::serde_json::to_string(&new).ok(), EdgeChanges {});
    let patch = WordsPatch { value: ::surreal_session::prelude::set(1), ..::surreal_session::prelude::keep() };
    let patch = KeyedPatch { words: ::surreal_session::prelude::merge(patch), ..::surreal_session::prelude::keep() };
    ::std::assert_eq!(::std::format!("{patch:?}"), "KeyedPatch { words: Merge(..), record: Keep, before: Keep }");
    let _ = NewMade { count: 1, next: ::std::option::Option::None };
    let _ = NewUser { name: ::std::string::String::new(), nickname: ::std::option::Option::None };
    let names = NewNames { r#in: 1, r#type: 2, self_: 3, new: 4, table: 5, serializer: 6, f: 7, __self: 8 };
    let names = ::serde_json::to_string(&names).ok();
    let expected = r#"{"in":1,"type":2,"self_":3,"new":4,"table":5,"serializer":6,"f":7,"__self":8}"#;
    ::std::assert_eq!(names.as_deref(), ::std::option::Option::Some(expected));
    let made = ::serde_json::to_string(&NewMade { count: 2, next: ::std::option::Option::None }).ok();
    ::std::assert_eq!(made.as_deref(), ::std::option::Option::Some(r#"{"how_many":2,"next":null}"#));
}
