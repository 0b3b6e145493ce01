//! The envelopes of SurrealDB's RPC in CBOR: requests, replies, and the events of live queries.
//!
//! A part of a frame is read when it is needed. [`Frame`] stops at the destination, [`Reply`] finds the byte range of the
//! result, and the caller's type is decoded straight from that range. Facts are those of server 3.3.5.

mod frame;
mod id;
mod operation;
#[cfg(test)]
mod recorded;
mod reply;
mod request;
mod server_version;
mod statement;
mod stream_part;
mod variable;

pub(crate) use frame::{Event, EventKind, Frame, ShortenedFrame, position};
pub(crate) use id::RequestId;
pub use id::{LiveId, SessionId, TransactionId};
pub(crate) use operation::{Operation, Subject, Target};
pub(crate) use reply::{Reply, malformed, read_begun};
pub(crate) use request::{BindingsWriter, IndexHint, Request, RequestWriter};
pub use server_version::{Feature, ServerVersion};
pub(crate) use statement::{
    Outcome, StatementResult, decode_error, first_failure, is_echo, read_statements, record_decode_error,
};
pub(crate) use stream_part::StreamPart;
pub(crate) use variable::check_name;
