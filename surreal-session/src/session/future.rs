//! What an awaited builder or call becomes.

use std::pin::Pin;

use crate::error::Result;

/// The future of an awaited builder. It borrows nothing and may be spawned.
///
/// # Cancel safety
///
/// Dropped before its first poll it has done nothing. Dropped later, the request may have been sent: a read is lost, a
/// write may or may not be carried out. The connection and other calls are not disturbed. What changes a session or
/// opens something says more.
pub type CallFuture<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;
