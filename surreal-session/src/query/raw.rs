//! SurrealQL text with bound values.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use super::Response;
use crate::codec::EncodeError;
use crate::error::{Error, Result};
use crate::protocol::{BindingsWriter, Operation, Request};
use crate::session::{CallFuture, Scope, check_name};

/// SurrealQL text to run when awaited, giving a [`Response`] with a result for each statement.
///
/// A statement that fails does not stop those after it, unless they are in a transaction block: await gives
/// `Ok` as soon as the server has run the text. [`Response::check`] turns a failed statement into an error.
///
/// # Errors
///
/// [`Validation`](crate::ErrorKind::Validation) if the text does not parse, in which case nothing ran;
/// [`Serialization`](crate::ErrorKind::Serialization) if it ran and a result holds a regex, which the server (3.3.5)
/// cannot send;
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) and [`Encode`](crate::ErrorKind::Encode) for a name or value
/// that cannot be bound, before anything is sent; [`Auth`](crate::ErrorKind::Auth) for an expired session.
///
/// # Cancel safety
///
/// See [`CallFuture`].
///
/// # Examples
///
/// ```no_run
/// # use surreal_session::prelude::*;
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let response = session
///     .query("LET $adults = SELECT * FROM user WHERE age >= $age; RETURN count($adults)")
///     .bind("age", 18)
///     .await?
///     .check()?;
/// let adults: i64 = response.take(1)?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a query runs when it is awaited"]
pub struct Query {
    scope: Scope,
    text: String,
    bindings: BindingsWriter,
    names: Vec<String>,
    /// The first thing that was wrong with a binding; reported when awaited.
    error: Option<Error>,
    deadline: Option<Duration>,
}

impl Query {
    pub(crate) fn new(scope: Scope, text: &str) -> Self {
        Self::of(scope, "query".into(), text, 0)
    }

    /// The query that a builder makes, which messages call by its operation.
    ///
    /// `values_bytes` is about the size of the values that will be bound.
    pub(super) fn of(scope: Scope, operation: Operation, text: &str, values_bytes: usize) -> Self {
        let bindings = scope.request(operation).reserve(text.len() + values_bytes).text(text).bindings();
        Self { scope, text: text.to_owned(), bindings, names: Vec::new(), error: None, deadline: None }
    }

    /// Binds `value` to `$name` for this query; it wins over a variable of the session.
    ///
    /// The value is encoded at once and may borrow. `name` is without the `$`, and may be bound once; names with a
    /// meaning of their own are refused, see [`Session::set`](crate::Session::set).
    ///
    /// The type of the value is not checked. Types of chrono, time, jiff, uuid and `rust_decimal` and `std::time::Duration` are
    /// sent as serde writes them, a time as text: convert them first, as in `Datetime::from(time)`.
    pub fn bind(mut self, name: impl AsRef<str>, value: impl Serialize) -> Self {
        if self.error.is_none() {
            self.error = self.try_bind(name.as_ref(), &value).err();
        }
        self
    }

    /// Sets how long to wait for the reply, instead of the connection's deadline.
    ///
    /// The server is not told: what it has begun, it may still finish.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The same for a builder that may have been given one.
    pub(super) fn deadline_if_any(mut self, deadline: Option<Duration>) -> Self {
        self.deadline = deadline;
        self
    }

    /// The same for a builder that may have been given what cannot be sent.
    pub(super) fn refused_if(mut self, error: Option<Error>) -> Self {
        self.error = self.error.or(error);
        self
    }

    /// What the message takes, but for the few bytes that finish it.
    pub(super) fn len_bytes(&self) -> usize {
        self.bindings.len_bytes()
    }

    /// The text and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        with_names(self.text.clone(), self.names.iter())
    }

    fn try_bind<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        self.check_free(name)?;
        self.bindings
            .bind(name, value)
            .map_err(|error| Error::from(error).in_context(format_args!("cannot bind `${name}`")))?;
        self.names.push(name.to_owned());
        Ok(())
    }

    fn check_free(&self, name: &str) -> Result<()> {
        check_name(name)?;
        if self.names.iter().any(|bound| bound == name) {
            return Err(Error::argument(format!("`${name}` is bound twice")));
        }
        Ok(())
    }

    /// Binds a value that may be encoded already, under a name that the program chose.
    pub(super) fn bind_checked(mut self, name: &str, value: Result<Bytes, EncodeError>) -> Self {
        match self.check_free(name) {
            Ok(()) => self.bind_encoded(name.to_owned(), value),
            Err(error) => {
                self.error.get_or_insert(error);
                self
            }
        }
    }

    /// The same under a name that is known to be free.
    pub(super) fn bind_encoded(mut self, name: String, value: Result<Bytes, EncodeError>) -> Self {
        match value {
            Ok(item) => self.bind_raw(name, &item),
            Err(error) => {
                self.error.get_or_insert(error.into());
                self
            }
        }
    }

    /// Binds a value that is encoded already, under a name that is known to be free.
    pub(super) fn bind_raw(mut self, name: String, item: &[u8]) -> Self {
        self.bindings.bind_raw(&name, item);
        self.names.push(name);
        self
    }

    /// The same for an array of encoded values.
    pub(super) fn bind_array(mut self, name: String, length: usize, values: &[u8]) -> Self {
        self.bindings.bind_array(&name, length, values);
        self.names.push(name);
        self
    }

    pub(super) async fn run(mut self) -> Result<Response> {
        let Some(transaction) = self.scope.transaction() else {
            let (scope, request, deadline) = self.into_request()?;
            return Response::read(&scope.call(request, deadline).await?);
        };
        if let Some(error) = self.error {
            return Err(error);
        }
        transaction.bind_variables(&mut self.bindings, &self.names);
        let surql = self.to_surql();
        let (text, request) = (surql.clone(), self.bindings.finish());
        let statements = self.scope.query_in(transaction, text, request, self.deadline).await?;
        let witness = may_write(&self.text).then(|| transaction.witness(surql));
        Ok(Response::new(statements, witness))
    }

    /// The request, or the first thing that was wrong with it.
    pub(crate) fn into_request(self) -> Result<(Scope, Request, Option<Duration>)> {
        match self.error {
            Some(error) => Err(error),
            None => Ok((self.scope, self.bindings.finish(), self.deadline)),
        }
    }
}

impl IntoFuture for Query {
    type Output = Result<Response>;
    type IntoFuture = CallFuture<Response>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Adds the names that are bound, as a comment.
pub(super) fn with_names(mut text: String, names: impl Iterator<Item: AsRef<str>>) -> String {
    for (index, name) in names.enumerate() {
        text.push_str(if index == 0 { " -- $" } else { ", $" });
        text.push_str(name.as_ref());
    }
    text
}

/// SurrealQL text to run for its effect: awaiting it returns `()`, or the error of the first statement that failed.
///
/// Made by [`Queryable::execute`](crate::Queryable::execute).
///
/// # Errors
///
/// Those of [`Query`], and the first failed statement, as by [`Response::check`].
///
/// # Cancel safety
///
/// See [`CallFuture`].
///
/// # Examples
///
/// ```
/// # use surreal_session::prelude::*;
/// # surreal_session_embedded::example(async |session| {
/// session.execute("DEFINE TABLE user; CREATE user:ada SET age = $age").bind("age", 36).await?;
///
/// let error = session.execute("CREATE user:bob; CREATE user:ada").await.unwrap_err();
/// assert_eq!((error.is_already_exists(), error.statement()), (true, Some(1)));
/// # Ok(()) });
/// ```
#[must_use = "the text runs when this is awaited"]
pub struct Execute(Query);

impl Execute {
    pub(super) fn new(query: Query) -> Self {
        Self(query)
    }

    /// Binds `value` to `$name`; see [`Query::bind`].
    pub fn bind(self, name: impl AsRef<str>, value: impl Serialize) -> Self {
        Self(self.0.bind(name, value))
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`].
    pub fn deadline(self, deadline: Duration) -> Self {
        Self(self.0.deadline(deadline))
    }

    /// Returns the text and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.0.to_surql()
    }
}

impl IntoFuture for Execute {
    type Output = Result<()>;
    type IntoFuture = CallFuture<()>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.0.run().await?.check().map(drop) })
    }
}

impl fmt::Debug for Execute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Execute").field(&self.to_surql()).finish()
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query").field(&self.to_surql()).finish()
    }
}

/// Whether running `text` may change anything. In doubt it may.
///
/// It looks for the words that begin a statement that writes (server 3.3.5) and for calls of functions that are not
/// known to be pure, also in names and strings: a query that only reads rarely has one of them, and a query that writes
/// has one always.
pub(super) fn may_write(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut words = text.split(|c| !is_part(c));
    let mut modules = text.match_indices("::").filter_map(|(at, _)| {
        let module = text[..at].rsplit(|c| !is_part(c)).next().unwrap_or_default();
        // Only the head of a path such as `string::distance::hamming` is a module.
        (!text[..at - module.len()].ends_with("::")).then_some(module)
    });
    words.any(|word| is_among(&WRITING_WORDS, word))
        || modules.any(|module| !is_among(&PURE_MODULES, module))
        || calls_variable(text)
}

/// Whether the text calls a variable, which may hold a closure that the text does not show.
fn calls_variable(text: &str) -> bool {
    let mut variables = text.split('$').skip(1);
    variables
        .any(|rest| rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').trim_start().starts_with('('))
}

fn is_among(list: &[&str], word: &str) -> bool {
    list.iter().any(|listed| word.eq_ignore_ascii_case(listed))
}

/// The first words of statements that change something, and `function`, which begins a script.
///
/// USE is among them: for a user who may do so, it makes the namespace and the database.
const WRITING_WORDS: [&str; 17] = [
    "access", "alter", "create", "define", "delete", "function", "import", "insert", "kill", "live", "option",
    "rebuild", "relate", "remove", "update", "upsert", "use",
];

/// The modules whose functions only compute or read. Functions of any other module may write, also of one that a later
/// server adds.
const PURE_MODULES: [&str; 21] = [
    "array", "bytes", "crypto", "duration", "encoding", "geo", "math", "meta", "object", "parse", "rand", "record",
    "schema", "search", "session", "set", "string", "time", "type", "value", "vector",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_write_is_taken_for_a_read() {
        for (text, expected) in [
            ("SELECT * FROM user WHERE created_at > $since", false),
            ("LET $a = 1; RETURN array::len([1, 2])", false),
            ("SELECT * FROM ONLY $_target", false),
            ("RETURN type::record('user', $updated)", false),
            ("", false),
            ("CREATE user", true),
            ("select 1; update\tuser set a = 1", true),
            ("RETURN {a:CREATE user}", true),
            ("SELECT *, (DELETE user:1) FROM x", true),
            ("RETURN fn::pay(1)", true),
            ("RETURN FN::pay(1)", true),
            ("SELECT eval::surql($text) FROM x", true),
            ("RETURN function() { return 1 }", true),
            ("SELECT * FROM `create`", true),
            ("RETURN string::distance::hamming('a', 'b') + math::pi", false),
            ("RETURN schema::table::exists('t')", false),
            ("SELECT * FROM $rows WHERE a = ($b)", false),
            ("RETURN api::req::body({}, {})", true),
            ("RETURN http::post('http://127.0.0.1', {})", true),
            ("RETURN foo::put(1)", true),
            ("RETURN sequence::nextval('s')", true),
            ("USE NS fresh DB d; SELECT 1 FROM 1", true),
            ("RETURN $f(1)", true),
            ("RETURN $f (1)", true),
        ] {
            assert_eq!(may_write(text), expected, "{text}");
        }
    }
}
