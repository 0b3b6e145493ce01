//! Reads beyond whole records: columns, groups, pages, streams, searches.

mod agree;
