//! surreal-session against the real server: a file for each behaviour, a namespace for each test.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is test code: what fails here fails the test"
)]
#![expect(clippy::float_cmp, reason = "floats come back as they went, or not")]

mod absent;
mod adapters;
mod auth;
mod bank;
mod batch;
mod bearer;
mod bindings;
mod blocking;
mod cancel;
mod change_feeds;
mod changes;
mod chaos;
mod chaos_cancel;
mod chaos_sessions;
mod circles;
mod cluster;
mod codec;
mod conditions;
mod connection;
mod constructors;
mod cut;
mod deadlines;
mod direct_writes;
mod embedded;
mod equality;
mod exactly_once;
mod exposed;
mod garbled;
mod guarantees;
mod insert;
mod insert_stream;
mod isolation;
mod kit;
mod late;
mod layers;
mod lenient;
mod lifecycle;
mod limits;
mod literals;
mod live;
mod live_ranges;
mod loss;
mod lost_results;
mod methods;
mod migrations;
mod models;
mod names;
mod observability;
mod opening;
mod operations;
mod outages;
mod patches;
mod place;
mod positions;
mod query;
mod reads;
mod recorded;
mod records;
mod recursive;
mod relations;
mod renewal;
mod restored;
mod retries;
mod run;
mod schema;
mod scopes;
mod select;
mod server_facts;
mod server_versions;
mod session_cache;
mod stored;
mod stray;
mod surql;
mod texts;
mod transaction;
mod transfer;
mod traverse;
mod untyped;
mod untyped_clauses;
mod versions;
mod view_columns;
mod violations;
mod writes;
