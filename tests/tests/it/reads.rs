//! Reads beyond whole records: columns, groups, pages, streams, searches.

mod agree;
mod groups;
mod pages;
mod related;
mod search;
mod streams;
