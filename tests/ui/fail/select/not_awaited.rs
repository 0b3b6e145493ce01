//! A builder that is dropped has read nothing, and the compiler warns.

include!("../../fixture.rs");

#[deny(unused_must_use)]
fn example(session: Session) {
    session.select::<User>().filter(|u| u.age.gt(18));
}
