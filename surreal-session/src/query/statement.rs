//! Statements: SurrealQL text with values, and how it is sent.
//!
//! A builder implements [`Statement`]: it makes a [`Fragment`] of text with encoded values in it, and reads its result.
//! [`send`] numbers the values and copies them into the frame of a [`Query`], which the scope sends. `Query` is also the
//! public builder for text; there, [`Query::bind`] encodes each value straight into the frame.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, mem};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::effect::may_write;
use super::stream::{QueryStream, Streamed};
use super::surql::{Surql, cannot_bind, check_free, entries, with_names};
use super::{Response, Scope};
use crate::codec::reader::{MapEntries, Reader};
use crate::codec::{self, EncodeError};
use crate::connection::{CallWatch, Cleanup, Deadline, Patience, Retry, note_rows};
use crate::error::{Error, Result};
use crate::protocol::{BindingsWriter, Feature, IndexHint, Operation, Request};
use crate::record::{Assignments, PatchedField, Path};
use crate::session::CallFuture;
use crate::transaction;
use crate::value::{self, escape_identifier};

/// SurrealQL text: awaiting it returns a [`Response`] with a result for each statement.
///
/// A statement that fails does not stop those after it, unless they are in a transaction block. Awaiting returns `Ok` as
/// soon as the server has run the text; [`Response::check`] turns a failed statement into an error.
///
/// # Errors
///
/// [`Validation`](crate::ErrorKind::Validation) if the text does not parse, in which case nothing ran;
/// [`Serialization`](crate::ErrorKind::Serialization) if it ran and a result holds a regex, which the server (3.3.5)
/// cannot send;
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) and [`Encode`](crate::ErrorKind::Encode), before anything is sent,
/// for a name or value that cannot be bound; [`Auth`](crate::ErrorKind::Auth) for an expired session.
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
/// # session.execute("CREATE user SET age = 36").await?;
/// let response = session
///     .query("LET $adults = SELECT * FROM user WHERE age >= $age; RETURN count($adults)")
///     .bind("age", 18)
///     .await?
///     .check()?;
/// let adults: i64 = response.take(1)?;
/// assert_eq!(adults, 1);
/// # Ok(()) });
/// ```
#[must_use = "a query runs when it is awaited"]
pub struct Query {
    scope: Scope,
    text: Cow<'static, str>,
    bindings: BindingsWriter,
    names: Vec<Cow<'static, str>>,
    /// The first error of a binding, which awaiting returns.
    error: Option<Error>,
    deadline: Patience,
    /// Set if the text may have values written into it.
    is_dynamic: bool,
    /// What the server must support.
    needs: Option<Feature>,
    hints: Vec<IndexHint>,
}

impl Query {
    pub(crate) fn new(scope: Scope, surql: Surql) -> Self {
        let is_dynamic = surql.is_dynamic();
        let (text, bindings, error) = surql.into_parts();
        let binding_bytes = bindings.iter().map(|(_, value)| value.len() + NAME_BYTES).sum();
        let mut query = Self::with_capacity(scope, "query".into(), text, binding_bytes);
        for (name, value) in bindings {
            query.bindings.bind_raw(&name, &value);
            query.names.push(name.into());
        }
        query.error = error;
        query.is_dynamic = is_dynamic;
        query
    }

    /// Starts a query whose bindings take this number of bytes.
    fn with_capacity(scope: Scope, operation: Operation, text: Cow<'static, str>, binding_bytes: usize) -> Self {
        let bindings = scope.request(operation).reserve(text.len() + binding_bytes).text(&text).bindings();
        Self {
            scope,
            text,
            bindings,
            names: Vec::new(),
            error: None,
            deadline: Patience::default(),
            is_dynamic: false,
            needs: None,
            hints: Vec::new(),
        }
    }

    /// Binds `value` to `$name` for this query. It takes precedence over a variable of the session.
    ///
    /// The value is encoded at once and may borrow. `name` is written without the `$`, and can be bound once. Names that have
    /// a meaning in SurrealQL are refused, see [`Session::set`](crate::Session::set).
    ///
    /// The type of the value is not checked. Types of chrono, time, jiff, uuid and `rust_decimal` and `std::time::Duration`
    /// are sent as serde writes them, a time as text. Convert them first, as in `Datetime::from(time)`.
    pub fn bind(mut self, name: impl AsRef<str>, value: impl Serialize) -> Self {
        if self.error.is_none() {
            self.error = self.try_bind(name.as_ref(), &value).err();
        }
        self
    }

    /// Binds each field of a struct, or each entry of a map, to a parameter of its name, by the rules of [`bind`](Self::bind).
    ///
    /// serde's names are the names of the parameters. Fields without a parameter in the text are sent and have no effect.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// #[derive(serde::Serialize)]
    /// struct Search {
    ///     min: u8,
    ///     #[serde(rename = "max")]
    ///     limit: Option<u8>,
    /// }
    ///
    /// # surreal_session_embedded::example(async |session| {
    /// # session.execute("CREATE user SET age = 36").await?;
    /// let search = Search { min: 18, limit: None };
    /// let text = "RETURN count(SELECT * FROM user WHERE age >= $min AND ($max = NONE OR age <= $max))";
    /// let found: i64 = session.query(text).bind_all(&search).await?.take(0)?;
    /// assert_eq!(found, 1);
    /// # Ok(()) });
    /// ```
    pub fn bind_all(mut self, values: impl Serialize) -> Self {
        if self.error.is_none() {
            self.error = self.try_bind_all(&values).err();
        }
        self
    }

    /// Sets how long to wait for the reply, instead of the deadline of the connection.
    ///
    /// The server does not know about the deadline: it may still finish the work that it has started.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline.end_after(deadline);
        self
    }

    /// Fails at once if there is no socket, instead of waiting for one until the deadline; see
    /// [`Connect::fail_fast`](crate::Connect::fail_fast).
    pub fn fail_fast(mut self) -> Self {
        self.deadline.fail_fast();
        self
    }

    apply_if! {}

    /// Returns the text and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        with_names(self.text.to_string(), self.names.iter())
    }

    /// Streams the rows of the statement at `index`, counted from 0, instead of returning all results at once.
    ///
    /// See [`QueryStream`].
    pub fn stream<T: DeserializeOwned>(self, index: usize) -> QueryStream<T> {
        let (text, shows_text) = (self.to_surql(), self.shows_text());
        let Self { scope, text: shown, bindings, error, deadline: patience, .. } = self;
        let shown = Some(shown).filter(|_| shows_text);
        QueryStream::new(text, Streamed { scope, bindings, patience, error, shown }, index)
    }

    /// The bytes of the message so far: all but the few that finish it.
    pub(super) fn len_bytes(&self) -> usize {
        self.bindings.len_bytes()
    }

    /// The deadline of a call that begins now.
    fn deadline_from_now(&self) -> Deadline {
        self.scope.client().deadline(self.deadline)
    }

    /// Begins to watch the query as a call of the program, if something listens.
    pub(super) fn watch(&self) -> CallWatch {
        self.scope.watch(|| self.bindings.operation().clone(), self.shows_text().then_some(&*self.text))
    }

    /// Returns true if spans may show the text.
    fn shows_text(&self) -> bool {
        !self.is_dynamic || self.scope.client().monitor().shows_all_texts
    }

    /// Sends the query.
    pub(crate) async fn run(self) -> Result<Response> {
        let deadline = self.deadline_from_now();
        self.run_by(deadline).await
    }

    /// Sends the query. In a transaction, it waits for its turn.
    pub(crate) async fn run_by(mut self, deadline: Deadline) -> Result<Response> {
        let Some(transaction) = self.scope.transaction() else {
            let text = mem::take(&mut self.text);
            let (scope, request, _) = self.into_request()?;
            let is_repeatable = request.operation.is_statement() && !may_write(&text);
            let request = request.repeatable(is_repeatable);
            let reply = scope.session().call(request, deadline, Cleanup::Nothing).await?;
            return Response::read(&reply).inspect(|response| note_rows(|| response.rows()));
        };
        if let Some(error) = self.error {
            return Err(error);
        }
        transaction.bind_variables(&mut self.bindings, &self.names);
        let surql = self.to_surql();
        let (text, request) = (surql.clone(), self.bindings.finish().needing(self.needs).hinted(self.hints));
        let statements = transaction::query(transaction, text, request, deadline).await?;
        let decode_guard = may_write(&self.text).then(|| transaction.decode_guard(surql));
        let response = Response::new(statements, decode_guard);
        note_rows(|| response.rows());
        Ok(response)
    }

    /// Returns the request, or the first error of a binding.
    pub(crate) fn into_request(self) -> Result<(Scope, Request, Patience)> {
        match self.error {
            Some(error) => Err(error),
            None => Ok((self.scope, self.bindings.finish().needing(self.needs).hinted(self.hints), self.deadline)),
        }
    }

    fn try_bind<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        self.check_free(name)?;
        self.bindings.bind(name, value).map_err(|error| cannot_bind(name, error))?;
        self.names.push(name.to_owned().into());
        Ok(())
    }

    fn try_bind_all<T: Serialize + ?Sized>(&mut self, values: &T) -> Result<()> {
        for (name, value) in entries(values)? {
            self.check_free(&name)?;
            self.bindings.bind_raw(&name, &value);
            self.names.push(name.into());
        }
        Ok(())
    }

    fn check_free(&self, name: &str) -> Result<()> {
        check_free(name, self.names.iter().map(|name| &**name))
    }

    /// Copies an encoded value into the frame.
    fn bind_item(&mut self, name: Cow<'static, str>, item: &Item) {
        match item {
            Item::Value(value) => self.bindings.bind_raw(&name, value),
            Item::Array(length, items) => self.bindings.bind_array(&name, *length, items),
        }
        self.names.push(name);
    }
}

impl IntoFuture for Query {
    type Output = Result<Response>;
    type IntoFuture = CallFuture<Response>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (watch, deadline) = (self.watch(), self.deadline_from_now());
            let outcome = watch.within(self.run_by(deadline)).await;
            watch.finish_with(|| outcome.as_ref().map_or_else(|error| Some(error.clone()), Response::failure));
            outcome
        })
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query").field(&self.to_surql()).finish()
    }
}

/// A builder of one statement, as [`batch`](crate::Queryable::batch) accepts it. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a batch",
    label = "not a builder of one statement",
    note = "run SurrealQL text by itself or in a transaction: `session.query(..)` may have several statements"
)]
pub trait Statement: Send + Sized + 'static {
    /// The result of awaiting it, without errors.
    type Output;

    /// Returns where it runs, and how long its reply may take.
    #[doc(hidden)]
    fn call(&self) -> &Call;

    /// Returns the name of the statement in messages.
    #[doc(hidden)]
    fn operation(&self) -> Operation;

    /// Returns the statement with its values.
    #[doc(hidden)]
    fn surql(&self) -> Fragment;

    /// Reads the result of the statement, which is the one at `index`.
    #[doc(hidden)]
    fn read(&self, response: &Response, index: usize) -> Result<Self::Output>;

    /// Returns the error for a result without a record, if the statement must return one.
    #[doc(hidden)]
    fn missing(&self) -> Option<Error> {
        None
    }

    /// Returns the request.
    #[doc(hidden)]
    fn query(&self) -> Query {
        let Call { scope, deadline, .. } = self.call().clone();
        self.surql().closed(&scope).into_query(scope, self.operation(), deadline)
    }
}

/// The session or transaction of a statement, and its deadline.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Call {
    pub(crate) scope: Scope,
    pub(crate) deadline: Patience,
    pub(crate) retries: Retries,
}

/// How often a call is repeated after a conflict, which means that nothing was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retries {
    Never,
    /// As often as the connection says.
    Default,
    Times(u32),
}

impl Call {
    pub(crate) fn new(scope: Scope) -> Self {
        Self { scope, deadline: Patience::default(), retries: Retries::Never }
    }

    /// The call of a single write.
    pub(crate) fn of_write(scope: Scope) -> Self {
        Self { retries: Retries::Default, ..Self::new(scope) }
    }

    /// Decides about further attempts until the deadline. In a transaction there are none: it fails with the conflict.
    pub(super) fn retry(&self, deadline: Deadline) -> Retry {
        let client = self.scope.client();
        let retries = match self.retries {
            _ if self.scope.transaction().is_some() => 0,
            Retries::Never => 0,
            Retries::Default => client.conflict_retries(),
            Retries::Times(retries) => retries,
        };
        Retry::times(client, retries, deadline)
    }
}

/// The method that applies an optional value.
macro_rules! apply_if {
    () => {
        /// Calls `apply` with this builder and the value if there is one: `.apply_if(limit, |q, limit| q.limit(limit))`.
        pub fn apply_if<O>(self, value: Option<O>, apply: impl FnOnce(Self, O) -> Self) -> Self {
            match value {
                Some(value) => apply(self, value),
                None => self,
            }
        }
    };
}

/// The methods that every builder of one statement has; the path leads to its `Call`.
macro_rules! builder_methods {
    ($($call:ident).+) => {
        /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline).
        pub fn deadline(mut self, deadline: std::time::Duration) -> Self {
            self.$($call).+.deadline.end_after(deadline);
            self
        }

        /// Fails at once if there is no socket, instead of waiting for one until the deadline; see
        /// [`Connect::fail_fast`](crate::Connect::fail_fast).
        pub fn fail_fast(mut self) -> Self {
            self.$($call).+.deadline.fail_fast();
            self
        }

        $crate::query::statement::apply_if! {}

        /// Returns the statement and the names bound to it, for logs. Never shows a value.
        pub fn to_surql(&self) -> String
        where
            Self: $crate::query::Statement,
        {
            $crate::query::Statement::query(self).to_surql()
        }
    };
}

pub(super) use {apply_if, builder_methods};

/// Sends a statement and reads its result. Everything is encoded before the future is made.
pub(super) fn send<S: Statement>(statement: S) -> CallFuture<S::Output> {
    let mut query = statement.query();
    Box::pin(async move {
        let (watch, deadline) = (query.watch(), query.deadline_from_now());
        let mut retry: Option<Retry> = None;
        let outcome = loop {
            let response = watch.within(query.run_by(deadline)).await;
            let error = match response.and_then(|response| read(&statement, response)) {
                Err(error) if error.is_conflict() => error,
                outcome => break outcome,
            };
            if !retry.get_or_insert_with(|| statement.call().retry(deadline)).pause().await {
                break Err(error);
            }
            watch.retried(&error);
            query = statement.query();
        };
        watch.finish(&outcome);
        outcome
    })
}

fn read<S: Statement>(statement: &S, response: Response) -> Result<S::Output> {
    let response = response.named(statement.operation());
    expect(&response, 1)?;
    statement.read(&response, 0)
}

/// Fails if there are more results than statements: a piece of text in them ended its statement and began another.
pub(super) fn expect(response: &Response, statements: usize) -> Result<()> {
    let results = response.len();
    if results <= statements {
        return Ok(());
    }
    let message = format!(
        "{statements} statements were built and {results} were carried out: a text of SurrealQL in them, such as that of \
         `Condition::raw`, ends the statement and begins another"
    );
    Err(Error::argument(message).answered())
}

/// A piece of SurrealQL with values. They get their names at the end, so that any two pieces can be joined.
#[doc(hidden)]
#[derive(Clone, Default)]
pub struct Fragment {
    text: String,
    /// The values, each with its position in the text, in ascending order.
    values: Vec<(usize, Item)>,
    /// Values with names that the program chose.
    named: Vec<(Arc<str>, Item)>,
    /// The other selects that it reads, each as a variable of the text.
    queries: Vec<SubQuery>,
    /// The error for which it is not sent.
    refusal: Option<Error>,
    reads: Reads,
    /// Set if the text may have values written into it.
    is_dynamic: bool,
    /// What the server must support.
    needs: Option<Feature>,
    /// In ascending order.
    hints: Vec<IndexHint>,
}

/// A select whose result another statement reads as a variable.
#[derive(Clone)]
struct SubQuery {
    /// The name of the variable, which depends on the select alone.
    name: String,
    scope: Scope,
    surql: Fragment,
}

/// The records that a piece of SurrealQL reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Reads {
    /// The record that it is about.
    #[default]
    Own,
    /// Any: it is a text of the program.
    Unknown,
    /// Others too: it follows links.
    Linked,
}

/// An encoded value. It is shared until it is copied into the frame.
#[derive(Clone)]
enum Item {
    Value(Bytes),
    /// An array of this length, whose items are encoded one after the other.
    Array(usize, Bytes),
}

impl Item {
    fn bytes(&self) -> &Bytes {
        let (Self::Value(bytes) | Self::Array(_, bytes)) = self;
        bytes
    }
}

/// The bytes of a name such as `$_0` and of the header of an array.
const NAME_BYTES: usize = 16;

/// The space that a text gets at least when it grows.
const TEXT_BYTES: usize = 64;

/// The names of the first values of a statement.
const NAMES: [&str; 16] =
    ["_0", "_1", "_2", "_3", "_4", "_5", "_6", "_7", "_8", "_9", "_10", "_11", "_12", "_13", "_14", "_15"];

/// The name of the value at this index of a statement.
fn numbered(index: usize) -> Cow<'static, str> {
    NAMES.get(index).map_or_else(|| Cow::Owned(format!("_{index}")), |name| Cow::Borrowed(*name))
}

/// A hundred years. The server (3.3.5) never answers a statement whose timeout its clock cannot be added to.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(100 * 365 * 24);

impl Fragment {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A part of a statement. It is in parentheses, so that it cannot begin another clause.
    pub(super) fn of_surql(surql: Surql) -> Self {
        let is_dynamic = surql.is_dynamic();
        let (text, bindings, error) = surql.into_parts();
        let fragment = Self { is_dynamic, ..Self::new("(").text(&text).text(")").of_program() };
        let fragment =
            bindings.into_iter().fold(fragment, |fragment, (name, value)| fragment.bind_encoded(name, value));
        match error {
            Some(error) => fragment.failed(error),
            None => fragment,
        }
    }

    /// A value without text.
    pub(crate) fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        Self::default().value(value)
    }

    /// The path of a field.
    pub(crate) fn path<P: Path>() -> Self {
        let mut text = String::new();
        P::write(&mut text);
        Self { text, ..Self::default() }.following_links(P::IS_LINKED)
    }

    /// Notes whether it follows links to other records.
    pub(crate) fn following_links(mut self, follows: bool) -> Self {
        if follows {
            self.reads = Reads::Linked;
        }
        self
    }

    /// Notes that it is a text of the program, which may read any record.
    pub(crate) fn of_program(mut self) -> Self {
        self.reads = self.reads.max(Reads::Unknown);
        self
    }

    /// Returns true if it may read records other than the one that it is about.
    pub(crate) fn may_read_others(&self) -> bool {
        self.reads > Reads::Own
    }

    /// Returns true if it certainly follows links.
    pub(crate) fn follows_links(&self) -> bool {
        self.reads == Reads::Linked
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.push(text);
        self
    }

    fn push(&mut self, text: &str) {
        if self.text.capacity() - self.text.len() < text.len() {
            // A statement is put together from many short pieces.
            self.text.reserve(text.len().max(TEXT_BYTES));
        }
        self.text.push_str(text);
    }

    pub(crate) fn value<T: Serialize + ?Sized>(self, value: &T) -> Self {
        self.encoded(codec::encode(value))
    }

    /// Adds an encoded value. An error refuses the statement.
    pub(crate) fn encoded(mut self, value: Result<Bytes, EncodeError>) -> Self {
        match value {
            Ok(value) => self.values.push((self.text.len(), Item::Value(value))),
            Err(error) => return self.failed(error.into()),
        }
        self
    }

    /// Adds an array of this length, whose items are encoded one after the other.
    pub(crate) fn array(mut self, length: usize, items: Bytes) -> Self {
        self.values.push((self.text.len(), Item::Array(length, items)));
        self
    }

    /// Binds a value to a name that the text contains.
    pub(crate) fn bind<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Self {
        match codec::encode(value) {
            Ok(value) => self.named.push((name.into(), Item::Value(value))),
            Err(error) => return self.failed(error.into()),
        }
        self
    }

    /// Binds the fields of a struct, or the entries of a map, to names that the text contains.
    pub(super) fn bind_all<T: Serialize + ?Sized>(self, values: &T) -> Self {
        match entries(values) {
            Ok(entries) => entries.into_iter().fold(self, |fragment, (name, value)| fragment.bind_encoded(name, value)),
            Err(error) => self.failed(error),
        }
    }

    /// Binds an encoded value to a name that the text contains.
    pub(super) fn bind_encoded(mut self, name: String, value: Bytes) -> Self {
        self.named.push((name.into(), Item::Value(value)));
        self
    }

    /// Removes the named values, for a piece that repeats another.
    pub(crate) fn unnamed(mut self) -> Self {
        self.named.clear();
        self
    }

    /// Adds the clause that limits how long the server may take.
    pub(crate) fn timeout(self, timeout: Option<Duration>) -> Self {
        match timeout {
            Some(timeout) => self.text(" TIMEOUT ").value(&value::Duration::from(timeout.min(LONGEST_TIMEOUT))),
            None => self,
        }
    }

    /// Refuses the statement: awaiting it fails with this reason, and nothing is sent.
    pub(crate) fn refused(self, reason: &str) -> Self {
        self.failed(Error::argument(reason.to_owned()))
    }

    /// Refuses the statement with an error.
    pub(crate) fn failed(mut self, error: Error) -> Self {
        self.refusal.get_or_insert(error);
        self
    }

    /// Notes that only servers with this feature can run it.
    pub(crate) fn needing(mut self, feature: Feature) -> Self {
        self.needs = self.needs.max(Some(feature));
        self
    }

    /// The records of this table that pass a condition, if there is one.
    ///
    /// For an order, servers before 3.3 may choose an index that does not have each record once.
    pub(crate) fn rows(self, condition: Option<Self>, is_ordered: bool) -> Self {
        let table = match &condition {
            Some(condition) if condition.is_search() => self,
            _ if is_ordered => self.indexed(Feature::Indexes),
            Some(condition) => self.indexed_for(condition),
            None => self,
        };
        match condition {
            Some(condition) => table.text(" WHERE ").then(condition),
            None => table,
        }
    }

    /// This table for a condition. In an index of several fields, servers before 3.3 do not find missing values, nor all ranges;
    /// typed conditions are written so that they do (docs/indexes.md). A search needs its index.
    pub(crate) fn indexed_for(self, condition: &Self) -> Self {
        let has = |parts: &[&str]| parts.iter().any(|part| condition.text.contains(part));
        let is_wide = match condition.reads {
            Reads::Own => has(&["<= NULL"]),
            Reads::Unknown | Reads::Linked => has(&["<", ">", "!", " OR ", "NONE", "NULL"]),
        };
        match condition.is_search() {
            true => self,
            false => self.indexed(if is_wide { Feature::Indexes } else { Feature::CompoundIndexes }),
        }
    }

    /// Returns true for a search of words or of neighbours.
    fn is_search(&self) -> bool {
        self.text.contains("@ ") || self.text.contains(" <|")
    }

    /// Notes that this table is read without indexes by servers that do not have these.
    pub(crate) fn indexed(mut self, needs: Feature) -> Self {
        self.hints.push(IndexHint { at: self.text.len(), needs });
        self
    }

    /// Adds the result of a select, as a variable.
    ///
    /// In place, the server (3.3.5) would run it again for each record.
    pub(super) fn query(self, scope: Scope, surql: Self) -> Self {
        let mut hasher = DefaultHasher::new();
        surql.fingerprint().hash(&mut hasher);
        let name = format!("$__query_{:016x}", hasher.finish());
        let mut variable = Self::new(name.clone()).following_links(true);
        variable.refusal.clone_from(&surql.refusal);
        variable.is_dynamic = surql.is_dynamic;
        variable.queries.push(SubQuery { name, scope, surql });
        self.then(variable)
    }

    /// One statement that runs the selects that it reads before it, once each.
    pub(crate) fn closed(mut self, scope: &Scope) -> Self {
        let queries = mem::take(&mut self.queries);
        if queries.is_empty() {
            return self;
        }
        let is_foreign = queries.iter().any(|query| !query.scope.is_same(scope));
        let block = queries.into_iter().fold(Self::new("RETURN { "), |block, SubQuery { name, surql, .. }| {
            block.text("LET ").text(&name).text(" = (").then(surql.closed(scope)).text("); ")
        });
        let statement = block.then(self).text(" }");
        if is_foreign { statement.refused("a sub-query belongs to another session or transaction") } else { statement }
    }

    pub(crate) fn then(mut self, next: Self) -> Self {
        if self.text.is_empty() && self.values.is_empty() {
            self.text = next.text;
            self.values = next.values;
            self.hints = next.hints;
        } else {
            let offset = self.text.len();
            self.push(&next.text);
            if !next.hints.is_empty() {
                self.hints.extend(next.hints.into_iter().map(|hint| IndexHint { at: hint.at + offset, ..hint }));
            }
            self.values.extend(next.values.into_iter().map(|(at, value)| (at + offset, value)));
        }
        self.refusal = self.refusal.or(next.refusal);
        self.reads = self.reads.max(next.reads);
        self.is_dynamic |= next.is_dynamic;
        // The later one includes the earlier one.
        self.needs = self.needs.max(next.needs);
        self.named.extend(next.named);
        for query in next.queries {
            if self.queries.iter().all(|known| known.name != query.name) {
                self.queries.push(query);
            }
        }
        self
    }

    /// Adds the pieces with `separator` between them.
    pub(crate) fn joined(mut self, pieces: impl IntoIterator<Item = Self>, separator: &str) -> Self {
        for (index, piece) in pieces.into_iter().enumerate() {
            if index > 0 {
                self.push(separator);
            }
            self = self.then(piece);
        }
        self
    }

    /// Adds `path = value, ..`. A field of an object that may be missing changes only if the object exists.
    pub(crate) fn assignments(self, assignments: &Assignments) -> Self {
        let assignments = match assignments.checked() {
            Ok(assignments) => assignments,
            Err(error) => return self.failed(error.into()),
        };
        let is_dynamic = assignments.iter().any(|field| field.is_dynamic);
        let pieces = assignments.iter().map(|PatchedField { path, part, value, .. }| {
            let value = Self::default().encoded(value.clone());
            match part {
                Some(part) => {
                    let condition = format!("{path} = IF {} {{ ", part.condition());
                    Self::new(condition).then(value).text(" } ELSE { NONE }")
                }
                None => Self::new(format!("{path} = ")).then(value),
            }
        });
        Self { is_dynamic, ..self }.joined(pieces, ", ")
    }

    /// An assignment for each entry of a value that serde writes as a map.
    pub(crate) fn fields_of<T: Serialize + ?Sized>(value: &T) -> Self {
        let encoded = match codec::encode(value) {
            Ok(encoded) => encoded,
            Err(error) => return Self::default().failed(error.into()),
        };
        let mut reader = Reader::new(&encoded);
        let mut pieces = Vec::new();
        let read = MapEntries::of(&mut reader).and_then(|mut entries| {
            while let Some(key) = entries.next(&mut reader)? {
                let value = encoded.slice_ref(reader.skip()?);
                pieces.push(Self::new(format!("{} = ", escape_identifier(&key))).encoded(Ok(value)));
            }
            Ok(())
        });
        match read {
            // The keys of a map may be anything.
            Ok(()) => Self { is_dynamic: true, ..Self::default() }.joined(pieces, ", "),
            Err(error) => Self::default().refused(&error.message()),
        }
    }

    /// The bytes that it takes in a message, at most.
    pub(super) fn len_bytes(&self) -> usize {
        let values = self.values.iter().map(|(_, item)| ("", item));
        let named = self.named.iter().map(|(name, item)| (&**name, item));
        // A numbered name is in the text and beside its value.
        let values = values.chain(named).map(|(name, item)| name.len() + 2 * NAME_BYTES + item.bytes().len());
        self.text.len() + values.sum::<usize>()
    }

    /// Returns true for no text, unless it is an error.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.values.is_empty() && self.refusal.is_none()
    }

    #[cfg(test)]
    pub(crate) fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// Fails if it is not sent.
    pub(super) fn check(&self) -> Result<()> {
        self.refusal.clone().map_or(Ok(()), Err)
    }

    #[cfg(test)]
    pub(crate) fn values(self) -> impl Iterator<Item = Bytes> {
        self.values.into_iter().map(|(_, value)| value.bytes().clone())
    }

    /// Bytes that only a statement with the same text and values has.
    pub(crate) fn fingerprint(&self) -> Vec<u8> {
        let mut bytes = self.to_string().into_bytes();
        let values = self.values.iter().map(|(_, item)| ("", item));
        for (name, item) in values.chain(self.named.iter().map(|(name, item)| (&**name, item))) {
            let length = if let Item::Array(length, _) = item { *length } else { 0 };
            for part in [name.as_bytes(), &length.to_be_bytes(), item.bytes()] {
                bytes.extend_from_slice(&part.len().to_be_bytes());
                bytes.extend_from_slice(part);
            }
        }
        bytes
    }

    /// The text and the names bound to it, for logs.
    pub(crate) fn to_surql(&self) -> String {
        let named = self.named.iter().map(|(name, _)| name.to_string().into());
        with_names(self.numbered(), (0..self.values.len()).map(numbered).chain(named))
    }

    /// The text, with `$_0`, `$_1` and so on where the values belong.
    fn numbered(&self) -> String {
        let mut text = String::with_capacity(self.text.len() + self.values.len() * NAME_BYTES);
        let mut from = 0;
        for (index, (at, _)) in self.values.iter().enumerate() {
            text.push_str(&self.text[from..*at]);
            text.push('$');
            text.push_str(&numbered(index));
            from = *at;
        }
        text.push_str(&self.text[from..]);
        text
    }

    /// The places of the hints in the text with its names.
    fn numbered_hints(&self) -> Vec<IndexHint> {
        let names = |before: usize| {
            let values = self.values.iter().take_while(|(at, _)| *at <= before).enumerate();
            values.map(|(index, _)| 1 + numbered(index).len()).sum::<usize>()
        };
        self.hints.iter().map(|hint| IndexHint { at: hint.at + names(hint.at), ..*hint }).collect()
    }

    /// The finished statement, with its values bound as `$_0`, `$_1` and so on.
    pub(crate) fn into_query(self, scope: Scope, operation: Operation, deadline: impl Into<Patience>) -> Query {
        let items = || self.values.iter().map(|(_, item)| item).chain(self.named.iter().map(|(_, item)| item));
        let binding_bytes = items().map(|item| item.bytes().len() + NAME_BYTES).sum();
        let mut query = Query::with_capacity(scope, operation, self.numbered().into(), binding_bytes);
        query.deadline = deadline.into();
        query.hints = self.numbered_hints();
        query.error = self.refusal;
        query.is_dynamic = self.is_dynamic;
        query.needs = self.needs;
        if !self.queries.is_empty() {
            let reason = "a live query cannot read the result of another select: it would not see its changes";
            query.error.get_or_insert_with(|| Error::argument(reason));
        }
        for (index, (_, item)) in self.values.iter().enumerate() {
            query.bind_item(numbered(index), item);
        }
        for (name, item) in &self.named {
            match query.check_free(name) {
                Ok(()) => query.bind_item(name.to_string().into(), item),
                Err(error) => drop(query.error.get_or_insert(error)),
            }
        }
        query
    }
}

/// The text, with `$_0`, `$_1` and so on where the values belong.
impl fmt::Display for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.numbered())
    }
}

/// Without the values.
impl fmt::Debug for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fragment({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_behind_their_tables() {
        let table = || Fragment::of(&"t");
        let first = table().rows(Some(Fragment::new("a = ").value(&1)), false);
        let second = table().rows(Some(Fragment::new("b < ").value(&2)), true);
        let statement = Fragment::new("RETURN [(").then(first).text("), (").then(second).text(")]");
        let text = statement.numbered();
        assert_eq!(text, "RETURN [($_0 WHERE a = $_1), ($_2 WHERE b < $_3)]");
        let hints: Vec<_> = statement.numbered_hints().iter().map(|hint| (&text[..hint.at], hint.needs)).collect();
        let expected =
            [("RETURN [($_0", Feature::CompoundIndexes), ("RETURN [($_0 WHERE a = $_1), ($_2", Feature::Indexes)];
        assert_eq!(hints, expected);
    }

    #[test]
    fn search_in_an_order_has_its_index() {
        let search = Fragment::new("body @@ ").value(&"words");
        assert!(Fragment::new("t").rows(Some(search), true).hints.is_empty());
    }

    #[test]
    fn condition_decides_about_the_indexes_of_old_servers() {
        let own = |text: &str| Fragment::new(text);
        let needs = |condition: Fragment| Fragment::new("t").indexed_for(&condition).hints.pop().map(|hint| hint.needs);
        for (condition, expected) in [
            (own("a = $_0"), Some(Feature::CompoundIndexes)),
            (own("a < $_0"), Some(Feature::CompoundIndexes)),
            (own("!(a <= NULL)"), Some(Feature::Indexes)),
            (own("body @0,AND@ $_0"), None),
            (own("a < $_0").of_program(), Some(Feature::Indexes)),
            (own("a = $_0").of_program(), Some(Feature::CompoundIndexes)),
            (own("body @@ $_0").of_program(), None),
        ] {
            assert_eq!(needs(condition.clone()), expected, "{condition}");
        }
    }
}
