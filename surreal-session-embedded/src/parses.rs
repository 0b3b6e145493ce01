//! The check of SurrealQL text with the parser of the server.

use surreal_session::query::IntoSurql;
use surrealdb_server::core::syn;

/// Asserts that the parser of the server accepts each text: a `surreal_session::Surql` or a `&'static str`.
///
/// Nothing runs, and no server starts: a test can check all statements of a program at once. Text that parses can still
/// fail when it runs, for example because of a table that does not exist.
///
/// # Panics
///
/// If a text does not parse. The message shows the place.
///
/// # Examples
///
/// ```
/// use surreal_session::prelude::*;
/// use surreal_session_embedded::assert_parses;
///
/// fn adults(min: u8) -> Surql {
///     surql!("SELECT * FROM user WHERE age >= $min", min)
/// }
///
/// assert_parses!(adults(18), "CREATE user SET age = 36");
/// ```
///
/// ```should_panic
/// surreal_session_embedded::assert_parses!("SELECT FROM user");
/// ```
#[macro_export]
macro_rules! assert_parses {
    ($($surql:expr),+ $(,)?) => {
        $($crate::__private::assert_parses($surql);)+
    };
}

/// Asserts that the server's parser accepts the text, with all of its capabilities.
///
/// # Panics
///
/// If it does not.
#[track_caller]
#[expect(clippy::panic, reason = "it is an assertion")]
pub fn assert_parses(surql: impl IntoSurql) {
    let surql = surql.into_surql();
    if let Err(error) = syn::parse(surql.text()) {
        panic!("the server cannot parse `{}`: {error:#}", surql.text());
    }
}
