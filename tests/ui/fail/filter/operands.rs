//! The operands of a condition have types that can be compared.

include!("../../fixture.rs");

fn example(session: Session, number: i64, id: Id<User>) {
    // An integer of another type, which may not fit.
    let _ = session.select::<User>().filter(|u| u.age.gte(number));
    let _ = session.select::<User>().filter(|u| u.nickname.eq(7));
    let _ = session.select::<User>().filter(|u| u.name.eq(u.age));
    // A key is not an id, and the id of a user is not the id of a company.
    let _ = session.select::<User>().filter(|u| u.id.eq("ada"));
    let _ = session.select::<User>().filter(|u| u.employer.eq(id));
}
