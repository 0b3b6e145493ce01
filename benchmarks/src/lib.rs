//! The parts of the benchmarks: the clients that are compared, their work, and the tables of the results.

mod bare;
mod cost;
mod cutter;
mod item;
mod options;
mod own_process;
mod recorder;
mod sample;
mod server;
mod stub;
mod subject;
mod table;

pub use bare::Bare;
pub use cost::{Cost, Costs, Meter};
pub use cutter::{CUTTER, Cutter, run_cutter};
pub use item::{Card, Item, NewItem};
pub use options::Options;
pub use own_process::{OwnProcess, peak_bytes, resident_bytes};
pub use recorder::Recorder;
pub use sample::Sample;
pub use server::Server;
pub use stub::{STUB_ROWS, run_stub};
#[cfg(feature = "sdk")]
pub use subject::Sdk;
pub use subject::{BareClient, Ours, ROWS, Subject, Work};
pub use table::{Table, digits, micros, ratio};
pub use tokio_tungstenite::tungstenite::Bytes;
