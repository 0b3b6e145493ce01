//! Aggregates over all records of a select, or over groups of them.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::Fields;
use super::clauses::{MAX_LIMIT, SelectClauses};
use crate::error::{Error, Result};
use crate::protocol::Operation;
use crate::query::Response;
use crate::query::aggregate::{Aggregates, Group, key_name, value_name};
use crate::query::condition::{IntoCondition, Tree};
use crate::query::order::{IntoOrder, Key};
use crate::query::selection::{Columns, Selection};
use crate::query::statement::{Call, Fragment, Statement, builder_methods, send};
use crate::record::Record;
use crate::session::CallFuture;

/// Records that are grouped by the columns `K`; [`aggregate`](Self::aggregate) says what is computed from each group.
#[must_use = "call `.aggregate(..)`, then `.await`"]
pub struct GroupBy<T, K> {
    clauses: SelectClauses,
    keys: Columns,
    marker: PhantomData<fn() -> (T, K)>,
}

impl<T: Record, K: Selection<T>> GroupBy<T, K> {
    pub(super) fn new(clauses: SelectClauses, keys: K) -> Self {
        let clauses = clauses.unlocked();
        Self { clauses, keys: Columns::of(keys), marker: PhantomData }
    }

    /// Computes an aggregate of each group, or several in a tuple: `|o| (count(), o.total.sum())`.
    pub fn aggregate<A: Aggregates<T>>(self, aggregates: impl FnOnce(Fields<T>) -> A) -> Aggregated<T, K, A> {
        Aggregated {
            clauses: GroupClauses {
                select: self.clauses,
                keys: self.keys,
                aggregates: aggregates(*T::fields()).aggregates(),
                forms: [K::IS_TUPLE, A::IS_TUPLE],
                having: Vec::new(),
                order: Vec::new(),
                limit: None,
                start: None,
            },
            marker: PhantomData,
        }
    }
}

/// The aggregates `A` of each group of records of type `T`: awaiting it returns a `Vec` of pairs, the key of the group and
/// its aggregates, in the order of the keys unless [`order_by`](Self::order_by) sets another.
///
/// Made by [`Select::group_by`](super::Select::group_by). There are no groups without records, so that the `Vec` is empty if there are none.
///
/// # Errors
///
/// Those of [`Select`](super::Select); [`Query`](crate::ErrorKind::Query) if a sum of ints does not fit 64 bits.
///
/// # Cancel safety
///
/// See [`CallFuture`]; it only reads.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// #[derive(Serialize, Deserialize, Record)]
/// struct Order {
///     id: Id<Order>,
///     country: String,
///     total: u32,
/// }
///
/// # surreal_session_embedded::example(async |session| {
/// # let order = |country: &str, total| NewOrder { country: country.into(), total };
/// # session.insert(vec![order("de", 10), order("de", 20), order("fr", 5), order("at", 1)]).await?;
/// let countries = session
///     .select::<Order>()
///     .filter(|o| o.total.gt(1))
///     .group_by(|o| o.country)
///     .aggregate(|o| (count(), o.total.sum(), o.total.mean()))
///     .having(|_, (_, sum, _)| sum.gte(5))
///     .order_by(|_, (count, _, _)| count.desc())
///     .await?;
/// assert_eq!(countries, [("de".to_owned(), (2, 30, 15.0)), ("fr".to_owned(), (1, 5, 5.0))]);
/// # Ok(()) });
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct Aggregated<T, K, A> {
    clauses: GroupClauses,
    marker: Marker<T, K, A>,
}

type Marker<T, K, A> = PhantomData<fn() -> (T, K, A)>;

#[derive(Debug, Clone)]
struct GroupClauses {
    select: SelectClauses,
    keys: Columns,
    aggregates: Vec<Fragment>,
    /// Whether there is a tuple of keys, and of aggregates.
    forms: [bool; 2],
    having: Vec<Tree>,
    order: Vec<Key>,
    limit: Option<i64>,
    start: Option<i64>,
}

impl<T: Record, K: Selection<T>, A: Aggregates<T>> Aggregated<T, K, A> {
    /// Returns only groups for which this is true. Several conditions must all be true.
    ///
    /// The closure receives the key and the aggregates of a group, each as a field or a tuple of fields.
    pub fn having<C: IntoCondition<Group<T>>>(mut self, condition: impl FnOnce(K::Keys, A::Values) -> C) -> Self {
        self.clauses.having.push(condition(K::keys(), A::values()).into_condition().into_tree());
        self
    }

    /// Orders the groups by their keys or aggregates. A second call adds values of less weight.
    pub fn order_by<O: IntoOrder<Group<T>>>(mut self, order: impl FnOnce(K::Keys, A::Values) -> O) -> Self {
        order(K::keys(), A::values()).order(&mut self.clauses.order);
        self
    }

    /// Returns at most this number of groups; numbers as for [`Select::limit`](super::Select::limit).
    pub fn limit(mut self, groups: impl TryInto<i64>) -> Self {
        self.clauses.limit = self.clauses.select.number("limit", groups);
        self
    }

    /// Skips the first `groups` groups; numbers as for [`Select::limit`](super::Select::limit).
    pub fn start(mut self, groups: impl TryInto<i64>) -> Self {
        self.clauses.start = self.clauses.select.number("start", groups);
        self
    }
}

impl<T, K, A> Aggregated<T, K, A> {
    builder_methods! { clauses.select.call }
}

impl GroupClauses {
    fn surql(&self) -> Fragment {
        let names: Vec<String> = (0..self.keys.columns.len()).map(key_name).collect();
        // A key that is NULL would be another group than one that is NONE.
        let keys = self
            .keys
            .columns
            .iter()
            .zip(&names)
            .map(|(key, name)| Fragment::new("(").then(key.clone()).text(" ?? NONE) AS ").text(name));
        let groups = Fragment::new("SELECT ").joined(keys, ", ").text(", ").then(named(&self.aggregates));
        let groups = groups.text(" FROM ").then(self.select.rows_of(&self.keys.split));
        let groups = groups.text(" GROUP BY ").text(&names.join(", "));
        let values: Vec<String> = (0..self.aggregates.len()).map(value_name).collect();
        let [keys, values] = [list(&names, self.forms[0]), list(&values, self.forms[1])];
        let rows = Fragment::new(format!("SELECT VALUE [{keys}, {values}] FROM (")).then(self.chosen(groups)).text(")");
        self.select.refuse_in(rows.timeout(self.select.timeout))
    }

    /// The groups that pass the condition, in order.
    fn chosen(&self, groups: Fragment) -> Fragment {
        let mut chosen = Fragment::new("SELECT * FROM (").then(groups).text(")");
        if !self.having.is_empty() {
            chosen = chosen.text(" WHERE ").then(Tree::all(self.having.iter().cloned()).into_fragment());
        }
        if !self.order.is_empty() {
            let keys = self.order.iter().map(|key| key.path.clone().text(&key.manner));
            chosen = chosen.text(" ORDER BY ").joined(keys, ", ");
        }
        if let Some(limit) = self.limit {
            chosen = chosen.text(" LIMIT ").value(&limit.min(MAX_LIMIT));
        }
        match self.start {
            Some(start) => chosen.text(" START ").value(&start),
            None => chosen,
        }
    }
}

/// The aggregates, each with its name.
fn named(aggregates: &[Fragment]) -> Fragment {
    let aggregates = aggregates.iter().enumerate();
    Fragment::default()
        .joined(aggregates.map(|(index, aggregate)| aggregate.clone().text(" AS ").text(&value_name(index))), ", ")
}

/// The values as they are read: an array for a tuple.
fn list(names: &[String], is_tuple: bool) -> String {
    let names = names.join(", ");
    if is_tuple { format!("[{names}]") } else { names }
}

/// The aggregates `A` over all records of type `T` of a select: awaiting it returns one value, or a tuple of them.
///
/// Made by [`Select::aggregate`](super::Select::aggregate). Without records a count and a sum are 0, the least and the greatest value are `None`,
/// and statistics are NaN. Errors and cancel safety are those of [`Aggregated`].
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct Order { id: Id<Order>, country: String, total: u32 }
/// # surreal_session_embedded::example(async |session| {
/// # session.execute("DEFINE TABLE order").await?;
/// let none = session.select::<Order>().aggregate(|o| (count(), o.total.sum(), o.total.max())).await?;
/// assert_eq!(none, (0, 0, None));
/// # session.execute("CREATE order SET country = 'fr', total = 5; CREATE order SET country = 'fr', total = 7").await?;
/// let highest = session.select::<Order>().aggregate(|o| o.total.max()).await?;
/// assert_eq!(highest, Some(7));
/// # Ok(()) });
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct AggregatedAll<T, A> {
    clauses: SelectClauses,
    aggregates: Vec<Fragment>,
    marker: PhantomData<fn() -> (T, A)>,
}

impl<T: Record, A: Aggregates<T>> AggregatedAll<T, A> {
    pub(super) fn new(clauses: SelectClauses, aggregates: A) -> Self {
        let clauses = clauses.unlocked();
        Self { clauses, aggregates: aggregates.aggregates(), marker: PhantomData }
    }
}

impl<T, A> AggregatedAll<T, A> {
    builder_methods! { clauses.call }
}

impl<T: Record, A: Aggregates<T, Output: DeserializeOwned> + 'static> Statement for AggregatedAll<T, A> {
    type Output = A::Output;

    fn call(&self) -> &Call {
        &self.clauses.call
    }

    fn operation(&self) -> Operation {
        self.clauses.operation.clone()
    }

    fn surql(&self) -> Fragment {
        let names: Vec<String> = (0..self.aggregates.len()).map(value_name).collect();
        let rows =
            Fragment::new("SELECT ").then(named(&self.aggregates)).text(" FROM ").then(self.clauses.rows_of(&[]));
        let list = list(&names, A::IS_TUPLE);
        let rows = Fragment::new(format!("SELECT VALUE {list} FROM (")).then(rows).text(" GROUP ALL)");
        self.clauses.refuse_in(rows.timeout(self.clauses.timeout))
    }

    fn read(&self, response: &Response, index: usize) -> Result<A::Output> {
        let mut rows: Vec<A::Output> = response.take(index)?;
        rows.pop().ok_or_else(|| Error::protocol("the server returned no aggregates".to_owned()))
    }
}

impl<T, K, A> Statement for Aggregated<T, K, A>
where
    T: Record,
    K: Selection<T, Output: DeserializeOwned> + 'static,
    A: Aggregates<T, Output: DeserializeOwned> + 'static,
{
    type Output = Vec<(K::Output, A::Output)>;

    fn call(&self) -> &Call {
        &self.clauses.select.call
    }

    fn operation(&self) -> Operation {
        self.clauses.select.operation.clone()
    }

    fn surql(&self) -> Fragment {
        self.clauses.surql()
    }

    fn read(&self, response: &Response, index: usize) -> Result<Self::Output> {
        response.take(index)
    }
}

impl<T, K, A> IntoFuture for Aggregated<T, K, A>
where
    T: Record,
    K: Selection<T, Output: DeserializeOwned> + 'static,
    A: Aggregates<T, Output: DeserializeOwned> + 'static,
{
    type Output = Result<Vec<(K::Output, A::Output)>>;
    type IntoFuture = CallFuture<Vec<(K::Output, A::Output)>>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

impl<T: Record, A: Aggregates<T, Output: DeserializeOwned> + 'static> IntoFuture for AggregatedAll<T, A> {
    type Output = Result<A::Output>;
    type IntoFuture = CallFuture<A::Output>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

impl<T, K, A> Clone for Aggregated<T, K, A> {
    fn clone(&self) -> Self {
        Self { clauses: self.clauses.clone(), marker: PhantomData }
    }
}

impl<T, A> Clone for AggregatedAll<T, A> {
    fn clone(&self) -> Self {
        Self { clauses: self.clauses.clone(), aggregates: self.aggregates.clone(), marker: PhantomData }
    }
}

/// The statement, without the values.
impl<T, K, A> fmt::Debug for Aggregated<T, K, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aggregated({})", self.clauses.surql())
    }
}

impl<T, K> fmt::Debug for GroupBy<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupBy").field("keys", &self.keys.columns).finish_non_exhaustive()
    }
}

impl<T, A> fmt::Debug for AggregatedAll<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AggregatedAll").field("aggregates", &self.aggregates).finish_non_exhaustive()
    }
}
