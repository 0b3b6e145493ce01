//! What work costs: wall time, and the time of the processor in this process.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// The cost of work, in total or of one operation.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// From begin to end.
    pub wall: Duration,
    /// User and system time of all threads of this process. The server is another process.
    pub cpu: Duration,
}

/// Measures from its creation on.
#[derive(Debug)]
pub struct Meter {
    begun: Instant,
    cpu: Duration,
}

impl Meter {
    /// Starts to measure.
    #[must_use]
    pub fn start() -> Self {
        Self { begun: Instant::now(), cpu: process_time() }
    }

    /// The cost since the start, of each of this number of operations.
    #[must_use]
    pub fn stop(&self, operations: u64) -> Cost {
        let (wall, cpu) = (self.begun.elapsed(), process_time().saturating_sub(self.cpu));
        let each = |time: Duration| Duration::from_secs_f64(time.as_secs_f64() / operations as f64);
        Cost { wall: each(wall), cpu: each(cpu) }
    }
}

/// The costs of several rounds.
#[derive(Debug, Default)]
pub struct Costs(Vec<Cost>);

impl Costs {
    /// Adds a round.
    pub fn add(&mut self, cost: Cost) {
        self.0.push(cost);
    }

    /// The medians of wall and processor time; `None` if nothing was measured.
    #[must_use]
    pub fn median(&self) -> Option<Cost> {
        let median = |time: fn(&Cost) -> Duration| {
            let mut times: Vec<_> = self.0.iter().map(time).collect();
            times.sort_unstable();
            times.get(times.len() / 2).copied()
        };
        Some(Cost { wall: median(|cost| cost.wall)?, cpu: median(|cost| cost.cpu)? })
    }

    /// The difference of the longest and the shortest round's wall time, as a share of the shortest.
    #[must_use]
    pub fn spread(&self) -> f64 {
        let walls = || self.0.iter().map(|cost| cost.wall.as_secs_f64());
        let (least, greatest) = (walls().fold(f64::MAX, f64::min), walls().fold(0.0, f64::max));
        greatest / least - 1.0
    }
}

fn process_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.try_into().unwrap_or_default())
}
