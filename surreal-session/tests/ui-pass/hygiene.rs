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
    let _ = NewMade { count: 1, next: ::std::option::Option::None };
    let _ = NewUser { name: ::std::string::String::new(), nickname: ::std::option::Option::None };
    let names = NewNames { r#in: 1, r#type: 2, self_: 3, new: 4, table: 5, serializer: 6, f: 7, __self: 8 };
    let names = ::serde_json::to_string(&names).ok();
    let expected = r#"{"in":1,"type":2,"self_":3,"new":4,"table":5,"serializer":6,"f":7,"__self":8}"#;
    ::std::assert_eq!(names.as_deref(), ::std::option::Option::Some(expected));
    let made = ::serde_json::to_string(&NewMade { count: 2, next: ::std::option::Option::None }).ok();
    ::std::assert_eq!(made.as_deref(), ::std::option::Option::Some(r#"{"how_many":2,"next":null}"#));
}
