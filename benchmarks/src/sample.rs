//! Samples of durations and their statistics.

use std::fmt;
use std::time::Duration;

/// The duration of each run.
#[derive(Debug, Default)]
pub struct Sample(Vec<Duration>);

impl Sample {
    /// Adds a measurement.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The time that this share of the measurements did not exceed: 0.5 is the median.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        let mut times = self.0.clone();
        times.sort_unstable();
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let index = (times.len().saturating_sub(1) as f64 * share) as usize;
        times.get(index).copied().unwrap_or_default()
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, p99] = [0.5, 0.99].map(|share| self.quantile(share).as_secs_f64() * 1e3);
        write!(f, "median {median:7.3} ms, p99 {p99:7.3} ms ({} times)", self.0.len())
    }
}
