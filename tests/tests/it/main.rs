//! surreal-session against the real server: a file for each behaviour, a namespace for each test.

mod auth;
mod cancel;
mod codec;
mod connection;
mod embedded;
mod isolation;
mod layers;
mod lifecycle;
mod query;
mod records;
mod server_facts;
