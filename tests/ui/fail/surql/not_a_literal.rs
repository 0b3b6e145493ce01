//! The compiler sees only the text of a literal.

include!("../../fixture.rs");

const ALL: &str = "SELECT * FROM user";

fn example(table: &str) {
    let _ = surql!(ALL);
    let _ = surql!(format!("SELECT * FROM {table}"));
}
