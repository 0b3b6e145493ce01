//! Verbs for programs without models: tables and ids name what is meant, and the data is anything serde can write.

mod handle;
mod insert;
mod select;
mod target;
mod write;

pub use handle::Untyped;
pub use insert::Insert;
pub use select::Select;
pub use target::{EdgeEnd, NewTarget, RecordRange, Target};
pub use write::Write;
