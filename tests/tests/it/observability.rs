//! What is seen of calls: spans, traces, warnings about slow ones, and the observer.

mod trace;
