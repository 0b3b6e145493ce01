//! Brackets have two halves, and strings, comments and quoted names end.

include!("../../fixture.rs");

fn example() {
    let _ = surql!("SELECT * FROM user WHERE (age > 18");
    let _ = surql!("RETURN [1, 2)");
    let _ = surql!("RETURN 1 }");
    let _ = surql!("CREATE user SET name = 'Ada");
    let _ = surql!(
        "SELECT *
         FROM `user WHERE age > 18"
    );
    let _ = surql!("RETURN 1 /* one");
    let _ = surql!("RETURN string::matches($input, /^a)");
}
