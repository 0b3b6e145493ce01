//! SELECT: the records of a table, some of them, or one.
//!
//! Each form of the result is a type: [`Select`], [`SelectIds`], [`SelectOne`], [`SelectExactlyOne`], [`Count`]
//! and [`Exists`]. All of them hold the same `Clauses`, which make the statement.

mod clauses;
mod count;
mod cursor;
mod grouped;
mod hybrid;
mod lenient;
mod nearest;
mod neighbours;
mod one;
mod page;
mod search;
mod searched;
mod stream;
mod values;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Bound;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::aggregate::Aggregates;
use super::condition::{self, Condition, IntoCondition};
use super::expression::Term;
use super::fetch::Links;
use super::order::{IntoOrder, Key};
use super::selection::{OptionalFields, Selection};
use super::statement::{Call, Fragment, Statement, builder_methods, send};
use super::{Operand, Response, Scope};
use crate::error::Result;
use crate::protocol::{self, Operation};
use crate::record::{
    FieldRef, HasMembers, IntoId, Key as _, KeyPrefix, Object, Of, Record, Stored, Vector, View, Within,
};
use crate::session::CallFuture;
use crate::value::{self, Datetime, RecordId, RecordKey, Table, Value, escape_identifier};
pub(crate) use clauses::{MAX_LIMIT, limited_range};
use clauses::{SelectClauses, Target};
pub use count::{Count, Exists, Explain};
pub use cursor::Cursor;
pub use grouped::{Aggregated, AggregatedAll, GroupBy};
pub use hybrid::Hybrid;
pub use lenient::{Lenient, SelectLenient};
pub use nearest::{Near, Nearest};
pub use neighbours::Distance;
pub use one::{SelectExactlyOne, SelectOne};
pub use page::{NumberedPage, Page, SelectNumberedPage, SelectPage};
pub use search::Search;
pub use searched::{Scored, SearchFields, Weighted};
pub use stream::RowStream;
pub use values::Values;

/// The fields of a record of type `T`, as closures receive them.
pub type Fields<T> = <T as Object>::Fields<Of<T>>;

/// The implementations of traits of a select. The type has a function `output` that reads the result.
macro_rules! select_traits {
    ($name:ident [$($row:ident)?] => $output:ty) => {
        impl<T: Record $(, $row: DeserializeOwned + 'static)?> Statement for $name<T $(, $row)?> {
            type Output = $output;

            fn call(&self) -> &Call {
                &self.clauses.call
            }

            fn operation(&self) -> Operation {
                self.clauses.operation.clone()
            }

            fn surql(&self) -> Fragment {
                self.clauses.surql()
            }

            fn read(&self, response: &Response, index: usize) -> Result<$output> {
                Self::output(&self.clauses, response, index)
            }
        }

        impl<T: Record $(, $row: DeserializeOwned + 'static)?> IntoFuture for $name<T $(, $row)?> {
            type Output = Result<$output>;
            type IntoFuture = CallFuture<$output>;

            fn into_future(self) -> Self::IntoFuture {
                send(self)
            }
        }

        impl<T $(, $row)?> Clone for $name<T $(, $row)?> {
            fn clone(&self) -> Self {
                Self { clauses: self.clauses.clone(), marker: PhantomData }
            }
        }

        /// The statement, without the values.
        impl<T $(, $row)?> fmt::Debug for $name<T $(, $row)?> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.clauses.surql())
            }
        }
    };
}

/// The methods that choose what is read of each record.
macro_rules! record_methods {
    ($name:ident) => {
        impl<T: Record> $name<T, T> {
            /// Reads only the fields of the view `V`, and returns `V` instead of `T`; see
            /// [`Select`](crate::query::Select#views-and-links).
            pub fn view<V: View<Record = T>>(mut self) -> $name<T, V> {
                self.clauses.view = Some(V::columns());
                $name::of(self.clauses)
            }

            /// Follows a link, or several in a tuple, and returns a tuple of `T` and a [`Link`](crate::Link) for each; see
            /// [`Select`](crate::query::Select#views-and-links).
            pub fn fetch<L: Links<T>>(mut self, links: impl FnOnce(Fields<T>) -> L) -> $name<T, L::Row> {
                self.clauses.links = links(*T::fields()).fetched();
                $name::of(self.clauses)
            }
        }
    };
}

/// Methods of several types. They are part of the call, so that messages of the compiler show them and no macro.
macro_rules! methods {
    ([] $methods:tt) => {};
    ([[$($generics:tt)*] $ty:ty; $($others:tt)*] { $($methods:tt)* }) => {
        impl<$($generics)*> $ty {
            $($methods)*
        }

        methods! { [$($others)*] { $($methods)* } }
    };
}

use {record_methods, select_traits};

/// Records of type `T`: awaiting it returns a `Vec<V>`, where `V` is `T` unless [`view`](Self::view) or
/// [`fetch`](Self::fetch) changes it.
///
/// Reads the whole table in the order of the ids, unless other methods are called. These change the result:
///
/// | Method | Type | Result |
/// |---|---|---|
/// | [`range`](Self::range), [`filter`](Self::filter), [`order_by`](Self::order_by), [`limit`](Self::limit), [`start`](Self::start) | `Select` | `Vec<T>` |
/// | [`omit`](Self::omit), [`with_index`](Self::with_index), [`version`](Self::version) | `Select` | `Vec<T>` |
/// | [`ids`](Self::ids) | [`SelectIds`] | `Vec<T>` |
/// | [`id`](Self::id), [`first`](Self::first) | [`SelectOne`] | `Option<T>` |
/// | [`one`](Self::one) | [`SelectExactlyOne`] | `T`, or an error |
/// | [`lenient`](Self::lenient) | [`SelectLenient`] | [`Lenient`]: `Vec<T>` and the errors of the others |
/// | [`count`](Self::count) | [`Count`] | `u64` |
/// | [`exists`](Self::exists) | [`Exists`] | `bool` |
/// | [`page`](Self::page) | [`SelectPage`] | `Page<T>` |
/// | [`page_at`](Self::page_at) | [`SelectNumberedPage`] | `NumberedPage<T>` |
/// | [`stream`](Self::stream) | [`RowStream`] | a `Stream` of `Result<T>` |
/// | [`values`](Self::values) | [`Values`] | `Vec` of columns |
/// | [`group_by`](Self::group_by) | [`Aggregated`] | `Vec<(key, aggregates)>` |
/// | [`aggregate`](Self::aggregate) | [`AggregatedAll`] | the aggregates |
/// | [`search`](Self::search) | [`Search`] | `Vec<Scored<T>>` |
/// | [`nearest`](Self::nearest) | [`Nearest`] | `Vec<Near<T>>` |
/// | [`explain`](Self::explain) | [`Explain`] | `String` |
///
/// No record is not an error, except for `one`. Records that the identity of the session may not see are left out.
///
/// With a filter that an index serves, all matching records come in the order of the index (server 3.3.5). `first`, `limit`
/// and `start` choose by id even then.
///
/// # Views and links
///
/// A view reads some of the fields; a field of a view may also be a [`Link`](crate::Link) to the record that an id leads to.
/// `fetch` reads the whole record with its ids, and the linked records beside it.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct Company { id: Id<Company>, name: String }
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String, biography: String, employer: Option<Id<Company>>, friends: Vec<Id<User>> }
/// #[derive(Deserialize, View)]
/// #[record(of = User)]
/// struct Card {
///     name: String,
///     employer: Option<Link<Company>>,
/// }
///
/// # surreal_session_embedded::example(async |session| {
/// # session.execute("CREATE company:acme SET name = 'ACME'").await?;
/// # session.execute("CREATE user:ada SET name = 'Ada', biography = '', employer = company:acme, friends = []").await?;
/// for card in session.select::<User>().view::<Card>().await? {
///     let employer = card.employer.and_then(Link::into_record);
///     assert_eq!((card.name.as_str(), employer.unwrap().name.as_str()), ("Ada", "ACME"));
/// }
///
/// for (user, employer, friends) in session.select::<User>().fetch(|u| (u.employer, u.friends)).await? {
///     assert_eq!(user.employer, Some(Id::new("acme")));
///     assert_eq!(employer.unwrap().into_record().unwrap().name, "ACME");
///     assert!(friends.is_empty());
/// }
/// # Ok(()) });
/// ```
///
/// # COMPUTED fields
///
/// With a view, fields that neither the view nor the order needs are not read, so that COMPUTED fields among them are not
/// computed. `count` and `exists` compute none. The server (3.3.5) computes all COMPUTED fields of a record if there is a
/// filter with a value, if the records are chosen by `ids`, or if a path leads through a link into the record. Keep slow and
/// failing expressions out of such fields.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if the table does not exist (server 3.3.5): the first write or DEFINE TABLE
/// creates it; [`Decode`](crate::ErrorKind::Decode) if a record does not fit `T`, with its id and the path;
/// [`Query`](crate::ErrorKind::Query) after its [`timeout`](Self::timeout);
/// [`Validation`](crate::ErrorKind::Validation) for raw conditions that do not parse;
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument), before anything is sent, for conditions that are nested too deep,
/// for a limit or start that is negative, and for `id`, `ids` or `range` after another of them or after `limit` or `start`.
///
/// # Cancel safety
///
/// See [`CallFuture`]; a select only reads.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String, email: String, age: u8 }
/// # surreal_session_embedded::example(async |session| {
/// # session.execute("CREATE user:ada SET name = 'Ada', email = 'ada@x.io', age = 36").await?;
/// let all: Vec<User> = session.select::<User>().await?;
/// let ada: Option<User> = session.select::<User>().id("ada").await?;
///
/// let domain = Some("@x.io");
/// let adults = session
///     .select::<User>()
///     .filter(|u| u.age.gte(18))
///     .filter_opt(domain, |u, domain| u.email.ends_with(domain));
/// let total: u64 = adults.clone().count().await?;
/// let first_page: Vec<User> = adults.order_by(|u| u.name.asc()).limit(20).start(0).await?;
/// assert_eq!((all.len(), ada.unwrap().age, total, first_page.len()), (1, 36, 1, 1));
/// # Ok(()) });
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct Select<T, V = T> {
    clauses: SelectClauses,
    marker: PhantomData<fn() -> (T, V)>,
}

impl<T: Record> Select<T> {
    pub(super) fn new(scope: Scope) -> Self {
        let table = Target::Table(Fragment::of(&Table::new(T::TABLE)));
        let clauses = SelectClauses::new(Call::new(scope), Operation::on_table("select", T::TABLE), table);
        Self::of(clauses.scoped(condition::default_condition::<T>().map(Condition::into_tree)))
    }

    /// The records with the ids in the array that `source` is.
    pub(super) fn from_source(call: Call, operation: Operation, source: Fragment) -> Self {
        Self::of(SelectClauses::new(call, operation, Target::Source(source)))
    }
}

impl<T: Record, V> Select<T, V> {
    /// Reads only the record with this id, or with this key, and returns an `Option`.
    pub fn id(mut self, id: impl IntoId<T>) -> SelectOne<T, V> {
        let id = id.into_id();
        self.clauses.choose(Target::Id(Fragment::of(&id)));
        self.clauses.operation = Operation::statement("select", protocol::Target::shown(id));
        SelectOne::of(self.clauses)
    }

    /// Reads only the records with these ids, or keys, in this order unless [`order_by`](SelectIds::order_by) sets another.
    ///
    /// Ids without a record are left out, which is not an error even if the table does not exist. A record whose id is given
    /// twice is returned twice.
    pub fn ids(mut self, ids: impl IntoIterator<Item: IntoId<T>>) -> SelectIds<T, V> {
        self.clauses.choose(Target::Ids(ids.into_iter().map(|id| Term::value(&id.into_id())).collect()));
        SelectIds::of(self.clauses)
    }

    /// Reads only the records whose ids, or keys, are in this range, such as `"a".."f"` or `first..=last`.
    ///
    /// Keys are in the order of the server: text by its characters, tuples by their first part, then by the second. Unlike
    /// with a filter, the server looks at no other record.
    ///
    /// The order of two kinds of keys differs from Rust (server 3.3.5). Datetimes within one second are out of order, so that
    /// a range from or to a whole second misses records of that second. Structs are compared by their fields in alphabetical
    /// order. Use tuples, and ints instead of datetimes.
    pub fn range<K: IntoId<T>>(mut self, ids: impl Into<value::Range<K>>) -> Self {
        let keys = ids.into().map(|id| id.into_id().into_key().to_record_key());
        self.clauses.choose(Target::Range(Fragment::of(&RecordId::new(T::TABLE, RecordKey::from(keys)))));
        self
    }

    /// Reads only the records whose keys begin with these parts: `.prefix(("de",))` for keys of type `(String, i64)`.
    ///
    /// Like [`range`](Self::range), the server looks at no other record.
    pub fn prefix(mut self, parts: impl KeyPrefix<T::Key>) -> Self {
        let first = parts.parts();
        // A range comes after every other part of a key.
        let last =
            [&first[..], &[Value::Range(Box::new(value::Range::new(Bound::Unbounded, Bound::Unbounded)))]].concat();
        let keys = value::Range::from(RecordKey::Array(first)..=RecordKey::Array(last));
        self.clauses.choose(Target::Range(Fragment::of(&RecordId::new(T::TABLE, RecordKey::from(keys)))));
        self
    }

    /// Reads at most `records` records. The last call counts.
    ///
    /// Accepts every integer type. A negative number, or one above `i64::MAX`, is an
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) error when the select is awaited.
    pub fn limit(mut self, records: impl TryInto<i64>) -> Self {
        self.clauses.limit(records);
        self
    }

    /// Sets the [`limit`](Self::limit) if there is a value.
    pub fn limit_opt(self, records: Option<impl TryInto<i64>>) -> Self {
        self.apply_if(records, Self::limit)
    }

    /// Skips the first `records` records. The last call counts; numbers as for [`limit`](Self::limit).
    pub fn start(mut self, records: impl TryInto<i64>) -> Self {
        self.clauses.start(records);
        self
    }

    /// Sets the [`start`](Self::start) if there is a value.
    pub fn start_opt(self, records: Option<impl TryInto<i64>>) -> Self {
        self.apply_if(records, Self::start)
    }

    /// Reads one page of at most `rows` records: the first, or the one of a cursor of another page.
    ///
    /// The records are in the order of [`order_by`](Self::order_by), and those that are equal in the order of their ids. A
    /// page begins behind a record, not at a number, so that no record is skipped or repeated when others are inserted or
    /// deleted in between. A record that moves in the order may be.
    ///
    /// Without `order_by` a page takes the time of its records. With it the server (3.3.5) reads all records that pass the
    /// filter for each page.
    pub fn page(self, rows: impl TryInto<i64>, cursor: Option<Cursor>) -> SelectPage<T, V> {
        SelectPage::new(self.clauses, rows, cursor)
    }

    /// Reads the page with this number, counted from 1, of pages with `rows` records each, and the number of all records.
    ///
    /// The server counts and skips the records before the page: use [`page`](Self::page) where numbers are not needed.
    pub fn page_at(self, rows: impl TryInto<i64>, number: impl TryInto<i64>) -> SelectNumberedPage<T, V> {
        SelectNumberedPage::new(self.clauses, rows, number)
    }

    /// Reads the records one after the other, in bounded memory.
    ///
    /// [`RowStream`] says how, and what a lost connection means.
    pub fn stream(self) -> RowStream<T, V> {
        RowStream::new(self.clauses)
    }

    /// Finds the records whose text matches the words, and returns each with its score, best first.
    ///
    /// The closure returns a field with a full-text index, or several in a tuple, of which one has to match; see
    /// [`weight`](FieldRef::weight). The analyzer of the index splits and changes the words and the text.
    pub fn search<S: SearchFields<T>>(
        self,
        fields: impl FnOnce(Fields<T>) -> S,
        words: impl AsRef<str>,
    ) -> Search<T, V> {
        Search::new(self.clauses, fields(*T::fields()), words.as_ref())
    }

    /// Finds the `k` records whose vectors are nearest to `vector`, and returns each with its distance, nearest first.
    ///
    /// A field of type `[f32; 384]` takes only vectors of that length. Records without a vector, or with one of another
    /// length, are not found.
    ///
    /// If the field is declared with `#[record(hnsw(..))]` in the model, that index finds them: it is fast, and may leave out
    /// some of the nearest. Otherwise all records are compared, by their Euclidean distance. [`ef`](Nearest::ef) and
    /// [`exact`](Nearest::exact) choose one of the two.
    pub fn nearest<P, E, O>(self, field: impl FnOnce(Fields<T>) -> FieldRef<P, E>, vector: O, k: u32) -> Nearest<T, V>
    where
        T: HasMembers,
        P: Within<T>,
        E: Stored<As: Vector>,
        O: Operand<T, E>,
    {
        Nearest::new(self.clauses, field(*T::fields()), vector, k)
    }

    /// Lets the server use only these indexes of the table, the one that fits best.
    ///
    /// The server (3.3.5) ignores names of indexes that do not exist. On servers before 3.3, some selects use an index only if it
    /// is named; see [`Feature::Indexes`](crate::connection::Feature::Indexes).
    pub fn with_index(mut self, names: impl IntoIterator<Item: AsRef<str>>) -> Self {
        let names: Vec<_> = names.into_iter().map(|name| escape_identifier(name.as_ref()).into_owned()).collect();
        self.clauses.index = Some(names);
        self
    }

    /// Lets the server use no index.
    pub fn without_index(mut self) -> Self {
        self.clauses.index = Some(Vec::new());
        self
    }

    /// Reads the records as they were at that time.
    ///
    /// The statement fails unless the store of the server keeps versions, as `surrealkv://path?versioned=true` does.
    pub fn version(mut self, at: Datetime) -> Self {
        self.clauses.version = Some(at);
        self
    }
}

impl<T: Record> Select<T> {
    /// Leaves optional fields out, which are `None` in the records then: one, or several in a tuple.
    ///
    /// A [view](Self::view) reads the other fields into a type without them.
    pub fn omit<O: OptionalFields<T>>(mut self, fields: impl FnOnce(Fields<T>) -> O) -> Self {
        fields(*T::fields()).paths(&mut self.clauses.omitted);
        self
    }
}

select_traits! { Select [V] => Vec<V> }
record_methods! { Select }

/// The records of type `T` with the given ids: awaiting it returns a `Vec<V>`, without those that do not exist.
///
/// Made by [`Select::ids`]. Errors and cancel safety are those of [`Select`].
#[must_use = "nothing is read until this is awaited"]
pub struct SelectIds<T, V = T> {
    clauses: SelectClauses,
    marker: PhantomData<fn() -> (T, V)>,
}

impl<T: Record, V> SelectIds<T, V> {
    /// Locks the records until the end of the transaction: if another transaction changes one of them, one of the two
    /// commits is a conflict.
    ///
    /// Has no effect outside of a transaction.
    pub fn for_update(mut self) -> Self {
        self.clauses.lock();
        self
    }
}

select_traits! { SelectIds [V] => Vec<V> }
record_methods! { SelectIds }

methods! { [
    [T: Record, V] Select<T, V>;
    [T: Record, V] SelectIds<T, V>;
    [T: Record, V] SelectOne<T, V>;
    [T: Record, V] SelectExactlyOne<T, V>;
    [T: Record, V] SelectLenient<T, V>;
    [T: Record] Count<T>;
    [T: Record] Exists<T>;
] {
    /// Reads only records for which this is true. Several filters all apply.
    ///
    /// The closure receives the fields of the record; see [`Condition`](crate::Condition).
    pub fn filter<C: IntoCondition<T>>(mut self, condition: impl FnOnce(Fields<T>) -> C) -> Self {
        self.clauses.filter.push(condition(*T::fields()).into_condition().into_tree());
        self
    }

    /// Adds a filter if there is a value, such as an optional parameter of a search.
    pub fn filter_opt<O, C: IntoCondition<T>>(
        self,
        value: Option<O>,
        condition: impl FnOnce(Fields<T>, O) -> C,
    ) -> Self {
        self.apply_if(value, |builder, value| builder.filter(|fields| condition(fields, value)))
    }

    /// Reads also records outside of the scope that `#[record(scope = "..")]` sets.
    pub fn unscoped(mut self) -> Self {
        self.clauses.unscoped();
        self
    }

    /// Sets how long the server may take. After that the statement fails with
    /// [`Query`](crate::ErrorKind::Query).
    ///
    /// Unlike a [`deadline`](Self::deadline), it also stops the work of the server.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.clauses.timeout = Some(timeout);
        self
    }

    /// Returns the plan of the server for this select, such as the index that it uses, instead of running it.
    pub fn explain(self) -> Explain {
        Explain::new(&self.clauses)
    }

    builder_methods! { clauses.call }
} }

methods! { [
    [T: Record, V] Select<T, V>;
    [T: Record, V] SelectIds<T, V>;
] {
    /// Orders the records by a field, or by several in a tuple. A second call adds fields of less weight.
    ///
    /// Records that are equal in all of them come in no particular order; add the id to fix it.
    pub fn order_by<O: IntoOrder<T>>(mut self, order: impl FnOnce(Fields<T>) -> O) -> Self {
        order(*T::fields()).order(&mut self.clauses.order);
        self
    }

    /// Orders the records by chance. It cannot be combined with [`order_by`](Self::order_by).
    pub fn order_random(mut self) -> Self {
        self.clauses.order.push(Key::random());
        self
    }

    /// Reads only the first of the records, and returns an `Option`: `None` if there are none.
    pub fn first(mut self) -> SelectOne<T, V> {
        self.clauses.first();
        SelectOne::of(self.clauses)
    }

    /// Returns the only record itself.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is none, [`TooManyRecords`](crate::ErrorKind::TooManyRecords)
    /// if there are several.
    pub fn one(mut self) -> SelectExactlyOne<T, V> {
        self.clauses.only();
        SelectExactlyOne::of(self.clauses)
    }

    /// Returns the records that fit their type, and an error for each of the others, instead of one error for all.
    pub fn lenient(self) -> SelectLenient<T, V> {
        SelectLenient::new(self.clauses)
    }

    /// Returns the number of the records, without reading them.
    pub fn count(self) -> Count<T> {
        Count::new(self.clauses)
    }

    /// Returns whether there are any records, without reading them.
    pub fn exists(self) -> Exists<T> {
        Exists::new(self.clauses)
    }

    fn of(clauses: SelectClauses) -> Self {
        Self { clauses, marker: PhantomData }
    }

    fn output(_: &SelectClauses, response: &Response, index: usize) -> Result<Vec<V>>
    where
        V: DeserializeOwned,
    {
        response.take(index)
    }
} }

methods! { [
    [T: Record] Select<T>;
    [T: Record] SelectIds<T>;
] {
    /// Reads one column of the records, or several in a tuple, instead of the records: `.values(|u| (u.id, u.name))`.
    ///
    /// Filters, order, limit and start come before it. [`Selection`] lists the columns and their types.
    pub fn values<S: Selection<T>>(self, columns: impl FnOnce(Fields<T>) -> S) -> Values<T, S> {
        Values::new(self.clauses, columns(*T::fields()))
    }

    /// Groups the records by a column, or by several in a tuple: `.group_by(|o| o.state)`, then `.aggregate(..)`.
    ///
    /// A missing key is a group, in which NONE and NULL are the same. A limit before this limits the records that are
    /// grouped, one behind [`aggregate`](GroupBy::aggregate) the groups.
    pub fn group_by<K: Selection<T>>(self, keys: impl FnOnce(Fields<T>) -> K) -> GroupBy<T, K> {
        GroupBy::new(self.clauses, keys(*T::fields()))
    }

    /// Computes aggregates over all records of the select: awaiting it returns one value, or a tuple of them.
    pub fn aggregate<A: Aggregates<T>>(self, aggregates: impl FnOnce(Fields<T>) -> A) -> AggregatedAll<T, A> {
        AggregatedAll::new(self.clauses, aggregates(*T::fields()))
    }
} }

/// The fields of a view as an object.
pub(crate) fn view_object<V: View>() -> Fragment {
    clauses::object_of(&V::columns())
}
