//! Comparisons as SurrealQL, such that a missing value makes them false and none fails a statement.

use super::Term;
use crate::query::condition::Tree;
use crate::query::fragment::Fragment;
use crate::record::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    LessOrSame,
    Greater,
    GreaterOrSame,
}

/// NONE and NULL are not equal for the server, and the same missing value in Rust.
pub(super) fn equal(left: Term, right: Term) -> Tree {
    let conditions = [left.conditions(), right.conditions()].concat();
    let may_both_be_missing = conditions.is_empty() && (right.is_none() || right.is_place());
    let [left, right] = if may_both_be_missing { [left, right].map(or_none) } else { [left, right] };
    under(conditions, left.into_fragment().text(" = ").then(right.into_fragment()))
}

pub(super) fn unequal(left: Term, right: Term) -> Tree {
    match left.is_computed() || right.is_computed() || right.is_none() || right.is_place() {
        true => equal(left, right).negated(),
        false => Tree::Leaf(left.into_fragment().text(" != ").then(right.into_fragment())),
    }
}

/// NONE and NULL come before everything else, so it is enough to look at the side that should be the lesser one.
pub(super) fn ordered(left: Term, order: Order, right: Term) -> Tree {
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

pub(super) fn one_of(left: Term, values: Vec<Term>) -> Tree {
    let left = match values.iter().any(|value| value.is_none() || value.is_place()) {
        true => or_none(left),
        false => left,
    };
    contained(left, " IN ", Term::array(values.into_iter().map(or_none).collect()))
}

pub(super) fn present(term: Term) -> Tree {
    Tree::all(term.presence().into_iter().map(Tree::Leaf))
}

pub(super) fn absent(term: Term) -> Tree {
    match term.is_computed() {
        true => present(term).negated(),
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

/// How many elements there are, or how many of which this is true.
///
/// `count` would leave out elements such as 0 and false, and `array::len` does not take sets.
pub(super) fn length(term: Term, condition: Option<Tree>) -> Term {
    let conditions = term.conditions();
    let elements = Fragment::new("(").then(term.into_fragment());
    let elements = match condition {
        Some(condition) => elements.text("[WHERE ").then(condition.into_fragment()).text("]"),
        None => elements,
    };
    Term::computed(elements.text(" ?? []).len()"), conditions)
}

/// What stands at `P` in each element.
pub(super) fn each<P: Path>(term: Term) -> Term {
    let conditions = term.conditions();
    let mut path = String::new();
    P::write(&mut path);
    let path = path.trim_start_matches("$this");
    let elements = Fragment::new("(").then(term.into_fragment()).text("[*]").text(path).text(")");
    Term::computed(elements.reading_others(P::IS_LINKED), conditions)
}

fn under(conditions: Vec<Fragment>, fragment: Fragment) -> Tree {
    Tree::all(conditions.into_iter().chain([fragment]).map(Tree::Leaf))
}

/// With NONE in place of NULL, where it can be either.
fn or_none(term: Term) -> Term {
    match term.is_place() {
        true => Term::computed(Fragment::new("(").then(term.into_fragment()).text(" ?? NONE)"), Vec::new()),
        false => term,
    }
}
