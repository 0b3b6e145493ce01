//! Comparisons of a field with a bound value, in a form whose result does not depend on indexes.
//!
//! The server (3.3.5) loses or adds rows if an index serves one of these comparisons directly:
//!
//! - `<=` and `>` on the first field of a UNIQUE index of several fields. The bound is a prefix of the keys, and the server
//!   treats it as a whole key. `<` and `>=` are right, and so is any comparison that the planner does not recognise.
//! - Datetimes, whose keys are text without trailing zeros: `00:00:00.5Z` comes before `00:00:00Z`. Only times within
//!   one second are out of order.
//! - Arrays, whose elements are indexed instead of the whole.
//!
//! The planner recognises a comparison of a plain path with a value, but not one inside `!(..)` or of `(path ?? NONE)`.

use std::time;

use super::Term;
use super::compare::{Order, never, plain};
use crate::query::condition::Tree;
use crate::query::statement::Fragment;
use crate::value::{Datetime, Duration, Value};

/// Compares a place or a value with another.
pub(super) fn ordered(left: Term, order: Order, right: Term, has_successor: bool) -> Tree {
    match (left.is_place(), right.known()) {
        (_, Some(Value::Float(number))) if number.is_nan() => never(),
        (true, Some(value)) if !matches!(value, Value::None | Value::Null) => known(left, order, &value, has_successor),
        _ => plain(left, order, right),
    }
}

/// The range from `lowest` to `highest`, both included.
pub(super) fn between(left: Term, lowest: Term, highest: Term, has_successor: bool) -> Tree {
    if let (true, false, Some(low), Some(high)) = (left.is_place(), has_successor, lowest.known(), highest.known())
        && let Some(tree) = between_known(&left, &low, &high)
    {
        return tree;
    }
    let above = ordered(left.clone(), Order::GreaterOrSame, lowest, has_successor);
    Tree::all([above, ordered(left, Order::LessOrSame, highest, has_successor)])
}

/// Compares a place with a value.
fn known(left: Term, order: Order, right: &Value, has_successor: bool) -> Tree {
    match right {
        Value::Float(number) if number.is_nan() => never(),
        Value::Datetime(at) => instants(left, order, *at),
        other if is_out_of_order(other) => plain(left.unindexed(), order, Term::value(right)),
        Value::Float(_) => {
            let is_number = if order.is_upward() { upper_bound(&left) } else { lower_bound(&left) };
            Tree::all([exact(left, order, right, has_successor), is_number])
        }
        _ => exact(left, order, right, has_successor),
    }
}

/// Compares a place with two values that are in order in an index; nothing if they are not, or need no special form.
fn between_known(left: &Term, lowest: &Value, highest: &Value) -> Option<Tree> {
    let special = |value: &Value| matches!(value, Value::Float(_) | Value::Datetime(_) | Value::None | Value::Null);
    if special(lowest) || special(highest) || is_out_of_order(lowest) || is_out_of_order(highest) {
        return None;
    }
    let compare = |operator, value| leaf(left, operator, value);
    let above = || compare(" >= ", lowest);
    // The index serves both parts: a range, and one value of it.
    Some(Tree::any([Tree::all([above(), compare(" < ", highest)]), Tree::all([compare(" = ", highest), above()])]))
}

/// With `<` and `>=` alone, or with what makes the others right.
fn exact(left: Term, order: Order, right: &Value, has_successor: bool) -> Tree {
    let next = if has_successor { successor(right) } else { None };
    match (order, next) {
        (Order::Greater, Some(next)) => plain(left, Order::GreaterOrSame, Term::value(&next)),
        (Order::LessOrSame, Some(next)) => plain(left, Order::Less, Term::value(&next)),
        (Order::Greater, None) => {
            let differs = leaf(&left, " != ", right);
            Tree::all([plain(left, order, Term::value(right)), differs])
        }
        (Order::LessOrSame, None) => {
            let same = leaf(&left, " = ", right);
            Tree::any([plain(left, Order::Less, Term::value(right)), same])
        }
        (Order::Less | Order::GreaterOrSame, _) => plain(left, order, Term::value(right)),
    }
}

/// By whole seconds for the index, and then exactly.
fn instants(left: Term, order: Order, at: Datetime) -> Tree {
    let Some((before, after)) = whole_seconds(at) else {
        return plain(left.unindexed(), order, Term::value(&at));
    };
    let operator = order.opposite();
    let exactly = leaf(&left, operator, &Value::Datetime(at)).negated();
    let roughly = match order.is_upward() {
        true => plain(left, Order::GreaterOrSame, Term::value(&before)),
        false => plain(left, Order::Less, Term::value(&after)),
    };
    Tree::all([roughly, exactly])
}

/// The whole seconds before and after the second of a time, for years of four digits.
fn whole_seconds(at: Datetime) -> Option<(Datetime, Datetime)> {
    const YEAR_0: i64 = -62_167_219_200;
    const YEAR_10000: i64 = 253_402_300_800;
    let second = at.timestamp();
    let second_of = |second: i64| (YEAR_0..YEAR_10000).contains(&second).then(|| Datetime::from_timestamp(second, 0));
    Some((second_of(second.checked_sub(1)?)??, second_of(second.checked_add(1)?)??))
}

/// The least value of its type that is greater. Only for types whose values are all of one kind in the database.
fn successor(value: &Value) -> Option<Value> {
    match value {
        Value::Int(number) => number.checked_add(1).map(Value::Int),
        Value::Float(number) if number.is_finite() => Some(Value::Float(number.next_up())),
        Value::String(text) => Some(Value::String(format!("{text}\0"))),
        Value::Duration(duration) => duration
            .as_std()
            .checked_add(time::Duration::from_nanos(1))
            .map(|next| Value::Duration(Duration::from(next))),
        _ => None,
    }
}

/// Returns `true` if an index may sort such values differently from a comparison, or contain them in parts.
pub(super) fn is_out_of_order(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::RecordId(id) => holds_datetime(&id.key().clone().into()),
        Value::Object(fields) => fields.values().any(holds_datetime),
        _ => false,
    }
}

fn holds_datetime(value: &Value) -> bool {
    match value {
        Value::Datetime(_) => true,
        Value::Array(elements) => elements.iter().any(holds_datetime),
        other => is_out_of_order(other),
    }
}

/// The server takes NaN for a number beyond infinity, in the direction of its sign.
fn upper_bound(term: &Term) -> Tree {
    leaf(term, " > ", &Value::Float(f64::INFINITY)).negated()
}

fn lower_bound(term: &Term) -> Tree {
    leaf(term, " < ", &Value::Float(f64::NEG_INFINITY)).negated()
}

fn leaf(left: &Term, operator: &str, right: &Value) -> Tree {
    Tree::Leaf(left.clone().into_fragment().text(operator).then(Fragment::of(right)))
}
