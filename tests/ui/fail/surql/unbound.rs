//! Each variable has a value.

include!("../../fixture.rs");

fn example(age: u8) {
    let _ = surql!("SELECT * FROM user WHERE age >= $min");
    let _ = surql!("SELECT * FROM user WHERE age >= $min", mni = age);
    let _ = surql!("RETURN $tennant", session(tenant));
    let _ = surql!("RETURN $x; LET $x = 1");
    let _ = surql!("DEFINE FIELD age ON user ASSERT $vlaue > 0");
}
