//! The parts of the benchmarks: the clients that are compared, their work, and the tables of the results.

mod bare;
mod cost;
mod item;
mod options;
mod recorder;
mod sample;
mod server;
mod stub;
mod subject;
mod table;

pub use bare::Bare;
pub use cost::{Cost, Costs, Meter};
pub use item::{Card, Item, NewItem};
pub use options::Options;
pub use sample::Sample;
pub use server::Server;
pub use stub::{STUB_ROWS, run_stub};
#[cfg(feature = "sdk")]
pub use subject::Sdk;
pub use subject::{BareClient, Ours, ROWS, Subject, Work};
pub use table::{Table, digits, micros, ratio};
