//! A bind has a name of its own, which is not one of the server's.

include!("../../fixture.rs");

fn example(value: u8) {
    let _ = surql!("RETURN $auth", auth = 1);
    let _ = surql!("RETURN $value", value);
    let _ = surql!("RETURN $this", session(this));
    let _ = surql!("RETURN $a", a = 1, a = 2);
    let _ = surql!("RETURN $a", a = 1, session(a));
    let _ = surql!("RETURN 1", größe = 1);
}
