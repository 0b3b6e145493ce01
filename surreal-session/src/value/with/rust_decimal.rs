//! `rust_decimal::Decimal` as [`Decimal`], which has the same range.
//!
//! The server drops trailing zeros and the sign of zero: `1.50` comes back as `1.5`, which is equal.

use rust_decimal::Decimal as Foreign;

use super::adapted::adapter;
use crate::value::{Decimal, Value};

adapter! {
    "rust_decimal";
    Foreign as "rust_decimal::Decimal" => Decimal, not "a string";
}

impl From<Foreign> for Decimal {
    /// Drops trailing zeros, like the server.
    fn from(number: Foreign) -> Self {
        // Either has 96 bits and at most 28 places.
        Self::new(number.mantissa(), number.scale()).unwrap_or_default()
    }
}

impl From<Decimal> for Foreign {
    fn from(number: Decimal) -> Self {
        // Either has 96 bits and at most 28 places.
        Self::try_from_i128_with_scale(number.mantissa(), number.scale()).unwrap_or_default()
    }
}

impl From<Foreign> for Value {
    fn from(number: Foreign) -> Self {
        Self::Decimal(number.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_at_every_limit() {
        for (foreign, text) in [
            (Foreign::ZERO, "0"),
            (Foreign::new(-15, 1), "-1.5"),
            (Foreign::new(1, 28), "0.0000000000000000000000000001"),
            (Foreign::MAX, "79228162514264337593543950335"),
            (Foreign::MIN, "-79228162514264337593543950335"),
            (Foreign::from_parts(u32::MAX, u32::MAX, u32::MAX, true, 28), "-7.9228162514264337593543950335"),
        ] {
            let native: Decimal = text.parse().unwrap();
            assert_eq!((Decimal::from(foreign), Foreign::from(native)), (native, foreign));
        }
    }

    #[test]
    fn zeros_at_the_end_are_dropped() {
        let price = Foreign::new(1_500, 3);
        let back = Foreign::from(Decimal::from(price));
        assert_eq!((back, back.to_string()), (price, "1.5".to_owned()));
        let negative_zero = Foreign::from_parts(0, 0, 0, true, 28);
        assert_eq!(Decimal::from(negative_zero), Decimal::ZERO);
    }
}
