//! The constructor takes the required fields in their order.

include!("../../fixture.rs");

fn example() {
    let _ = NewCompany::new();
    let _ = NewCompany::new(7);
    let _ = NewBook::new("title", "pages");
    let _ = NewBook::new("title", 3).author("x");
}
