//! Floats as values are compared and written.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A float with a total order, in which NaN equals itself and is greatest, and zero has one sign.
#[derive(Clone, Copy)]
pub(crate) struct Total(pub(crate) f64);

impl Total {
    fn canonical(self) -> f64 {
        match self.0 {
            number if number.is_nan() => f64::NAN,
            0.0 => 0.0,
            number => number,
        }
    }
}

impl PartialEq for Total {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Total {}

impl Ord for Total {
    fn cmp(&self, other: &Self) -> Ordering {
        self.canonical().total_cmp(&other.canonical())
    }
}

impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Total {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical().to_bits().hash(state);
    }
}

/// The SurrealQL literal, with an `f` that tells it from an int.
impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            number if number.is_nan() => f.write_str("NaN"),
            f64::INFINITY => f.write_str("Infinity"),
            f64::NEG_INFINITY => f.write_str("-Infinity"),
            number => write!(f, "{number}f"),
        }
    }
}
