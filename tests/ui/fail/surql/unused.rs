//! Each bind is used.

include!("../../fixture.rs");

fn example(city: &str) {
    let _ = surql!("SELECT * FROM user WHERE age >= 18", min = 18);
    let _ = surql!("SELECT * FROM user WHERE city = '$city'", city);
    let _ = surql!("RETURN 1", session(tenant));
}
