use super::*;

#[test]
fn seeds_are_read() {
    for target in TARGETS {
        for seed in (target.seeds)() {
            assert!((target.run)(&seed), "{}: {:?}", target.name, String::from_utf8_lossy(&seed));
        }
    }
}
