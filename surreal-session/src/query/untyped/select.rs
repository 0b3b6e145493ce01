//! SELECT without a model.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::filter::UntypedFilter;
use super::path;
use crate::error::Result;
use crate::protocol::Operation;
use crate::query::condition::Tree;
use crate::query::select::MAX_LIMIT;
use crate::query::statement::{Call, Fragment, Statement, apply_if, send};
use crate::query::write::{Reach, Records, first, rows};
use crate::query::{Response, Scope};
use crate::session::CallFuture;
use crate::value::Value;

/// Records to read when awaited, as [`Value`]s or as the type that [`decode`](UntypedSelect::decode) names.
///
/// A table or a range returns a `Vec` in the order of the ids; it is empty if there are no records or the identity may not
/// see them. A record id returns an `Option`. These change the result:
///
/// | Method | Result |
/// |---|---|
/// | [`fields`](Self::fields), [`filter`](Self::filter), [`order_by`](UntypedSelect::order_by), [`limit`](UntypedSelect::limit), [`start`](UntypedSelect::start), [`fetch`](Self::fetch) | `Vec` |
/// | [`first`](UntypedSelect::first) | `Option` |
/// | [`count`](UntypedSelect::count) | `u64` |
///
/// # Paths
///
/// A path is the name of a field, or several with dots between them: `address.city`. Each name is escaped, so that a path is
/// never anything but fields. In backticks a name may have any character: `` `a.b`.c ``. A star means all fields of an object
/// and all elements of an array: `address.*`.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if the table does not exist (server 3.3.5);
/// [`Decode`](crate::ErrorKind::Decode) if a record does not fit the type;
/// [`Validation`](crate::ErrorKind::Validation) for a condition that does not parse;
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument), before anything is sent, for an empty path and for a limit or start
/// that is negative.
///
/// # Cancel safety
///
/// See [`CallFuture`]; it only reads.
///
/// # Examples
///
/// ```
/// # use surreal_session::prelude::*;
/// # surreal_session_embedded::example(async |session| {
/// # session.execute("CREATE user:ada SET name = 'Ada', age = 36, address = { city: 'London', zip: 'W1' }").await?;
/// # session.execute("CREATE user:bob SET name = 'Bob', age = 7, address = { city: 'Bath', zip: 'BA1' }").await?;
/// let users = session.untyped().select(Table::new("user")).filter(surql!("age >= $min", min = 5));
/// let names = users.clone().fields(["name", "address.city"]).order_by_desc("age").limit(10).await?;
/// assert_eq!(names[0].to_string(), "{ address: { city: 'London' }, name: 'Ada' }");
/// assert_eq!(users.count().await?, 2);
/// # Ok(()) });
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct UntypedSelect<Out> {
    clauses: Clauses,
    read: fn(&Response, usize) -> Result<Out>,
}

#[derive(Debug, Clone)]
struct Clauses {
    call: Call,
    records: Records,
    counts: bool,
    /// All fields if there are none.
    fields: Vec<String>,
    filter: Vec<Tree>,
    order: Vec<String>,
    limit: Option<i64>,
    start: Option<i64>,
    /// Only the first record is read.
    is_first: bool,
    fetch: Vec<String>,
    timeout: Option<Duration>,
    /// The reason for which it is not sent.
    refusal: Option<String>,
}

macro_rules! selects {
    ($($records:ty => $decoded:ty, $read:expr;)+) => {$(
        impl UntypedSelect<$records> {
            pub(super) fn new(scope: Scope, records: Records) -> Self {
                Self { clauses: Clauses::new(scope, records), read: $read }
            }

            /// Returns records of type `T`.
            pub fn decode<T: DeserializeOwned>(self) -> UntypedSelect<$decoded> {
                UntypedSelect { clauses: self.clauses, read: $read }
            }
        }
    )+};
}

selects! {
    Vec<Value> => Vec<T>, rows;
    Option<Value> => Option<T>, first;
}

impl<T: DeserializeOwned> UntypedSelect<Vec<T>> {
    /// Orders the records by a [path](UntypedSelect#paths), the least value first. A second call adds a path of less weight.
    ///
    /// Missing values come first. Records that are equal in all of the paths come in no certain order.
    pub fn order_by(self, path: impl AsRef<str>) -> Self {
        self.ordered(path.as_ref(), " ASC")
    }

    /// Orders the records by a [path](UntypedSelect#paths), the greatest value first; see [`order_by`](Self::order_by).
    pub fn order_by_desc(self, path: impl AsRef<str>) -> Self {
        self.ordered(path.as_ref(), " DESC")
    }

    /// Reads at most `records` records. The last call counts. A negative number, or one above `i64::MAX`, is an
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) error when the select is awaited.
    pub fn limit(mut self, records: impl TryInto<i64>) -> Self {
        self.clauses.limit = self.clauses.number("limit", records);
        self
    }

    /// Skips the first `records` records. The last call counts; numbers as for [`limit`](Self::limit).
    pub fn start(mut self, records: impl TryInto<i64>) -> Self {
        self.clauses.start = self.clauses.number("start", records);
        self
    }

    /// Reads only the first of the records, and returns an `Option`: `None` if there are none.
    pub fn first(mut self) -> UntypedSelect<Option<T>> {
        self.clauses.is_first = true;
        UntypedSelect { clauses: self.clauses, read: first }
    }

    /// Returns the number of the records, without reading them.
    pub fn count(mut self) -> UntypedSelect<u64> {
        self.clauses.counts = true;
        UntypedSelect { clauses: self.clauses, read: count }
    }

    fn ordered(mut self, path: &str, direction: &str) -> Self {
        if let Some(path) = self.clauses.path(path) {
            self.clauses.order.push(path + direction);
        }
        self
    }
}

impl<Out> UntypedSelect<Out> {
    /// Reads only these fields, by their [paths](UntypedSelect#paths). The result is nested as the record is. A second call
    /// adds fields.
    pub fn fields(mut self, paths: impl IntoIterator<Item: AsRef<str>>) -> Self {
        for path in paths {
            let path = self.clauses.path(path.as_ref());
            self.clauses.fields.extend(path);
        }
        self
    }

    /// Reads only records for which the condition is true: SurrealQL text, or a [`Condition`](crate::Condition) of
    /// [`raw`](crate::Condition::raw) texts. Several filters all apply.
    pub fn filter(mut self, condition: impl UntypedFilter) -> Self {
        self.clauses.filter.push(condition.into_filter().into_tree());
        self
    }

    /// Puts the linked records in place of the record ids at these [paths](UntypedSelect#paths). An id whose record does not
    /// exist, or that the identity may not see, becomes NONE (server 3.3.5).
    pub fn fetch(mut self, paths: impl IntoIterator<Item: AsRef<str>>) -> Self {
        for path in paths {
            let path = self.clauses.path(path.as_ref());
            self.clauses.fetch.extend(path);
        }
        self
    }

    /// Sets how long the server may work on it; then it fails with [`Query`](crate::ErrorKind::Query).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.clauses.timeout = Some(timeout);
        self
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.clauses.call.deadline.end_after(deadline);
        self
    }

    /// Fails at once if there is no socket, instead of waiting for one until the deadline; see
    /// [`Connect::fail_fast`](crate::Connect::fail_fast).
    pub fn fail_fast(mut self) -> Self {
        self.clauses.call.deadline.fail_fast();
        self
    }

    apply_if! {}

    /// Returns the statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.clauses.surql().to_surql()
    }
}

impl Clauses {
    fn new(scope: Scope, records: Records) -> Self {
        Self {
            call: Call::new(scope),
            records,
            counts: false,
            fields: Vec::new(),
            filter: Vec::new(),
            order: Vec::new(),
            limit: None,
            start: None,
            is_first: false,
            fetch: Vec::new(),
            timeout: None,
            refusal: None,
        }
    }

    fn path(&mut self, path: &str) -> Option<String> {
        path::escape(path).map_err(|reason| self.refuse(reason)).ok()
    }

    fn number(&mut self, clause: &str, number: impl TryInto<i64>) -> Option<i64> {
        let number = number.try_into().ok().filter(|number| *number >= 0);
        if number.is_none() {
            self.refuse(format!("the {clause} is not between 0 and {}", i64::MAX));
        }
        number
    }

    fn refuse(&mut self, reason: String) {
        self.refusal.get_or_insert(reason);
    }

    fn surql(&self) -> Fragment {
        let statement = if self.counts { self.count() } else { self.rows() };
        let statement = statement.timeout(self.timeout);
        self.refusal.iter().fold(statement, |statement, reason| statement.refused(reason))
    }

    fn rows(&self) -> Fragment {
        // ORDER BY finds only what is selected, so that the fields are chosen from the ordered records.
        let order = self.order();
        let is_wrapped = !self.fields.is_empty() && !order.is_empty();
        let fields = if self.fields.is_empty() { "*".to_owned() } else { self.fields.join(", ") };
        let inner = if is_wrapped { "*" } else { &fields };
        let select = self.page(Fragment::new(format!("SELECT {inner} FROM ")).then(self.source()).text(&order));
        let select = match is_wrapped {
            true => Fragment::new(format!("SELECT {fields} FROM (")).then(select).text(")"),
            false => select,
        };
        match self.fetch.is_empty() {
            true => select,
            false => select.text(" FETCH ").text(&self.fetch.join(", ")),
        }
    }

    fn count(&self) -> Fragment {
        let count = Fragment::new("SELECT count() FROM ");
        let counted = if self.is_page() {
            // Beside GROUP ALL, a limit would apply to the one row with the count.
            let ids = Fragment::new("SELECT VALUE id FROM ").then(self.source());
            count.text("(").then(self.page(ids)).text(") WHERE true")
        } else if self.filter.is_empty() {
            // The server (3.3.5) fails to count a range without a condition.
            count.then(self.source()).text(" WHERE true")
        } else {
            count.then(self.source())
        };
        counted.text(" GROUP ALL")
    }

    /// The target with the condition.
    fn source(&self) -> Fragment {
        let target = self.records.surql.clone();
        let is_indexed = self.records.reach == Reach::Table;
        let is_ordered = !self.order().is_empty();
        let filter = (!self.filter.is_empty()).then(|| Tree::all(self.filter.iter().cloned()).into_fragment());
        match filter {
            filter if is_indexed => target.rows(filter, is_ordered),
            Some(filter) => target.text(" WHERE ").then(filter),
            None => target,
        }
    }

    /// Without an order, an index for the filter would choose the records of a page by its own order.
    fn order(&self) -> String {
        match (self.order.is_empty(), self.is_page() && !self.filter.is_empty() && self.records.reach != Reach::One) {
            (false, _) => format!(" ORDER BY {}", self.order.join(", ")),
            (true, true) => " ORDER BY id".to_owned(),
            (true, false) => String::new(),
        }
    }

    fn is_page(&self) -> bool {
        self.limit.is_some() || self.start.is_some() || self.is_first
    }

    fn page(&self, statement: Fragment) -> Fragment {
        let limit = if self.is_first { Some(self.limit.map_or(1, |limit| limit.min(1))) } else { self.limit };
        let statement = match limit {
            Some(limit) => statement.text(" LIMIT ").value(&limit.min(MAX_LIMIT)),
            None => statement,
        };
        match self.start {
            Some(start) => statement.text(" START ").value(&start),
            None => statement,
        }
    }
}

fn count(response: &Response, index: usize) -> Result<u64> {
    #[derive(Deserialize)]
    struct CountRow {
        count: u64,
    }

    Ok(response.take::<Option<CountRow>>(index)?.map_or(0, |counted| counted.count))
}

impl<Out: 'static> Statement for UntypedSelect<Out> {
    type Output = Out;

    fn call(&self) -> &Call {
        &self.clauses.call
    }

    fn operation(&self) -> Operation {
        Operation::statement("select", self.clauses.records.name.clone())
    }

    fn surql(&self) -> Fragment {
        self.clauses.surql()
    }

    fn read(&self, response: &Response, index: usize) -> Result<Out> {
        (self.read)(response, index)
    }
}

impl<Out: 'static> IntoFuture for UntypedSelect<Out> {
    type Output = Result<Out>;
    type IntoFuture = CallFuture<Out>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

impl<Out> Clone for UntypedSelect<Out> {
    fn clone(&self) -> Self {
        Self { clauses: self.clauses.clone(), read: self.read }
    }
}

/// The statement, without the values.
impl<Out> fmt::Debug for UntypedSelect<Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UntypedSelect({})", self.clauses.surql())
    }
}
