//! An argument is a name, with a value or without.

include!("../../fixture.rs");

fn example(user: User) {
    let _ = surql!("RETURN $age", user.age);
    let _ = surql!("RETURN $age", &user.age);
    let _ = surql!("RETURN $age", 18);
    let _ = surql!("RETURN $age" age = 18);
    let _ = surql!("RETURN $age", age = );
}
