//! Checked text in every position, in programs that have names of their own for everything.

#![deny(warnings, clippy::pedantic)]
#![allow(dead_code, reason = "the models are there for their names")]

mod app {
    pub use surreal_session as database;
}

mod models {
    use surreal_session::Id;

    #[derive(serde::Serialize, serde::Deserialize, surreal_session::Record)]
    pub struct Outer {
        pub id: Id<Outer>,
        pub r#type: String,
        pub next: Option<Id<Outer>>,
    }
}

use models::Outer;
use surreal_session::surql;

/// Hides what the expansion could rely on.
struct Surql;
struct Cow;
struct Result;
type String = ();

impl Outer {
    fn all() -> surreal_session::Surql {
        surql!("SELECT * FROM {Self} WHERE {Self.type} = 'a'")
    }
}

macro_rules! passed_on {
    ($text:literal, $value:expr) => {
        surql!($text, value_1 = $value)
    };
}

fn main() {
    let surql = 1;
    let text = "a";
    let moved = std::string::String::from("x");
    let by_name = surql!("RETURN [$surql, $text, $moved]", surql, text, moved);
    assert_eq!(by_name.text(), "RETURN [$surql, $text, $moved]");
    drop(moved);

    let crate_elsewhere = surql!("SELECT {Outer.next.type} FROM {Outer}", crate = crate::app::database);
    assert_eq!(crate_elsewhere.text(), "SELECT next.type FROM Outer".replace("Outer", "outer"));
    let in_quotes = surql!("RETURN $x", x = (1, 2), crate = "crate::app::database");
    assert_eq!(format!("{in_quotes:?}"), "Surql(\"RETURN $x -- $x\")");

    assert_eq!(Outer::all().text(), "SELECT * FROM outer WHERE type = 'a'");
    assert_eq!(passed_on!("RETURN $value_1", 1 + 1).text(), "RETURN $value_1");
    assert_eq!(surql!(r#"RETURN "{Outer}" + {{Outer}"#).text(), r#"RETURN "{Outer}" + {Outer}"#);
    let condition = surreal_session::Condition::<Outer>::raw(surql!("{Outer.r#type} = $t", t = "a"));
    assert_eq!(format!("{condition:?}"), "Condition((type = $t))");
}
