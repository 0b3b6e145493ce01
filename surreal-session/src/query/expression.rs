//! Methods of fields: comparisons, text, arrays, and calculations.

mod bound;
mod compare;
mod computed;
mod operand;
mod operator;
mod related;
mod term;
#[cfg(test)]
mod tests;

use super::aggregate::{self, Aggregate};
use super::condition::{Condition, IntoCondition, Tree};
use super::select::Values;
use super::selection::Selection;
use super::statement::Fragment;
use crate::record::{
    At, Collection, ComparedWith, Container, Element, FieldRef, Last, List, Map, Number, Ordered, Path, Record, Stored,
    Sum, Text, Total, Within,
};
use crate::value::{Datetime, Geometry};
use bound::ordered;
use compare::{Order, Sequence, calling, contained, equal};
pub use computed::{Computed, Unassignable};
pub use operand::{Operand, Settable};
pub use operator::OperatorOperand;
pub use related::Edges;
pub use term::Term;

/// A value in a record, or computed from it: a [`FieldRef`], or a [`Computed`].
///
/// It can be compared with a value of its type or with another field of the same record; other types do not compile. A
/// comparison with a missing value is false: see [`Condition`].
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// #[derive(Debug, Clone, Serialize, Deserialize, Object)]
/// struct Line {
///     product: String,
///     price: u32,
/// }
///
/// #[derive(Serialize, Deserialize, Record)]
/// struct Order {
///     id: Id<Order>,
///     customer: Id<Customer>,
///     lines: Vec<Line>,
///     total: u32,
///     paid: u32,
///     paid_at: Option<Datetime>,
/// }
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct Customer { id: Id<Customer>, name: String }
///
/// # surreal_session_embedded::example(async |session| {
/// # let ada = session.create::<Customer>().id("ada").content(NewCustomer { name: "Ada".into() }).await?.id;
/// # let lines = vec![Line { product: "tea".into(), price: 120 }];
/// # let order = NewOrder { customer: ada.clone(), lines, total: 120, paid: 20, paid_at: None };
/// # session.create::<Order>().content(order).await?;
/// let orders = session.select::<Order>();
/// let open = orders.filter(|o| o.customer.eq(&ada) & (o.paid_at.is_none() | o.paid.lt(o.total))).await?;
///
/// let orders = session.select::<Order>();
/// let tea = orders.filter(|o| o.lines.any(|line| line.product.eq("tea") & line.price.between(100, 500))).await?;
///
/// let orders = session.select::<Order>();
/// let of_ada = orders.filter(|o| o.customer.name.starts_with("Ada") & o.total.sub(o.paid).gt(0)).await?;
/// assert_eq!([open.len(), tea.len(), of_ada.len()], [1, 1, 1]);
/// # Ok(())
/// # });
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` is not a field, nor computed from one", label = "expected a field")]
#[expect(clippy::wrong_self_convention, reason = "a field is a name, which is copied")]
pub trait Expression: Sized {
    /// The record that it is a value of.
    type Record;

    /// The type of the value.
    type Type;

    /// The path to it, if a write can change it.
    #[doc(hidden)]
    type Place;

    /// Its text in the statement.
    #[doc(hidden)]
    fn term(self) -> Term;

    /// True if both values are equal. Two missing values are equal.
    fn eq<V: Operand<Self::Record, Self::Type>>(self, other: V) -> Condition<Self::Record> {
        Condition::new(equal(self.term(), other.term(), Sequence::of::<Self::Type>()))
    }

    /// True if the values differ: the opposite of [`eq`](Self::eq), so also if exactly one of them is missing.
    fn ne<V: Operand<Self::Record, Self::Type>>(self, other: V) -> Condition<Self::Record> {
        Condition::new(compare::unequal(self.term(), other.term(), Sequence::of::<Self::Type>()))
    }

    /// True if this is greater than the other value.
    fn gt<V: Operand<Self::Record, Self::Type>>(self, other: V) -> Condition<Self::Record>
    where
        Self::Type: Stored<As: Ordered>,
    {
        Condition::new(ordered(self.term(), Order::Greater, other.term(), has_successor::<Self::Type>()))
    }

    /// True if this is greater than the other value or equal to it.
    fn gte<V: Operand<Self::Record, Self::Type>>(self, other: V) -> Condition<Self::Record>
    where
        Self::Type: Stored<As: Ordered>,
    {
        Condition::new(ordered(self.term(), Order::GreaterOrSame, other.term(), has_successor::<Self::Type>()))
    }

    /// True if this is less than the other value.
    fn lt<V: Operand<Self::Record, Self::Type>>(self, other: V) -> Condition<Self::Record>
    where
        Self::Type: Stored<As: Ordered>,
    {
        Condition::new(ordered(self.term(), Order::Less, other.term(), has_successor::<Self::Type>()))
    }

    /// True if this is less than the other value or equal to it.
    fn lte<V: Operand<Self::Record, Self::Type>>(self, other: V) -> Condition<Self::Record>
    where
        Self::Type: Stored<As: Ordered>,
    {
        Condition::new(ordered(self.term(), Order::LessOrSame, other.term(), has_successor::<Self::Type>()))
    }

    /// True if this is between two values or equal to one of them.
    fn between<L, H>(self, lowest: L, highest: H) -> Condition<Self::Record>
    where
        Self::Type: Stored<As: Ordered>,
        L: Operand<Self::Record, Self::Type>,
        H: Operand<Self::Record, Self::Type>,
    {
        Condition::new(bound::between(self.term(), lowest.term(), highest.term(), has_successor::<Self::Type>()))
    }

    /// True if this equals one of the values; false for an empty list.
    fn is_in<I>(self, values: I) -> Condition<Self::Record>
    where
        I: IntoIterator<Item: Operand<Self::Record, Self::Type>>,
    {
        Condition::new(compare::one_of(
            self.term(),
            values.into_iter().map(Operand::term).collect(),
            Sequence::of::<Self::Type>(),
        ))
    }

    /// True if the value is missing: NONE, NULL, or no such field.
    fn is_none(self) -> Condition<Self::Record> {
        Condition::new(compare::absent(self.term()))
    }

    /// True if there is a value: neither NONE nor NULL.
    fn is_some(self) -> Condition<Self::Record> {
        Condition::new(compare::present(self.term(), Sequence::of::<Self::Type>()))
    }

    /// True if the value is NULL, and not if it is absent. In Rust both are `None`.
    fn is_null(self) -> Condition<Self::Record> {
        Condition::new(Tree::Leaf(self.term().into_fragment().text(" = NULL")))
    }

    /// True if the text begins with the other text.
    fn starts_with<V: Operand<Self::Record, Self::Type>>(self, other: V) -> Condition<Self::Record>
    where
        Self::Type: Stored<As: Text>,
    {
        Condition::new(calling("string::starts_with", self.term(), other.term()))
    }

    /// True if the text ends with the other text.
    fn ends_with<V: Operand<Self::Record, Self::Type>>(self, other: V) -> Condition<Self::Record>
    where
        Self::Type: Stored<As: Text>,
    {
        Condition::new(calling("string::ends_with", self.term(), other.term()))
    }

    /// True if a full-text search finds the text, with the index on the field.
    ///
    /// The statement fails if the field has no full-text index.
    fn matches<V: Operand<Self::Record, Self::Type>>(self, search: V) -> Condition<Self::Record>
    where
        Self::Type: Stored<As: Text>,
    {
        Condition::new(contained(self.term(), " @@ ", search.term()))
    }

    /// The text in lower case.
    fn lowercase(self) -> Computed<Self::Record, Self::Type>
    where
        Self::Type: Stored<As: Text>,
    {
        Computed::new(compare::of_text("string::lowercase", self.term()))
    }

    /// The text in upper case.
    fn uppercase(self) -> Computed<Self::Record, Self::Type>
    where
        Self::Type: Stored<As: Text>,
    {
        Computed::new(compare::of_text("string::uppercase", self.term()))
    }

    /// The text without white space at its ends.
    fn trim(self) -> Computed<Self::Record, Self::Type>
    where
        Self::Type: Stored<As: Text>,
    {
        Computed::new(compare::of_text("string::trim", self.term()))
    }

    /// The number of characters of the text, as `chars().count()` in Rust.
    fn char_count(self) -> Computed<Self::Record, u64>
    where
        Self::Type: Stored<As: Text>,
    {
        Computed::new(compare::of_text("string::len", self.term()))
    }

    /// True if the regular expression matches somewhere in the text: `u.name.is_match("^A.*a$")`.
    ///
    /// The server reads the expression in the syntax of the crate `regex`. The statement fails for one that is invalid.
    fn is_match(self, regex: impl AsRef<str>) -> Condition<Self::Record>
    where
        Self::Type: Stored<As: Text>,
    {
        Condition::new(calling("string::matches", self.term(), Term::value(regex.as_ref())))
    }

    /// The value of a key of a map: `u.settings.entry("theme").eq("dark")`. Missing if there is no such key.
    fn entry(self, key: impl AsRef<str>) -> Computed<Self::Record, Option<<Self::Type as Map>::Value>>
    where
        Self::Type: Map,
    {
        Computed::new(compare::entry(self.term(), key.as_ref()))
    }

    /// True if the map has the key, also with a value that is NULL.
    fn contains_key(self, key: impl AsRef<str>) -> Condition<Self::Record>
    where
        Self::Type: Map,
    {
        Condition::new(compare::has_key(self.term(), key.as_ref()))
    }

    /// The distance to another point, in metres on the surface of the earth. Missing if one of the two is not a point.
    fn distance_to<V: Operand<Self::Record, Self::Type>>(self, point: V) -> Computed<Self::Record, Option<f64>>
    where
        Self::Type: Stored<As = Geometry>,
    {
        Computed::new(compare::distance(self.term(), point.term()))
    }

    /// True if the geometry lies inside of the other one.
    fn is_inside<V: Operand<Self::Record, Self::Type>>(self, area: V) -> Condition<Self::Record>
    where
        Self::Type: Stored<As = Geometry>,
    {
        Condition::new(contained(self.term(), " INSIDE ", area.term()))
    }

    /// True if the geometry and the other one have a point in common.
    fn intersects<V: Operand<Self::Record, Self::Type>>(self, geometry: V) -> Condition<Self::Record>
    where
        Self::Type: Stored<As = Geometry>,
    {
        Condition::new(contained(self.term(), " INTERSECTS ", geometry.term()))
    }

    /// The beginning of the unit of time in which the datetime lies, in UTC: `o.at.truncate(TimeUnit::Month)`.
    fn truncate(self, unit: TimeUnit) -> Computed<Self::Record, Self::Type>
    where
        Self::Type: Stored<As = Datetime>,
    {
        Computed::new(compare::truncated(self.term(), unit))
    }

    /// True if this equals one of the values that another select returns. A missing value equals a missing one, as in
    /// [`eq`](Self::eq).
    ///
    /// The select runs once, in the same statement, and reads all of its values into memory of the server. It belongs to the
    /// same session or transaction; otherwise the statement fails with
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) before it is sent. Live queries cannot have such a condition.
    ///
    /// # Examples
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct Company { id: Id<Company>, country: String }
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, employer: Option<Id<Company>> }
    /// # surreal_session_embedded::example(async |session| {
    /// # session.execute("CREATE company:acme SET country = 'fr'; CREATE company:b SET country = 'de'").await?;
    /// # session.execute("CREATE user:ada SET employer = company:acme; CREATE user:bob SET employer = company:b").await?;
    /// let french = session.select::<Company>().filter(|c| c.country.eq("fr")).values(|c| c.id);
    /// let users = session.select::<User>().filter(|u| u.employer.is_in_select(french)).await?;
    /// assert_eq!(users[0].id, Id::new("ada"));
    /// # Ok(()) });
    /// ```
    fn is_in_select<T, S>(self, values: Values<T, S>) -> Condition<Self::Record>
    where
        T: Record,
        S: Selection<T, Output: ComparedWith<Self::Type>>,
    {
        let query = Fragment::default().query(values.scope(), values.select());
        Condition::new(contained(self.term().unindexed(), " IN ", Term::computed(query, Vec::new())))
    }

    /// True if the text contains this text, or the array or set this element.
    fn contains<V>(self, item: V) -> Condition<Self::Record>
    where
        Self::Type: Container,
        V: Operand<Self::Record, <Self::Type as Container>::Item>,
    {
        Condition::new(contained(self.term(), " CONTAINS ", item.term()))
    }

    /// True if it contains at least one of the values; false for an empty list.
    fn contains_any<I>(self, items: I) -> Condition<Self::Record>
    where
        Self::Type: Container,
        I: IntoIterator<Item: Operand<Self::Record, <Self::Type as Container>::Item>>,
    {
        let items = items.into_iter().map(Operand::term).collect();
        Condition::new(compare::contains(self.term(), " CONTAINSANY ", items, Tree::any))
    }

    /// True if it contains each of the values; true for an empty list.
    fn contains_all<I>(self, items: I) -> Condition<Self::Record>
    where
        Self::Type: Container,
        I: IntoIterator<Item: Operand<Self::Record, <Self::Type as Container>::Item>>,
    {
        let items: Vec<_> = items.into_iter().map(Operand::term).collect();
        match items.is_empty() {
            // The server (3.3.5) takes nothing for what contains all of nothing.
            true => self.is_some(),
            false => Condition::new(compare::contains(self.term(), " CONTAINSALL ", items, Tree::all)),
        }
    }

    /// The number of elements; 0 if the array or set is missing.
    fn len(self) -> Computed<Self::Record, u64>
    where
        Self::Type: Collection,
    {
        Computed::new(compare::length(self.term(), Self::Type::IS_UNORDERED))
    }

    /// True if there are no elements, or the array or set is missing.
    fn is_empty(self) -> Condition<Self::Record>
    where
        Self::Type: Collection,
    {
        let length = compare::length(self.term(), Self::Type::IS_UNORDERED);
        Condition::new(Tree::Leaf(length.into_fragment().text(" = 0")))
    }

    /// True if at least one element meets the condition.
    fn any<T, C>(self, condition: impl FnOnce(FieldRef<Element<T>, T>) -> C) -> Condition<Self::Record>
    where
        Self::Type: Collection + Container<Item = T>,
        C: IntoCondition<Element<T>>,
    {
        let condition = condition(FieldRef::new()).into_condition().into_tree();
        let matching = compare::matching::<Self::Type>(self.term(), condition);
        Condition::new(Tree::Leaf(matching.into_fragment().text(" > 0")))
    }

    /// True if each element meets the condition; true without elements.
    fn all<T, C>(self, condition: impl FnOnce(FieldRef<Element<T>, T>) -> C) -> Condition<Self::Record>
    where
        Self::Type: Collection + Container<Item = T>,
        C: IntoCondition<Element<T>>,
    {
        let condition = condition(FieldRef::new()).into_condition().into_tree();
        let exceptions = compare::matching::<Self::Type>(self.term(), condition.negated());
        Condition::new(Tree::Leaf(exceptions.into_fragment().text(" = 0")))
    }

    /// One field of each element, as an array: `o.lines.each(|line| line.price).contains(100)`.
    fn each<T, P, U>(
        self,
        field: impl FnOnce(FieldRef<Element<T>, T>) -> FieldRef<P, U>,
    ) -> Computed<Self::Record, Vec<U>>
    where
        Self::Type: List + Container<Item = T>,
        P: Within<Element<T>>,
    {
        let _ = field(FieldRef::new());
        Computed::new(compare::each::<P>(self.term()))
    }

    /// The sum of the two; as an assignment, adds to the field.
    ///
    /// As an assignment to a missing field, it sets it to what is added.
    fn add<V>(self, other: V) -> Computed<Self::Record, Self::Type, Self::Place>
    where
        Self::Type: Stored<As: Sum>,
        V: Operand<Self::Record, Addend<Self::Type>>,
    {
        calculate(self, '+', other.term())
    }

    /// The difference of the two; as an assignment, subtracts from the field.
    ///
    /// As an assignment to a missing field, it subtracts from zero. Datetimes and durations cannot become negative: the
    /// server fails the statement.
    fn sub<V>(self, other: V) -> Computed<Self::Record, Self::Type, Self::Place>
    where
        Self::Type: Stored<As: Sum>,
        V: Operand<Self::Record, Addend<Self::Type>>,
    {
        calculate(self, '-', other.term())
    }

    /// The product of the two; as an assignment, multiplies the field.
    ///
    /// As an assignment to a missing field, it leaves it missing; another missing value fails the statement.
    fn mul<V: Operand<Self::Record, Self::Type>>(self, other: V) -> Computed<Self::Record, Self::Type, Self::Place>
    where
        Self::Type: Stored<As: Number>,
    {
        calculate(self, '*', other.term())
    }

    /// The quotient of the two, of ints without the rest; as an assignment, divides the field.
    ///
    /// As an assignment to a missing field, it leaves it missing; another missing value fails the statement.
    fn div<V: Operand<Self::Record, Self::Type>>(self, other: V) -> Computed<Self::Record, Self::Type, Self::Place>
    where
        Self::Type: Stored<As: Number>,
    {
        calculate(self, '/', other.term())
    }

    /// The sum of the values in each group of records; 0 if there are none.
    ///
    /// The statement fails if a sum of ints does not fit 64 bits. See [`aggregate`](crate::query::Select::aggregate).
    fn sum(self) -> Aggregate<Self::Record, <<Self::Type as Stored>::As as Total>::Total>
    where
        Self::Type: Stored<As: Total>,
    {
        aggregate::sum(self)
    }

    /// The mean of the values in each group of records; NaN if there are none.
    fn mean(self) -> Aggregate<Self::Record, f64>
    where
        Self::Type: Stored<As: Number>,
    {
        aggregate::statistic("math::mean", self)
    }

    /// The median of the values in each group of records; NaN if there are none.
    fn median(self) -> Aggregate<Self::Record, f64>
    where
        Self::Type: Stored<As: Number>,
    {
        aggregate::statistic("math::median", self)
    }

    /// The standard deviation of a sample: of the values in each group of records. 0 of one value, and NaN of none.
    fn stddev(self) -> Aggregate<Self::Record, f64>
    where
        Self::Type: Stored<As: Number>,
    {
        aggregate::statistic("math::stddev", self)
    }

    /// The variance of a sample: of the values in each group of records. 0 of one value, and NaN of none.
    fn variance(self) -> Aggregate<Self::Record, f64>
    where
        Self::Type: Stored<As: Number>,
    {
        aggregate::statistic("math::variance", self)
    }

    /// The least value in each group of records; `None` if there are none.
    ///
    /// Its type is that in which the field is [`Stored`].
    fn min(self) -> Aggregate<Self::Record, Option<<Self::Type as Stored>::As>>
    where
        Self::Type: Stored<As: Ordered>,
    {
        aggregate::extreme("min", self)
    }

    /// The greatest value in each group of records; `None` if there are none.
    ///
    /// Its type is that in which the field is [`Stored`].
    fn max(self) -> Aggregate<Self::Record, Option<<Self::Type as Stored>::As>>
    where
        Self::Type: Stored<As: Ordered>,
    {
        aggregate::extreme("max", self)
    }

    /// The number of records in each group that have the value.
    fn count_some(self) -> Aggregate<Self::Record, u64> {
        aggregate::count_some(self)
    }

    /// The number of different values in each group of records.
    fn count_distinct(self) -> Aggregate<Self::Record, u64> {
        aggregate::count_distinct(self)
    }

    /// The values in each group of records, a missing one as `None`, in the order of the records.
    fn collect(self) -> Aggregate<Self::Record, Vec<Self::Type>> {
        aggregate::collect(self)
    }
}

impl<P: Path, T> FieldRef<P, T> {
    /// The element `INDEX` of the array, counted from 0: `u.tags.at::<0>()`. Missing if the array is shorter.
    pub fn at<const INDEX: usize>(self) -> FieldRef<At<P, INDEX>, Option<T::Item>>
    where
        T: List,
    {
        FieldRef::new()
    }

    /// The last element of the array. Missing if there is none.
    pub fn last(self) -> FieldRef<Last<P>, Option<T::Item>>
    where
        T: List,
    {
        FieldRef::new()
    }
}

impl<P: Path, T> Expression for FieldRef<P, T> {
    type Record = P::Root;
    type Type = T;
    type Place = P;

    fn term(self) -> Term {
        Term::place::<P>()
    }
}

/// A unit of time, for [`truncate`](Expression::truncate).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum TimeUnit {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

impl TimeUnit {
    /// The name in SurrealQL.
    fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
        }
    }
}

/// The type that is added to a `T`.
pub(crate) type Addend<T> = <<T as Stored>::As as Sum>::Addend;

fn has_successor<T: Stored<As: Ordered>>() -> bool {
    T::As::HAS_SUCCESSOR
}

fn calculate<E: Expression>(left: E, operator: char, right: Term) -> Computed<E::Record, E::Type, E::Place> {
    let left = left.term();
    let conditions = [left.presence(), right.presence()].concat();
    let (left, right) = (left.into_fragment(), right.into_fragment());
    let change = (operator, right.clone());
    let value = Fragment::new("(").then(left).text(&format!(" {operator} ")).then(right).text(")");
    Computed::changing(Term::computed(value, conditions), change)
}
