//! Values of the process whose start may fail.

use std::sync::{Mutex, OnceLock, PoisonError};

/// A value that the first call starts, and the next one after a failure.
pub(crate) struct Once<T> {
    value: OnceLock<T>,
    start: Mutex<()>,
}

impl<T> Once<T> {
    pub(crate) const fn new() -> Self {
        Self { value: OnceLock::new(), start: Mutex::new(()) }
    }

    /// Returns the value. Other callers wait while it starts.
    pub(crate) fn get_or_start<E>(&self, start: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        let _start = self.start.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        let value = start()?;
        Ok(self.value.get_or_init(|| value))
    }
}
