//! Numbers are not generated as keys: another record may have the same.

include!("../../fixture.rs");

fn example() {
    let _ = Id::<Book, i64>::generate();
}
