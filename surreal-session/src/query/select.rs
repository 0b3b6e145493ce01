//! SELECT: the records of a table, some of them, or one.

mod explain;
mod parts;
pub mod state;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::Response;
use super::condition::IntoCondition;
use super::expression::Term;
use super::fragment::Fragment;
use super::link::Links;
use super::order::IntoOrder;
use super::statement::{Call, Statement, send};
use crate::error::Result;
use crate::protocol::{self, Operation};
use crate::record::{Column, IntoId, Key, Object, Of, Record, View};
use crate::session::{CallFuture, Scope};
use crate::value::{self, RecordId, RecordKey, Table, escape_object_key};
pub use explain::Explain;
use parts::{Parts, Shape, Target};
use state::{
    Begins, ById, Count, Counts, Exists, First, Gives, Ids, Locks, One, Orders, Paged, Pages, Range, Singles, State,
    Targets, Whole,
};

/// The struct of fields that closures about records of type `T` are given.
pub type Fields<T> = <T as Object>::Fields<Of<T>>;

/// The records of `T`'s table, read when awaited: all of them, in the order of their ids, unless told otherwise.
///
/// With a filter that an index serves, all that pass it come in the order of the index instead (server 3.3.5); the first of
/// them, and those up to a limit or from a start, are chosen by their ids all the same.
///
/// | Told | Gives |
/// |---|---|
/// | nothing, or [`range`](Self::range), [`ids`](Self::ids) | `Vec<T>` |
/// | [`id`](Self::id), [`first`](Self::first) | `Option<T>` |
/// | [`one`](Self::one) | `T` |
/// | [`count`](Self::count) | `u64` |
/// | [`exists`](Self::exists) | `bool` |
/// | [`view`](Self::view) | a view instead of `T` |
/// | [`fetch`](Self::fetch) | a tuple of `T` and the records that it links to instead of `T` |
///
/// No record is no error, save for `one`: it gives an empty `Vec`, `None`, 0 or `false`. Records that the identity may
/// not see are not there. What makes no sense together does not compile; what has been said is in the parameter `S`.
///
/// With [`view`](Self::view), the fields that neither the view nor the order has are not read, so that COMPUTED fields are not
/// computed either; `count` and `exists` compute none. The server (3.3.5) computes all COMPUTED fields of a record, needed or
/// not, if there is a filter with a value, if records are read by `ids([..])`, or if a path leads through a link into it. Keep
/// what is slow or may fail out of such fields.
///
/// A select can be cloned before it is awaited, to count what is then read page by page.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if the table does not exist (server 3.3.5): it is made by the first write or
/// by DEFINE TABLE; [`Decode`](crate::ErrorKind::Decode) if a record does not fit `T`, with its id and the path;
/// [`Query`](crate::ErrorKind::Query) after its [`timeout`](Self::timeout);
/// [`Validation`](crate::ErrorKind::Validation) for conditions that are nested too deep, or raw ones that do not parse.
///
/// # Cancel safety
///
/// See [`CallFuture`]; it only reads.
///
/// # Examples
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String, email: String, age: u8 }
/// # async fn example(session: Session, domain: Option<&str>) -> surreal_session::Result<()> {
/// let everybody: Vec<User> = session.select::<User>().await?;
/// let ada: Option<User> = session.select::<User>().id("ada").await?;
///
/// let adults = session
///     .select::<User>()
///     .filter(|u| u.age.gte(18))
///     .filter_opt(domain, |u, domain| u.email.ends_with(domain));
/// let total: u64 = adults.clone().count().await?;
/// let third_page: Vec<User> = adults.order_by(|u| u.name.asc()).limit(20).start(40).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct Select<T, V = T, S = Whole> {
    parts: Parts,
    marker: Marker<T, V, S>,
}

type Marker<T, V, S> = PhantomData<fn() -> (T, V, S)>;

impl<T: Record> Select<T> {
    pub(super) fn new(scope: Scope) -> Self {
        let table = Target::Table(Fragment::of(&Table::new(T::TABLE)));
        Self::of(Parts::new(Call::new(scope), Operation::on_table("select", T::TABLE), table))
    }
}

#[expect(clippy::mismatching_type_param_order, reason = "the rows are records")]
impl<T: Record> Select<T, T, state::Found> {
    /// The records with the ids in the array that `source` is.
    pub(super) fn found(call: Call, operation: Operation, source: Fragment) -> Self {
        Self::of(Parts::new(call, operation, Target::Source(source)))
    }
}

impl<T: Record, V, S: State> Select<T, V, S> {
    /// Reads only the record with this id, or with this key.
    pub fn id(mut self, id: impl IntoId<T>) -> Select<T, V, ById>
    where
        S: Targets,
    {
        let id = id.into_id();
        self.parts.target = Target::Source(Fragment::of(&id));
        self.parts.operation = Operation::statement("select", protocol::Target::shown(id));
        self.parts.shape = Shape::Row;
        self.told()
    }

    /// Reads only the records with these ids, or keys, in their order unless there is another.
    ///
    /// Those that do not exist are left out, which is no error even if there is no such table, and those that are named
    /// twice come twice.
    pub fn ids(mut self, ids: impl IntoIterator<Item: IntoId<T>>) -> Select<T, V, Ids>
    where
        S: Targets,
    {
        self.parts.target = Target::Ids(ids.into_iter().map(|id| Term::value(&id.into_id())).collect());
        self.told()
    }

    /// Reads only the records whose ids, or keys, are in this range, such as `"a".."f"` or `first..=last`.
    ///
    /// Keys are in the server's order: text by its characters, tuples by their first part, then the second. No other
    /// record is looked at, as it would be for a filter.
    ///
    /// Two kinds of keys are not in the order of Rust (server 3.3.5). Datetimes within one second are out of order, so that a
    /// range from or to a whole second loses records of that second. Structs are compared by their fields in the
    /// order of the alphabet. Use tuples, and ints instead of datetimes.
    pub fn range<K: IntoId<T>>(mut self, ids: impl Into<value::Range<K>>) -> Select<T, V, Range>
    where
        S: Targets,
    {
        let keys = ids.into().map(|id| id.into_id().into_key().to_record_key());
        self.parts.target = Target::Source(Fragment::of(&RecordId::new(T::TABLE, RecordKey::from(keys))));
        self.told()
    }

    /// Reads only records of which this is true. Given several times, all of them have to be.
    ///
    /// The closure is given the fields of the record; see [`Condition`](crate::Condition) for what it makes of them.
    pub fn filter<C: IntoCondition<T>>(mut self, condition: impl FnOnce(Fields<T>) -> C) -> Self {
        self.parts.filter.push(condition(*T::fields()).into_condition().into_tree());
        self
    }

    /// The same if there is a value, such as a parameter that the user may leave out; otherwise nothing.
    pub fn filter_opt<O, C: IntoCondition<T>>(
        self,
        value: Option<O>,
        condition: impl FnOnce(Fields<T>, O) -> C,
    ) -> Self {
        match value {
            Some(value) => self.filter(|fields| condition(fields, value)),
            None => self,
        }
    }

    /// Puts the records in an order, by one or several fields; given several times, the first decides first.
    ///
    /// Records that are the same in all of them come in no particular order; add the id to have one.
    pub fn order_by<O: IntoOrder<T>>(mut self, order: impl FnOnce(Fields<T>) -> O) -> Select<T, V, S::Then>
    where
        S: Orders,
    {
        order(*T::fields()).order(&mut self.parts.order);
        self.told()
    }

    /// Reads at most so many records. Given twice, the last counts.
    ///
    /// Takes any type of int. What is negative or beyond `i64` is refused when the select is awaited, with
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn limit(mut self, records: impl TryInto<i64>) -> Select<T, V, Paged>
    where
        S: Pages,
    {
        self.parts.limit = Some(number("limit", records));
        self.told()
    }

    /// Leaves out so many records at the beginning. Given twice, the last counts; numbers as for [`limit`](Self::limit).
    pub fn start(mut self, records: impl TryInto<i64>) -> Select<T, V, Paged>
    where
        S: Pages,
    {
        self.parts.start = Some(number("start", records));
        self.told()
    }

    /// Reads only the first record: that with the least id, unless there is an order.
    pub fn first(mut self) -> Select<T, V, First>
    where
        S: Begins,
    {
        self.parts.limit = Some(Fragment::new("1"));
        self.told()
    }

    /// Reads the only record.
    ///
    /// Fails with [`NotFound`](crate::ErrorKind::NotFound) if there is none, and with
    /// [`TooManyRecords`](crate::ErrorKind::TooManyRecords) if there are several.
    pub fn one(mut self) -> Select<T, V, One>
    where
        S: Singles,
    {
        self.parts.shape = Shape::Rows;
        self.parts.is_only = true;
        self.parts.limit = Some(Fragment::new("2"));
        self.told()
    }

    /// Counts the records instead of reading them.
    pub fn count(mut self) -> Select<T, V, Count>
    where
        S: Counts,
    {
        self.parts.shape = Shape::Count;
        self.told()
    }

    /// Asks whether there is any record, instead of reading it.
    pub fn exists(mut self) -> Select<T, V, Exists>
    where
        S: Singles,
    {
        self.parts.shape = Shape::Exists;
        self.told()
    }

    /// Locks the records until the end of the transaction: one that changes them meanwhile makes its commit a conflict.
    ///
    /// Outside of a transaction it makes no difference.
    pub fn for_update(mut self) -> Self
    where
        S: Locks,
    {
        self.parts.locks = true;
        self
    }

    /// Sets how long the server may take, which then fails the statement with [`Query`](crate::ErrorKind::Query).
    ///
    /// Unlike a [`deadline`](Self::deadline) it leaves nothing running.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.parts.timeout = Some(timeout);
        self
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`](super::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.parts.call.deadline = Some(deadline);
        self
    }

    /// Asks how the server would find the records, such as by which index, instead of reading them.
    pub fn explain(self) -> Explain {
        Explain::new(self.parts.call.clone(), self.parts.operation.clone().with_verb("explain"), self.parts.surql())
    }

    /// The statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        let Call { scope, deadline } = self.parts.call.clone();
        self.parts.surql().into_query(scope, self.parts.operation.clone(), deadline).to_surql()
    }

    fn of(parts: Parts) -> Self {
        Self { parts, marker: PhantomData }
    }

    fn told<W, N: State>(self) -> Select<T, W, N> {
        Select::of(self.parts)
    }
}

#[expect(clippy::mismatching_type_param_order, reason = "nothing was said of the fields yet, so rows are records")]
impl<T: Record, S: State> Select<T, T, S> {
    /// Reads only the fields that are in the view `V`.
    ///
    /// A field of a view may also be what a link leads to, as a [`Link`](crate::Link).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct Company { id: Id<Company>, name: String }
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String, biography: String, employer: Option<Id<Company>> }
    /// #[derive(Deserialize, View)]
    /// #[record(of = User)]
    /// struct Card {
    ///     name: String,
    ///     employer: Option<Link<Company>>,
    /// }
    ///
    /// # async fn example(session: Session) -> surreal_session::Result<()> {
    /// for card in session.select::<User>().view::<Card>().await? {
    ///     let employer = card.employer.and_then(Link::into_record);
    ///     println!("{}, {}", card.name, employer.map_or("nowhere".to_owned(), |company| company.name));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn view<V: View<Record = T>>(mut self) -> Select<T, V, S>
    where
        S: Gives,
    {
        self.parts.view = Some(V::columns());
        self.told()
    }

    /// Follows links, one or several in a tuple, and gives the records that they lead to beside each record.
    ///
    /// A row becomes a tuple of the record and a [`Link`](crate::Link) for each link. The record itself is as without
    /// it, with its ids.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String }
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct Post { id: Id<Post>, title: String, author: Id<User>, likes: Vec<Id<User>> }
    /// # async fn example(session: Session) -> surreal_session::Result<()> {
    /// let posts = session.select::<Post>().fetch(|p| (p.author, p.likes)).limit(10).await?;
    /// for (post, author, likes) in posts {
    ///     let author = author.into_record().map_or_else(|| "somebody".to_owned(), |author| author.name);
    ///     println!("{} by {author}: {} likes", post.title, likes.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn fetch<L: Links<T>>(mut self, links: impl FnOnce(Fields<T>) -> L) -> Select<T, L::Row, S>
    where
        S: Gives,
    {
        self.parts.links = links(*T::fields()).fetched();
        self.told()
    }
}

/// The fields of a view as an object.
pub(crate) fn view_object<V: View>() -> Fragment {
    let entries = V::columns()
        .into_iter()
        .map(|Column { path, name, .. }| Fragment::new(escape_object_key(name)).text(": ").text(&path));
    Fragment::new("{ ").joined(entries, ", ").text(" }")
}

fn number(clause: &str, number: impl TryInto<i64>) -> Fragment {
    match number.try_into() {
        Ok(number @ 0..) => Fragment::of(&number),
        _ => Fragment::default().refused(&format!("the {clause} is not between 0 and {}", i64::MAX)),
    }
}

impl<T: Record, V: DeserializeOwned + 'static, S: State> Statement for Select<T, V, S> {
    type Output = S::Result<V>;

    fn call(&self) -> &Call {
        &self.parts.call
    }

    fn operation(&self) -> Operation {
        self.parts.operation.clone()
    }

    fn surql(&self) -> Fragment {
        self.parts.surql()
    }

    fn read(&self, response: &Response, index: usize) -> Result<S::Result<V>> {
        S::read(response, index, T::TABLE)
    }
}

impl<T: Record, V: DeserializeOwned + 'static, S: State> IntoFuture for Select<T, V, S> {
    type Output = Result<S::Result<V>>;
    type IntoFuture = CallFuture<S::Result<V>>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

impl<T, V, S> Clone for Select<T, V, S> {
    fn clone(&self) -> Self {
        Self { parts: self.parts.clone(), marker: PhantomData }
    }
}

/// The statement, without the values.
impl<T, V, S> fmt::Debug for Select<T, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Select({})", self.parts.surql())
    }
}
