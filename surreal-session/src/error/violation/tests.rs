use super::Violation::{self, Assert, EdgeEnd, ReadOnly, Reference, TableType, Type, Unique, UnknownField};

fn all_read(cases: &[(&str, Violation<'_>)]) {
    for (message, expected) in cases {
        assert_eq!(Violation::read(message), Some(*expected), "{message}");
    }
}

#[test]
fn each_message_is_parsed_into_its_parts() {
    all_read(&[
        (
            "Database index `email` already contains 'a@x.io', with record `user:ada`",
            Unique { index: "email", value: Some("'a@x.io'"), record: Some("user:ada") },
        ),
        (
            "Found 17 for field `age`, with record `user:ada`, but field must conform to: $value >= 18",
            Assert { field: "age", record: "user:ada", value: "17", condition: "$value >= 18" },
        ),
        (
            "Couldn't coerce value for field `age` of `user:ada`: Expected `none | int` but found `'old'`",
            Type { field: "age", record: "user:ada", expected: "none | int", found: "'old'" },
        ),
        (
            "Found changed value for field `born`, with record `user:ada`, but field is readonly",
            ReadOnly { field: "born", record: "user:ada" },
        ),
        (
            "Found field 'address.zip', but no such field exists for table 'user'",
            UnknownField { field: "address.zip", table: "user" },
        ),
        (
            "Cannot delete `user:ada` as it is referenced by `post:1` with an ON DELETE REJECT clause",
            Reference { record: "user:ada", referrer: Some("post:1") },
        ),
        (
            "Found record: `wrote:1` which is not a relation, but expected a RELATION IN user OUT post",
            TableType { record: "wrote:1", expected: "RELATION IN user OUT post" },
        ),
        (
            "Found record: `user:1` which is a relation, but expected a NORMAL",
            TableType { record: "user:1", expected: "NORMAL" },
        ),
    ]);
}

#[test]
fn parts_that_the_server_hides_are_none() {
    all_read(&[
        (
            "Database index `email` already contains a conflicting value in another record",
            Unique { index: "email", value: None, record: None },
        ),
        (
            "Error while processing event e: Database index `a`b` already contains a conflicting value in another record",
            Unique { index: "a`b", value: None, record: None },
        ),
        (
            "Cannot delete `user:ada` as it is referenced by another record with an ON DELETE REJECT clause",
            Reference { record: "user:ada", referrer: None },
        ),
    ]);
}

#[test]
fn endpoints_of_edges_are_recognised() {
    all_read(&[
        (
            "Found user:`a for the b` for the `in` field, which does not match the existing field value",
            EdgeEnd { field: Some("in") },
        ),
        (
            "Found NONE for the `out` field, which does not match the existing field value",
            EdgeEnd { field: Some("out") },
        ),
        ("Cannot change the `in` endpoint of an existing edge", EdgeEnd { field: Some("in") }),
        ("Cannot change the `out` endpoint of an existing edge", EdgeEnd { field: Some("out") }),
        ("Cannot change the `in` or `out` endpoint of an existing edge", EdgeEnd { field: None }),
    ]);
}

#[test]
fn elements_and_lengths_of_collections_are_type_violations() {
    all_read(&[
        (
            "Couldn't coerce value for field `tags` of `t:1`: Expected `string` but found `1` when coercing element at \
             index 0 of `array<string>`",
            Type { field: "tags", record: "t:1", expected: "string", found: "1" },
        ),
        (
            "Couldn't coerce value for field `tags` of `t:1`: Expected `array<int, 2>` but found a collection of length \
             `3`",
            Type { field: "tags", record: "t:1", expected: "array<int, 2>", found: "a collection of length `3`" },
        ),
        (
            "Couldn't coerce value for field `l` of `t:1`: Expected `record<a>` but found `b:` when coercing `` when \
             coercing element at index 0 of `array<record<a>>`",
            Type { field: "l", record: "t:1", expected: "record<a>", found: "b:` when coercing `" },
        ),
    ]);
}

#[test]
fn violations_in_events_and_deletions_are_found() {
    all_read(&[
        (
            "An error occurred while updating references for `a:1`: An error occurred while updating references for \
             `b:`: ``: Cannot delete `c:1` as it is referenced by `d:1` with an ON DELETE REJECT clause",
            Reference { record: "c:1", referrer: Some("d:1") },
        ),
        (
            "An error occurred while updating references for `a:1`: Found NONE for field `f`, with record `b:1`, but \
             field must conform to: $value != NONE",
            Assert { field: "f", record: "b:1", value: "NONE", condition: "$value != NONE" },
        ),
        (
            "Error while processing event a`b: An error occurred while updating references for `a:1`: Error while \
             processing event c: Found field 'f', but no such field exists for table 't'",
            UnknownField { field: "f", table: "t" },
        ),
    ]);
}

#[test]
fn parts_may_contain_the_words_around_them() {
    all_read(&[
        (
            "Database index `i` already contains '`, with record `a:1`', with record `t:1`",
            Unique { index: "i", value: Some("'`, with record `a:1`'"), record: Some("t:1") },
        ),
        (
            r#"Database index `i` already contains "it's ` already contains 1, with record `t:1`", with record `t:1`"#,
            Unique {
                index: "i",
                value: Some(r#""it's ` already contains 1, with record `t:1`""#),
                record: Some("t:1"),
            },
        ),
        (
            r"Database index `i` already contains ['\'', { `a]`: d'2024-01-01T00:00:00Z' }], with record `t:`a\`b``",
            Unique { index: "i", value: Some(r"['\'', { `a]`: d'2024-01-01T00:00:00Z' }]"), record: Some(r"t:`a\`b`") },
        ),
        (
            "Database index `a`b` already contains 1, with record `t:[`, with record `]`",
            Unique { index: "a`b", value: Some("1"), record: Some("t:[`, with record `]") },
        ),
        (
            "Found `a b`:`, with record ` for field ``, with record `.`x``, with record `t:`, but field must conform to: \
             ``, but field must conform to: x != '`, but field must conform to: '",
            Assert {
                field: "`, with record `.`x`",
                record: "t:`, but field must conform to: `",
                value: "`a b`:`, with record `",
                condition: "x != '`, but field must conform to: '",
            },
        ),
        (
            "Couldn't coerce value for field `f` of `t:1`: Expected `record<` but found `>` but found `1>..'` but found'`",
            Type { field: "f", record: "t:1", expected: "record<` but found `>", found: "1>..'` but found'" },
        ),
        (
            "Found field '`x', but no such field exists for table 'y`', but no such field exists for table 'it's'",
            UnknownField { field: "`x', but no such field exists for table 'y`", table: "it's" },
        ),
    ]);
}

#[test]
fn other_texts_are_not_violations() {
    for message in [
        "",
        "An error occurred: Database index `i` already contains 1, with record `t:1`",
        "Error while processing event e: An error occurred: Database index `i` already contains 1, with record `t:1`",
        "Error while processing event Found field 'f', but no such field exists for table 't'",
        "Database index `i` already contains 1, with record `t:1` ",
        "Database index `i` already contains 1, with record `t:1",
        "Database index `i` already contains 1",
        "Database index `i` already contains , with record `t:1`",
        "Database index `i` already contains 'a, with record `t:1`",
        "Database index `i` already contains 1], with record `t:1`",
        "Database index `i` already contains 1, with record ``",
        "Database index `i` already contains 1, with record `t:1` with record `t:2`",
        r"Database index `i` already contains \'a', with record `t:1`",
        "Database index `i` is currently building",
        // The quote in `/'/` is part of a regex, and a closure may divide.
        "Database index `i` already contains /'/, with record `t:1`",
        "Found |$a| $a / 2 for field `f`, with record `t:1`, but field must conform to: false",
        "Found 1 for the Record ID but this is not a valid id",
        "Found 1 for the `id` field, but a specific record has been specified",
        "Found 1 for the `id` field, which does not match the existing field value",
        "Cannot change the `id` endpoint of an existing edge",
        "Cannot delete `a:1` as it is referenced by another record with an ON DELETE CASCADE clause",
        "Found changed value for field `f`, with record `t:1`, but field is readonly!",
        "Found field 'f', but no such field exists for table 't",
        "Found record: `t:1` which is odd, but expected a NORMAL",
        "Couldn't coerce value for field `f` of `t:1`: Expected `int` but found `1` or so",
        "Couldn't coerce value for field `f` of `t:1`: Expected `int` but found a collection of length ``x",
        "Couldn't coerce return value from function `f`: Expected `int` but found `NONE`",
        "Tried to set `$f`, but couldn't coerce value: Expected `int` but found `NONE`",
        "Cannot delete `a:1` as it is referenced by `b:1` with an ON DELETE REJECT clause, or so",
        "An error occurred while updating references for `a:1`: The record 'b:1' does not exist",
    ] {
        assert_eq!(Violation::read(message), None, "{message}");
    }
}

#[test]
fn ambiguous_index_name_is_not_guessed() {
    for message in [
        "Database index `a` already contains 1, with record `t:` already contains 2, with record `u:1`".to_owned(),
        format!("Database index `{}i` already contains 1, with record `t:1`", "` already contains ".repeat(100)),
    ] {
        assert_eq!(Violation::read(&message), None, "{message}");
    }
}

#[test]
fn long_and_malformed_texts_are_rejected() {
    let cascades = "An error occurred while updating references for `a:1`: ".repeat(100_000);
    let events = "Error while processing event e: ".repeat(100_000);
    let separators = format!("Database index `i{}", "` already contains [".repeat(100_000));
    let quote = format!("Found '{}", "\\".repeat(1_000_001));
    for message in [cascades, events, separators, quote, "Found \\".to_owned(), "Found 'ä\\".to_owned()] {
        assert_eq!(Violation::read(&message), None);
    }
}
