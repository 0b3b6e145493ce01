//! The pauses between the attempts of a call that conflicts with others.

use std::ops::Range;
use std::time::Duration;

use crate::value::Uuid;

/// Random pauses that grow, so that callers which conflict do not meet again at once.
///
/// The first pause is at most the start of the range. Each later one is at most twice as long as the one before could
/// be, and never longer than the end of the range.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    pauses: Range<Duration>,
    attempts: u32,
}

impl Backoff {
    pub(crate) fn new(pauses: Range<Duration>) -> Self {
        Self { pauses, attempts: 0 }
    }

    /// The number of pauses until now.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// A pause like the first one, after which the later ones are no longer.
    pub(crate) fn short_pause(&self) -> Duration {
        random_up_to(self.pauses.start.min(self.pauses.end))
    }

    /// The pause before the next attempt.
    pub(crate) fn next_pause(&mut self) -> Duration {
        let longest = self.pauses.start.saturating_mul(2_u32.saturating_pow(self.attempts)).min(self.pauses.end);
        self.attempts = self.attempts.saturating_add(1);
        random_up_to(longest)
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(PAUSES)
    }
}

/// A random time of at most this length.
pub(crate) fn random_up_to(longest: Duration) -> Duration {
    let [.., a, b, c, d] = *Uuid::new_v4().as_bytes();
    let share = f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX);
    Duration::try_from_secs_f64(longest.as_secs_f64() * share).unwrap_or(longest).min(longest)
}

/// The pauses unless a program sets others.
pub(crate) const PAUSES: Range<Duration> = Duration::from_millis(5)..Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_random_and_never_too_long() {
        for longest in [Duration::ZERO, Duration::from_millis(5), Duration::MAX] {
            let pauses: Vec<_> = (0..100).map(|_| random_up_to(longest)).collect();
            assert!(pauses.iter().all(|pause| *pause <= longest), "{pauses:?}");
            assert!(longest.is_zero() || pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
        }
    }

    #[test]
    fn pauses_grow_to_the_end_of_the_range() {
        let mut backoff = Backoff::default();
        for attempt in 0..200 {
            let longest = PAUSES.start.saturating_mul(2_u32.saturating_pow(attempt)).min(PAUSES.end);
            assert!(backoff.next_pause() <= longest, "attempt {attempt}");
        }
    }
}
