//! The envelopes of SurrealDB's RPC in CBOR: what a request looks like, and how a reply is taken apart.
//!
//! Nothing here reads more of a reply than it is asked to: [`Head`] stops at the id, [`Reply`] finds the byte range of
//! the result, and the caller's type is decoded straight from that range. Facts are those of server 3.3.5.

mod begun;
mod failure;
mod id;
mod misfit;
mod notification;
mod operation;
mod request;
mod response;
mod statement;

pub(crate) use begun::read_begun;
pub(crate) use failure::read_failure;
pub(crate) use id::RequestId;
pub use id::{LiveId, SessionId, TransactionId};
pub(crate) use misfit::{misfit, misfit_of};
pub(crate) use notification::{EventKind, Notification, position};
pub(crate) use operation::{Operation, Target};
pub(crate) use request::{BindingsWriter, Request, RequestWriter};
pub(crate) use response::{Head, Reply, malformed};
pub(crate) use statement::{Outcome, Statement, first_failure, is_echo, read_statements};
