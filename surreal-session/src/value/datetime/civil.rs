//! Dates of the proleptic Gregorian calendar, and their text form.

use std::fmt;

/// A date and time of day in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Civil {
    year: i64,
    month: u32,
    day: u32,
    second_of_day: u32,
    pub(super) nanoseconds: u32,
}

impl Civil {
    /// Converts from a time since 1970. Counts days from the first of March, so that the leap day is the last.
    pub(super) fn from_timestamp(seconds: i64, nanoseconds: u32) -> Self {
        let days = seconds.div_euclid(DAY) + DAYS_TO_1970;
        let (era, day_of_era) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: small(month),
            day: small(day_of_year - (153 * month_from_march + 2) / 5 + 1),
            second_of_day: small(seconds.rem_euclid(DAY)),
            nanoseconds,
        }
    }

    /// The seconds since 1970.
    pub(super) fn to_timestamp(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = self.year - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let month_from_march = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        (era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970) * DAY + i64::from(self.second_of_day)
    }

    fn days_of_month(year: i64, month: u32) -> u32 {
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

impl fmt::Display for Civil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.year {
            0..=9999 => write!(f, "{:04}", self.year)?,
            _ => write!(f, "{:+05}", self.year)?,
        }
        let (hour, minute, second) =
            (self.second_of_day / 3_600, self.second_of_day / 60 % 60, self.second_of_day % 60);
        write!(f, "-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}", self.month, self.day)?;
        match self.nanoseconds {
            0 => {}
            n if n % 1_000_000 == 0 => write!(f, ".{:03}", n / 1_000_000)?,
            n if n % 1_000 == 0 => write!(f, ".{:06}", n / 1_000)?,
            n => write!(f, ".{n:09}")?,
        }
        f.write_str("Z")
    }
}

/// Reads a date with an optional time of day, and its offset from UTC in seconds.
pub(super) fn parse(text: &str) -> Result<(Civil, i32), &'static str> {
    let mut scanner = DateScanner(text);
    let is_negative = match scanner.next_if(&['+', '-']) {
        Some(sign) => sign == '-',
        None => false,
    };
    let year = i64::from(scanner.digits(4, 6)?);
    let year = if is_negative { -year } else { year };
    scanner.expect('-')?;
    let month = scanner.number(1, 12)?;
    scanner.expect('-')?;
    let day = scanner.number(1, Civil::days_of_month(year, month))?;
    let mut civil = Civil { year, month, day, second_of_day: 0, nanoseconds: 0 };
    if scanner.0.is_empty() {
        return Ok((civil, 0));
    }
    scanner.next_if(&['T', 't', ' ']).ok_or("expected a `T` after the date")?;
    civil.second_of_day = scanner.clock()? * 60;
    scanner.expect(':')?;
    civil.second_of_day += scanner.number(0, 59)?;
    if scanner.next_if(&['.']).is_some() {
        civil.nanoseconds = scanner.fraction()?;
    }
    let offset = scanner.offset()?;
    if scanner.0.is_empty() { Ok((civil, offset)) } else { Err("unexpected text after the offset") }
}

struct DateScanner<'a>(&'a str);

impl DateScanner<'_> {
    fn next_if(&mut self, expected: &[char]) -> Option<char> {
        let next = self.0.chars().next().filter(|next| expected.contains(next))?;
        self.0 = self.0.get(next.len_utf8()..)?;
        Some(next)
    }

    fn expect(&mut self, expected: char) -> Result<(), &'static str> {
        self.next_if(&[expected]).map(drop).ok_or("expected the form 2026-01-31T09:05:00Z")
    }

    fn digits(&mut self, least: usize, most: usize) -> Result<u32, &'static str> {
        let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        if !(least..=most).contains(&digits.len()) {
            return Err("expected the form 2026-01-31T09:05:00Z");
        }
        self.0 = rest;
        digits.parse().map_err(|_| "a number is too big")
    }

    fn number(&mut self, least: u32, most: u32) -> Result<u32, &'static str> {
        let number = self.digits(2, 2)?;
        if (least..=most).contains(&number) { Ok(number) } else { Err("no such day, or time of day") }
    }

    /// The minutes of `hh:mm`.
    fn clock(&mut self) -> Result<u32, &'static str> {
        let hours = self.number(0, 23)?;
        self.expect(':')?;
        Ok(hours * 60 + self.number(0, 59)?)
    }

    /// The nanoseconds of the digits after a decimal point; digits after the ninth are ignored.
    fn fraction(&mut self) -> Result<u32, &'static str> {
        let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        if digits.is_empty() {
            return Err("expected digits after the decimal point");
        }
        self.0 = rest;
        let digits = digits.bytes().chain(std::iter::repeat(b'0')).take(9);
        Ok(digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    fn offset(&mut self) -> Result<i32, &'static str> {
        match self.next_if(&['Z', 'z', '+', '-']) {
            Some('+') => self.clock().map(|minutes| minutes.cast_signed() * 60),
            Some('-') => self.clock().map(|minutes| minutes.cast_signed() * -60),
            Some(_) => Ok(0),
            None => Err("expected `Z` or an offset after the time"),
        }
    }
}

/// Converts numbers that are known to be between 0 and 86 400.
fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

const DAY: i64 = 86_400;

/// 400 years.
const DAYS_PER_ERA: i64 = 146_097;

/// From the first of March of the year 0.
const DAYS_TO_1970: i64 = 719_468;
