//! What the benchmarks share: the bare client that sets the limit, and numbers for people.

mod bare;
mod sample;

pub use bare::Bare;
pub use sample::Sample;
