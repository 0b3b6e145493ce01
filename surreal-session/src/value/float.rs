//! Comparison and text of floats in values.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A float with a total order: NaN equals itself and is the greatest, and the two zeros are equal.
#[derive(Clone, Copy)]
pub(crate) struct TotalFloat(pub(crate) f64);

impl TotalFloat {
    fn canonical(self) -> f64 {
        match self.0 {
            number if number.is_nan() => f64::NAN,
            0.0 => 0.0,
            number => number,
        }
    }
}

impl PartialEq for TotalFloat {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for TotalFloat {}

impl Ord for TotalFloat {
    fn cmp(&self, other: &Self) -> Ordering {
        self.canonical().total_cmp(&other.canonical())
    }
}

impl PartialOrd for TotalFloat {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for TotalFloat {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical().to_bits().hash(state);
    }
}

/// Writes the SurrealQL literal, with an `f` that distinguishes it from an int.
impl fmt::Display for TotalFloat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            number if number.is_nan() => f.write_str("NaN"),
            f64::INFINITY => f.write_str("Infinity"),
            f64::NEG_INFINITY => f.write_str("-Infinity"),
            number => write!(f, "{number}f"),
        }
    }
}
