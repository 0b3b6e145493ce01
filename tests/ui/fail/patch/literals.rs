//! A patch says of each field what happens to it, with a value of its type, or `..keep()` for the rest.

include!("../../fixture.rs");

fn example(user: &User, company: &Company, address: Address, plain: Plain, now: Datetime) {
    let _ = UserPatch { age: 37, ..keep() };
    let _ = UserPatch { age: set("37"), ..keep() };
    let _ = UserPatch { age: unset(), ..keep() };
    let _ = UserPatch { id: set(Id::new("ada")), ..keep() };
    let _ = UserPatch { created: set(now), ..keep() };
    let _ = UserPatch { address: merge(address), ..keep() };
    let _ = UserPatch { level: merge(plain), ..keep() };
    let _ = PostPatch { title: set("x".into()) };
    let _ = UserPatch::diff(user, company);
}
