//! Text without a statement does nothing.

include!("../../fixture.rs");

fn example() {
    let _ = surql!();
    let _ = surql!("");
    let _ = surql!(" -- nothing");
}
