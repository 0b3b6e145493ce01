//! The table is the struct's name in snake_case, or the text that is given, whatever characters it has.

#![allow(non_camel_case_types)]

use serde::Deserialize;
use surreal_session::prelude::*;

macro_rules! records {
    ($($(#[$attr:meta])* $name:ident;)+) => {$(
        #[derive(Deserialize, Record)]
        $(#[$attr])*
        struct $name {
            #[expect(dead_code)]
            id: Id<$name>,
        }
    )+};
}

records! {
    BlogPost;
    HTTPRequest;
    r#type;
    User2;
    #[record(table = "with `ticks` and spaces")]
    Odd;
    #[record(table = "select", new = "Draft")]
    Keyword;
}

fn main() {
    assert_eq!(BlogPost::TABLE, "blog_post");
    assert_eq!(HTTPRequest::TABLE, "http_request");
    assert_eq!(r#type::TABLE, "type");
    assert_eq!(User2::TABLE, "user2");
    assert_eq!(Odd::TABLE, "with `ticks` and spaces");
    assert_eq!(Keyword::TABLE, "select");
    let (_, _, _): (<r#type as Record>::New, <Keyword as Record>::New, <Odd as Record>::New) =
        (Newtype {}, Draft {}, NewOdd {});
}
