//! Only a field that can be changed takes an expression.

include!("../../fixture.rs");

fn example(session: Session) {
    let _ = session.update::<User>().all().set(|u| u.created.set_raw("time::now()"));
    let _ = session.update::<User>().all().set(|u| u.id.set_raw("rand::ulid()"));
}
