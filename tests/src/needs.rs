//! The tests that need a version of the server, and what it is that others do not have or do otherwise.
//!
//! A test is named by its path, or by the beginning of the paths of several. Nothing is here that the client could do as well on
//! those servers.

/// Tests that need this version or a later one.
pub(crate) const SINCE: &[(&str, &str, &str)] = &[
    // Refused by name: `Feature` says why.
    ("blocking::live_streams", "3.3", LIVE),
    ("chaos_cancel::", "3.3", LIVE),
    ("conditions::indexes_are_used", "3.3", "the client does not use the index for some of the conditions"),
    ("conditions::live", "3.3", LIVE),
    ("late::late_identity", "3.3", LIVE),
    ("late::late_refusal", "3.3", PLACE),
    ("stray::events_beyond", "3.3", LIVE),
    ("limits::event_that_is_too_large", "3.3", LIVE),
    ("live::", "3.3", LIVE),
    ("live_ranges::", "3.3", LIVE),
    ("loss::buffered_differences", "3.3", LIVE),
    ("loss::vanished_server", "3.3", LIVE),
    ("lost_results::live_", "3.3", LIVE),
    ("observability::observer::observer_gets_outages", "3.3", LIVE),
    ("observability::spans::each_call", "3.3", LIVE),
    ("renewal::every_kind_of_call", "3.3", LIVE),
    ("scopes::live_queries", "3.3", LIVE),
    ("versions::live_events", "3.3", LIVE),
    ("view_columns::live_queries", "3.3", LIVE),
    ("insert::failed_chunk", "3.3", IGNORE),
    ("insert::failure_of_a_later_request", "3.3", IGNORE),
    ("insert::ignored_rows", "3.3", IGNORE),
    ("insert::insert_in_chunks", "3.3", IGNORE),
    ("insert::rows_have_ids", "3.3", IGNORE),
    ("insert_stream::clauses", "3.3", IGNORE),
    ("untyped::insert_with_an_existing_id", "3.3", IGNORE),
    ("versions::every_write", "3.3", IGNORE),
    ("relations::data_of_an_edge", "3.2", EDGES),
    ("relations::edge_keeps_its_own_id", "3.2", EDGES),
    ("relations::edges_may_lead", "3.2", EDGES),
    ("relations::inserted_edges", "3.3", IGNORE),
    (
        "untyped::edges_are_inserted",
        "3.3",
        "an edge with a taken id is returned as if it were inserted, also without an index",
    ),
    ("versions::new_records", "3.2", EDGES),
    ("writes::hostile_names_stay_names", "3.3", PATCHES),
    ("writes::patches_are_applied", "3.3", PATCHES),
    ("observability::observer::text_that_is_streamed", "3.3", STREAMS),
    ("reads::streams::dropped_query_streams", "3.3", STREAMS),
    ("reads::streams::query_stream", "3.3", STREAMS),
    ("reads::streams::slow_program", "3.3", STREAMS),
    ("select::for_update", "3.3", LOCKS),
    ("select::missing_table", "3.3", LOCKS),
    ("transaction::write_skew", "3.3", LOCKS),
    ("equality::records_are_ordered", "3.1", ORDER),
    ("equality::paging_by_id", "3.3", LIVE),
    ("equality::view_does_not_change", "3.1", ORDER),
    ("reads::pages::pages_go_through", "3.1", ORDER),
    ("reads::related::links_to_several", "3.1", ORDER),
    ("select::first_returns", "3.1", ORDER),
    ("select::later_orders", "3.1", ORDER),
    ("select::records_by_ids", "3.1", ORDER),
    ("traverse::edges_are_read", "3.1", ORDER),
    ("traverse::traversal_result", "3.1", ORDER),
    ("server_versions::read_only", "4.0", "there are no read-only transactions"),
    ("server_versions::serializable", "4.0", "there are no serializable transactions"),
    // Facts of the servers.
    (
        "absent::create_if_absent",
        "3.2",
        "a block with a read and a write does not make the table, and fails for a record that exists",
    ),
    ("adapters::", "3.2", QUOTED),
    (
        "auth::conflict_in_a_signup_clause",
        "3.3",
        "a conflict in a clause of an access method is not told from other failures",
    ),
    ("auth::expired_and_forbidden", "3.3", PLACE),
    ("auth::invalid_tokens", "3.3", "a token that is malformed has another error"),
    ("auth::missing_right", "3.3", "system users may change to other databases"),
    ("auth::refresh_token_renews_once", "3.3", REVOKED),
    ("auth::system_users_of_each_level", "3.3", SIGNIN),
    ("bearer::key_of_a_user", "3.3", SIGNIN),
    ("bearer::refused_keys", "3.3", SIGNIN),
    ("change_feeds::a_feed_with_originals", "3.2", "the feed does not tell the record that was deleted"),
    ("conditions::matches_uses", "3.3", "a search without an index finds nothing instead of failing"),
    ("blocking::closures", "3.1", ONCE),
    ("exactly_once", "3.1", ONCE),
    ("guarantees::schema_with_generated_keys", "3.2", "the default of an id is not used"),
    ("guarantees::sets::operation_on_an_element", "3.3", "an array is not taken for a set"),
    ("insert::on_duplicate", "3.1", "a conflict with a unique index is not one with the row"),
    ("limits::session_over_the_limit", "3.1", "there is no limit of sessions"),
    ("limits::text_and_recursion", "3.2", "the server ends: its stack overflows"),
    ("methods::revoked_token", "3.3", REVOKED),
    ("names::every_keyword", "3.3", "some keywords cannot be ordered by"),
    ("operations::timeouts", "3.3", LIVE),
    ("place::namespace_and_databases_that_many", "3.3", "a namespace that many make at once may lock up"),
    ("place::user_of_a_namespace", "3.3", SIGNIN),
    ("query::cause_is_searched", "3.1", BLOCKS),
    ("query::failed_block_reports", "3.1", BLOCKS),
    ("reads::groups::statistics", "3.1", "the deviation of one number is 0"),
    ("reads::related::select_says_how", "3.1", "other clauses fail"),
    ("reads::search::search_without", "3.3", "a search without an index finds nothing instead of failing"),
    ("reads::search::server_finds_nothing", "3.3", "a search without an index has no score"),
    ("reads::search::words_and_vectors", "3.1", ORDER),
    ("recursive::", "3.2", "fields of objects in arrays are not those of a nested definition"),
    ("renewal::identity_is_known_for_each_level", "3.3", SIGNIN),
    ("renewal::namespace_and_variables", "3.3", SIGNIN),
    ("renewal::tokens_come_with_the_session", "3.3", PLACE),
    ("restored::session_that_cannot_prove", "3.3", SIGNIN),
    ("schema::defined_database", "3.2", QUOTED),
    ("schema::generated", "3.3", "INFO has fewer definitions"),
    ("schema::index_of_whole_arrays", "3.3", ARRAYS),
    ("schema::many_programs", "3.2", QUOTED),
    ("schema::random", "3.2", QUOTED),
    ("schema::records_of_the_models", "3.2", QUOTED),
    ("schema::text_of_the_schema", "3.2", QUOTED),
    ("schema::viewer_verifies", "3.2", QUOTED),
    ("select::computed::view_in_an_order", "3.3", "nested names that need quotes cannot be ordered by"),
    ("server_facts::database_without_a_namespace", "3.1", "the server does not answer"),
    ("server_facts::other_statements", "3.1", BLOCKS),
    ("server_facts::reset_cancels", "3.1", "a reset leaves transactions open"),
    ("server_facts::server_version", "3.3.5", "the version is not the one of the documentation"),
    ("server_facts::too_many_transactions", "3.1", "there is no limit of transactions"),
    ("transaction::ending::reset_of_the_session", "3.1", "a reset leaves transactions open"),
    ("transaction::ending::transaction_runs_where", "3.1", ONCE),
    ("transaction::transaction_over_the_limit", "3.1", "there is no limit of transactions"),
    ("transaction::writes_are_visible", "3.1", "a record that is made in a transaction has no id there"),
    ("transfer::", "3.3", "a read may see a part of a commit that is under way (store in memory)"),
    ("violations::missing_and_existing", "3.1", "an API may be defined twice, and a CONFIG cannot be removed"),
];

/// Tests that need an earlier version than this.
pub(crate) const UNTIL: &[(&str, &str, &str)] = &[
    ("auth::conflict_in_a_signup_clause", "4.0", "the clause fails with the same error without another write"),
    ("lost_results::batch_whose", "4.0", UNSENT),
    ("lost_results::typed_call_whose", "4.0", UNSENT),
    ("lost_results::write_whose", "4.0", UNSENT),
    ("renewal::expired_token", "4.0", "a session ends with its token"),
    (
        "live::synced::older_transaction",
        "4.0",
        "changes of transactions that are older than the live query are reported",
    ),
    ("select::computed::server_computes_all_fields", "4.0", "other fields are computed"),
    ("server_facts::server_version", "3.3.6", "the version is not the one of the documentation"),
];

const UNSENT: &str = "a statement whose result cannot be sent fails, and changes nothing";
const QUOTED: &str = "names of fields that need quotes cannot be defined";
const PLACE: &str = "the client and not the server refuses to leave a database";
const REVOKED: &str = "a revoked refresh token cannot be revoked again";
const ARRAYS: &str = "such an index finds a record several times";
const LIVE: &str = "live queries do not report the changes of transactions";
const IGNORE: &str = "`ignore` leaves out rows that violate a constraint too";
const EDGES: &str = "an edge with a taken id is returned as if it were inserted";
const PATCHES: &str = "patches of the elements of arrays change nothing, or other elements";
const STREAMS: &str = "results are not streamed";
const LOCKS: &str = "there is no FOR UPDATE";
const ORDER: &str = "an order is ignored in some reads, and records that are missing count for a limit";
const SIGNIN: &str = "a system user does not begin in the namespace or database that it belongs to";
const ONCE: &str = "a transaction does not know the namespace of its session";
const BLOCKS: &str = "a failed block has other results";
