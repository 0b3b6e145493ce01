//! Comparisons as SurrealQL, such that a missing value makes them false and none fails a statement.

use std::any::type_name;

use super::{Term, TimeUnit};
use crate::codec::SetType;
use crate::query::condition::Tree;
use crate::query::statement::Fragment;
use crate::record::{Collection, Path};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    LessOrSame,
    Greater,
    GreaterOrSame,
}

impl Order {
    /// Returns `true` for `>` and `>=`.
    pub(super) fn is_upward(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterOrSame)
    }

    /// The operator that is true of every other value that is there.
    pub(super) fn opposite(self) -> &'static str {
        match self {
            Self::Less => " >= ",
            Self::LessOrSame => " > ",
            Self::Greater => " <= ",
            Self::GreaterOrSame => " < ",
        }
    }
}

/// NONE and NULL are not equal for the server, and the same missing value in Rust.
pub(super) fn equal(left: Term, right: Term, sequence: Sequence) -> Tree {
    let [left, right] = comparable(left, right, sequence);
    if right.is_nan() || left.is_nan() {
        return never();
    }
    let conditions = [left.conditions(), right.conditions()].concat();
    let may_both_be_missing = conditions.is_empty() && (right.is_none() || right.is_place());
    let [left, right] = if may_both_be_missing { [left, right].map(or_none) } else { [left, right] };
    under(conditions, left.into_fragment().text(" = ").then(right.into_fragment()))
}

pub(super) fn unequal(left: Term, right: Term, sequence: Sequence) -> Tree {
    match left.is_computed() || right.is_computed() || right.is_none() || right.is_place() || right.is_nan() {
        true => equal(left, right, sequence).negated(),
        false => {
            let [left, right] = comparable(left, right, sequence);
            Tree::Leaf(left.into_fragment().text(" != ").then(right.into_fragment()))
        }
    }
}

/// Sets without regard to how they are stored, and arrays without the index that has their elements.
fn comparable(left: Term, right: Term, sequence: Sequence) -> [Term; 2] {
    match sequence {
        Sequence::Set => [left, right].map(as_set),
        _ if right.is_array() => [left.unindexed(), right],
        _ => [left, right],
    }
}

/// A set, also where an array is stored, as the server compares neither with the other.
pub(super) fn as_set(term: Term) -> Term {
    match term.is_place() {
        true => {
            let place = term.into_fragment();
            let text = Fragment::new("(IF type::is_array(").then(place.clone()).text(") { <set>").then(place.clone());
            Term::computed(text.text(" } ELSE { ").then(place).text(" ?? NONE })"), Vec::new())
        }
        false => term.into_set(),
    }
}

/// NONE and NULL come before everything else, so it is enough to look at the side that should be the lesser one.
pub(super) fn plain(left: Term, order: Order, right: Term) -> Tree {
    let (lesser, operator) = match order {
        Order::Less => (&left, " < "),
        Order::LessOrSame => (&left, " <= "),
        Order::Greater => (&right, " > "),
        Order::GreaterOrSame => (&right, " >= "),
    };
    let lesser = if lesser.is_computed() { Vec::new() } else { lesser.presence() };
    let conditions = [left.conditions(), right.conditions(), lesser].concat();
    under(conditions, left.into_fragment().text(operator).then(right.into_fragment()))
}

pub(super) fn one_of(left: Term, mut values: Vec<Term>, sequence: Sequence) -> Tree {
    values.retain(|value| !value.is_nan());
    if sequence == Sequence::Set {
        let values = values.into_iter().map(|value| or_none(as_set(value))).collect();
        return contained(as_set(left), " IN ", Term::array(values));
    }
    let is_whole = values.iter().any(Term::is_array);
    let left = match values.iter().any(|value| value.is_none() || value.is_place()) {
        true => or_none(left),
        false if is_whole => left.unindexed(),
        false => left,
    };
    let read = contained(left.clone(), " IN ", Term::array(values.iter().cloned().map(or_none).collect()));
    if !left.is_place() {
        return read;
    }
    let equal = |value: Term| Tree::Leaf(left.clone().into_fragment().text(" = ").then(value.into_fragment()));
    let write = match values.len() {
        ..=FEW => Tree::any(values.into_iter().map(equal)),
        _ => contained(left.clone().unindexed(), " IN ", Term::array(values)),
    };
    read.or_in_write(write)
}

/// CONTAINSANY and CONTAINSALL.
pub(super) fn contains(left: Term, operator: &str, items: Vec<Term>, join: fn(Vec<Tree>) -> Tree) -> Tree {
    let read = contained(left.clone(), operator, Term::array(items.clone()));
    if !left.is_place() {
        return read;
    }
    let write = match items.len() {
        1..=FEW => join(items.into_iter().map(|item| contained(left.clone(), " CONTAINS ", item)).collect()),
        _ => contained(left.unindexed(), operator, Term::array(items)),
    };
    read.or_in_write(write)
}

/// The number of values that a write compares one by one, so that it can use an index. In UPDATE and DELETE, the server
/// (3.3.5) finds nothing for a list of values if a UNIQUE index of several fields serves it.
const FEW: usize = 32;

pub(super) fn never() -> Tree {
    Tree::any([])
}

pub(super) fn present(term: Term, sequence: Sequence) -> Tree {
    match (term.is_place(), sequence) {
        (true, Sequence::Array | Sequence::Set) => absent(term).negated(),
        _ => Tree::all(term.presence().into_iter().map(Tree::Leaf)),
    }
}

pub(super) fn absent(term: Term) -> Tree {
    match term.is_computed() {
        true => present(term, Sequence::No).negated(),
        false => Tree::Leaf(term.into_fragment().text(" <= NULL")),
    }
}

/// A function of two texts, which fails for anything else.
pub(super) fn calling(function: &str, left: Term, right: Term) -> Tree {
    let conditions = [left.textuality(), right.textuality()].concat();
    let call = Fragment::new(function).text("(").then(left.into_fragment()).text(", ");
    under(conditions, call.then(right.into_fragment()).text(")"))
}

pub(super) fn of_text(function: &str, term: Term) -> Term {
    let conditions = term.textuality();
    Term::computed(Fragment::new(function).text("(").then(term.into_fragment()).text(")"), conditions)
}

/// An operator that is false by itself where something is missing.
pub(super) fn contained(left: Term, operator: &str, right: Term) -> Tree {
    let conditions = [left.conditions(), right.conditions()].concat();
    under(conditions, left.into_fragment().text(operator).then(right.into_fragment()))
}

/// The number of elements.
///
/// `count` would leave out elements such as 0 and false, and `array::len` does not take sets.
pub(super) fn length(term: Term, is_unordered: bool) -> Term {
    let term = if is_unordered { as_set(term) } else { term };
    let conditions = term.conditions();
    let elements = Fragment::new("(").then(term.into_fragment());
    Term::computed(elements.text(" ?? []).len()"), conditions)
}

/// The number of elements that meet the condition, which may be repeated where a set is stored as an array.
pub(super) fn matching<C: Collection>(term: Term, condition: Tree) -> Term {
    let term = if C::IS_SET || C::IS_UNORDERED { as_array(term) } else { term };
    let conditions = term.conditions();
    // Servers before 3.3 take what is missing for one element.
    let elements =
        Fragment::new("((").then(term.into_fragment()).text(" ?? [])[WHERE ").then(condition.into_fragment());
    Term::computed(elements.text("]).len()"), conditions)
}

/// An array, also where a set is stored: in a set, the server (3.1.6) finds no element that meets a condition.
fn as_array(term: Term) -> Term {
    let (conditions, sets) = (term.conditions(), term.into_fragment());
    let text = Fragment::new("(IF type::is_set(").then(sets.clone()).text(") { <array>").then(sets.clone());
    Term::computed(text.text(" } ELSE { ").then(sets).text(" })"), conditions)
}

/// The value at `P` of each element.
pub(super) fn each<P: Path>(term: Term) -> Term {
    let conditions = term.conditions();
    let mut path = String::new();
    P::write(&mut path);
    let path = path.trim_start_matches("$this");
    let elements = Fragment::new("(").then(term.into_fragment()).text("[*]").text(path).text(")");
    Term::computed(elements.following_links(P::IS_LINKED), conditions)
}

/// The value of a key of an object.
pub(super) fn entry(object: Term, key: &str) -> Term {
    let conditions = object.conditions();
    let entry = object.into_fragment().text("[").value(key).text("]");
    if conditions.is_empty() { Term::placed(entry) } else { Term::computed(entry, conditions) }
}

pub(super) fn has_key(object: Term, key: &str) -> Tree {
    let conditions = object.conditions();
    let keys = Fragment::new("object::keys(").then(object.into_fragment()).text(" ?? {})");
    under(conditions, Fragment::of(key).text(" IN ").then(keys))
}

/// The distance of two points.
pub(super) fn distance(left: Term, right: Term) -> Term {
    let is_point = |term: &Term| Fragment::new("type::is_point(").then(term.clone().into_fragment()).text(")");
    let conditions = [left.conditions(), right.conditions(), vec![is_point(&left), is_point(&right)]].concat();
    let call = Fragment::new("geo::distance(").then(left.into_fragment()).text(", ");
    Term::computed(call.then(right.into_fragment()).text(")"), conditions)
}

pub(super) fn truncated(term: Term, unit: TimeUnit) -> Term {
    let is_datetime = Fragment::new("type::is_datetime(").then(term.clone().into_fragment()).text(")");
    let conditions = [term.conditions(), vec![is_datetime]].concat();
    let call = Fragment::new("time::group(").then(term.into_fragment()).text(&format!(", '{}')", unit.name()));
    Term::computed(call, conditions)
}

pub(super) fn under(conditions: Vec<Fragment>, fragment: Fragment) -> Tree {
    Tree::all(conditions.into_iter().chain([fragment]).map(Tree::Leaf))
}

/// With NONE in place of NULL, where it can be either.
fn or_none(term: Term) -> Term {
    match term.is_place() {
        true => Term::computed(Fragment::new("(").then(term.into_fragment()).text(" ?? NONE)"), Vec::new()),
        false => term,
    }
}

/// The kind of array that a type is stored as, recognised by its name. Methods without a bound on the type, such as `eq`,
/// need it: an index on an array contains its elements, and a set is stored in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sequence {
    /// An array in which the order has no meaning: one of the standard library's sets.
    Set,
    Array,
    No,
}

impl Sequence {
    pub(super) fn of<T: ?Sized>() -> Self {
        Self::named(type_name::<T>())
    }

    /// The sequence that the type with this name is with this name, as the compiler writes it.
    pub(super) fn named(name: &str) -> Self {
        const WRAPPERS: [&str; 5] =
            ["&", "core::option::Option<", "alloc::boxed::Box<", "alloc::sync::Arc<", "alloc::rc::Rc<"];
        const ARRAYS: [&str; 5] = [
            "alloc::vec::Vec<",
            "alloc::collections::vec_deque::VecDeque<",
            "alloc::collections::linked_list::",
            "[",
            "(",
        ];
        let starts_with = |list: &[&str]| list.iter().any(|start| name.starts_with(start));
        if let Some(inner) = WRAPPERS.iter().find_map(|wrapper| name.strip_prefix(wrapper)) {
            return Self::named(inner);
        }
        match (SetType::of(name).is_some(), starts_with(&ARRAYS)) {
            (true, _) => Self::Set,
            (_, true) => Self::Array,
            _ => Self::No,
        }
    }
}
