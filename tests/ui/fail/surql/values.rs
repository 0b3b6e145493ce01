//! A bound value can be serialized.

include!("../../fixture.rs");

struct Secret;

fn example(secret: Secret) {
    let _ = surql!("RETURN $secret", secret);
    let _ = surql!("RETURN $other", other = Secret);
    let _ = surql!("RETURN $missing", missing);
}
