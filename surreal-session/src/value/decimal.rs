//! Decimal numbers.

use std::cmp::Ordering;
use std::fmt::{self, Write};
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::InvalidValue;
use super::duration::plain_digits;
use super::tag::Tag;
use super::tagged::{self, Tagged};

/// An exact decimal number with up to 28 places after the point.
///
/// It is an integer of 96 bits with a sign, divided by a power of ten. Trailing zeros are dropped, as on the server, so
/// that equal numbers have one form: `1.50` is `1.5`. Text may have an exponent, and `_` between digits. Text with too many
/// digits is an error: it is never rounded, unlike on the server (3.3.5). In a human-readable format a decimal is text;
/// numbers are read as well.
///
/// # Examples
///
/// ```
/// use surreal_session::value::Decimal;
///
/// let price: Decimal = "19.90".parse()?;
/// assert_eq!(price, Decimal::new(199, 1).unwrap());
/// assert_eq!(price.to_string(), "19.9");
/// assert!("0.00000000000000000000000000001".parse::<Decimal>().is_err());
/// # Ok::<(), surreal_session::value::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    /// Invariant: at most 96 bits and the sign, and not a multiple of ten unless the scale is zero.
    mantissa: i128,
    /// Invariant: at most 28.
    scale: u32,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };
    /// The largest decimal, 79228162514264337593543950335.
    pub const MAX: Self = Self { mantissa: MAX_MANTISSA, scale: 0 };
    /// The smallest decimal, -79228162514264337593543950335.
    pub const MIN: Self = Self { mantissa: -MAX_MANTISSA, scale: 0 };

    /// Creates the number `mantissa` / 10^`scale`: `new(125, 2)` is 1.25.
    ///
    /// Returns `None` if the number would have to be rounded.
    pub fn new(mantissa: i128, scale: u32) -> Option<Self> {
        let (mut mantissa, mut scale) = (mantissa, scale);
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale = if mantissa == 0 { 0 } else { scale - 1 };
        }
        let fits = mantissa.unsigned_abs() <= MAX_MANTISSA.unsigned_abs() && scale <= MAX_SCALE;
        fits.then_some(Self { mantissa, scale })
    }

    /// Returns the digits as an integer, without the point.
    pub const fn mantissa(&self) -> i128 {
        self.mantissa
    }

    /// Returns the number of digits after the point.
    pub const fn scale(&self) -> u32 {
        self.scale
    }

    /// Returns the nearest float.
    pub fn to_f64(&self) -> f64 {
        // The text of a decimal is always the text of a float.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// Like [`new`](Self::new), for a scale that may be negative.
    fn scaled(mantissa: i128, scale: i64) -> Option<Self> {
        match u32::try_from(scale.unsigned_abs()) {
            _ if mantissa == 0 => Some(Self::ZERO),
            Ok(scale_up) if scale < 0 => Self::new(mantissa.checked_mul(10_i128.checked_pow(scale_up)?)?, 0),
            Ok(scale) => Self::new(mantissa, scale),
            Err(_) => None,
        }
    }

    /// The integer part, and the part after the point in units of the smallest place.
    fn parts(self) -> (i128, i128) {
        let unit = 10_i128.pow(self.scale);
        (self.mantissa / unit, self.mantissa % unit * 10_i128.pow(MAX_SCALE - self.scale))
    }
}

macro_rules! from_ints {
    ($($int:ty)+) => {$(
        impl From<$int> for Decimal {
            fn from(number: $int) -> Self {
                Self { mantissa: number.into(), scale: 0 }
            }
        }
    )+};
}

from_ints! { i8 i16 i32 i64 u8 u16 u32 u64 }

impl TryFrom<i128> for Decimal {
    type Error = InvalidValue;

    fn try_from(number: i128) -> Result<Self, InvalidValue> {
        Self::new(number, 0).ok_or_else(too_big)
    }
}

impl TryFrom<f64> for Decimal {
    type Error = InvalidValue;

    /// Converts to the shortest decimal that is nearest to this float and to no other: 0.1 becomes 0.1.
    fn try_from(number: f64) -> Result<Self, InvalidValue> {
        if number.is_finite() { number.to_string().parse() } else { Err(invalid("the float is not finite")) }
    }
}

impl FromStr for Decimal {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let digits = plain_digits(digits);
        let (digits, exponent) = match digits.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse().map_err(|_| invalid("malformed exponent"))?),
            None => (&*digits, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid("expected digits"));
        }
        let fraction = fraction.trim_end_matches('0');
        let mut mantissa = 0_i128;
        for digit in whole.bytes().chain(fraction.bytes()) {
            if !digit.is_ascii_digit() {
                return Err(invalid("expected only digits and a point"));
            }
            let next = mantissa.checked_mul(10).and_then(|mantissa| mantissa.checked_add((digit - b'0').into()));
            mantissa = next.ok_or_else(too_big)?;
        }
        let mantissa = if is_negative { -mantissa } else { mantissa };
        let scale = i64::try_from(fraction.len()).ok().and_then(|places| places.checked_sub(exponent));
        scale.and_then(|scale| Self::scaled(mantissa, scale)).ok_or_else(too_big)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u128.pow(self.scale);
        let digits = self.mantissa.unsigned_abs();
        let mut text = (digits / unit).to_string();
        // Writing to a `String` cannot fail.
        if self.scale > 0 {
            let places = self.scale as usize;
            let _ = write!(text, ".{:0places$}", digits % unit);
        }
        f.pad_integral(self.mantissa >= 0, "", &text)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decimal({self})")
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tagged::serialize(serializer, Tag::Decimal, self, &self.to_string())
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl Tagged<'_> for Decimal {
    const TAG: Tag = Tag::Decimal;

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        text.parse().map_err(E::custom)
    }

    fn from_int<E: Error>(number: i128) -> Result<Self, E> {
        number.try_into().map_err(E::custom)
    }

    fn from_float<E: Error>(number: f64) -> Result<Self, E> {
        number.try_into().map_err(E::custom)
    }
}

fn invalid(reason: &'static str) -> InvalidValue {
    InvalidValue::new(Tag::Decimal.noun(), reason)
}

fn too_big() -> InvalidValue {
    invalid("it has more digits than fit into 96 bits, or more than 28 after the point")
}

const MAX_MANTISSA: i128 = (1 << 96) - 1;
const MAX_SCALE: u32 = 28;

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn text_is_canonical() {
        for (text, canonical) in [
            ("0", "0"),
            ("-0", "0"),
            ("+1", "1"),
            ("1.50", "1.5"),
            ("100", "100"),
            ("-0.050", "-0.05"),
            (".5", "0.5"),
            ("1e3", "1000"),
            ("1.5E-3", "0.0015"),
            ("-1.25e+1", "-12.5"),
            ("0e999999999", "0"),
            ("1_000.5", "1000.5"),
            ("5.", "5"),
            ("000.1", "0.1"),
            ("79228162514264337593543950335", "79228162514264337593543950335"),
            ("-7.9228162514264337593543950335", "-7.9228162514264337593543950335"),
            ("0.0000000000000000000000000001", "0.0000000000000000000000000001"),
            ("0.00000000000000000000000000010000", "0.0000000000000000000000000001"),
        ] {
            assert_eq!(decimal(text).to_string(), canonical);
        }
    }

    #[test]
    fn numbers_that_need_rounding_are_refused() {
        for text in [
            "",
            "-",
            ".",
            "1e",
            "e3",
            "1e3.0",
            "1e30",
            "1e-30",
            "1e99999999999999999999",
            "_1",
            "0x1",
            "1.2.3",
            "--1",
            "1 ",
            "é",
            "NaN",
            "79228162514264337593543950336",
            "0.00000000000000000000000000001",
            "7.92281625142643375935439503351",
            "99999999999999999999999999999999999999999999999999",
        ] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
        assert_eq!((Decimal::new(1, 29), Decimal::new(10, 29)), (None, Decimal::new(1, 28)));
        assert_eq!(Decimal::new(i128::MAX, 0), None);
        assert_eq!(Decimal::new(0, u32::MAX), Some(Decimal::ZERO));
    }

    #[test]
    fn order_is_by_value() {
        let sorted = [
            "-79228162514264337593543950335",
            "-1.5",
            "-1.25",
            "0",
            "0.0000000000000000000000000001",
            "0.1",
            "1",
            "1.01",
            "79228162514264337593543950335",
        ];
        for pair in sorted.windows(2) {
            assert!(decimal(pair[0]) < decimal(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn floats_become_their_shortest_decimal() {
        for (float, text) in [(0.1, "0.1"), (-2.5, "-2.5"), (1e20, "100000000000000000000"), (-0.0, "0")] {
            assert_eq!(Decimal::try_from(float), Ok(decimal(text)));
        }
        for float in [f64::NAN, f64::INFINITY, f64::MAX, f64::MIN_POSITIVE] {
            assert!(Decimal::try_from(float).is_err(), "{float}");
        }
        assert_eq!(decimal("0.1").to_f64().to_bits(), 0.1_f64.to_bits());
    }
}
