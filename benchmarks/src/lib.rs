//! Shared code of the benchmarks: the bare client that sets the limit, and formatted numbers.

mod bare;
mod sample;

pub use bare::Bare;
pub use sample::Sample;
