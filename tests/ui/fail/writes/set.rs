//! An assignment gives a field of the record a value of its type.

include!("../../fixture.rs");

fn example(session: Session, now: Datetime) {
    let _ = session.update::<User>().all().set(|u| u.age.set("37"));
    let _ = session.update::<User>().all().set(|u| u.name.set(u.nickname));
    let _ = session.update::<User>().all().set(|u| u.name.unset());
    let _ = session.update::<User>().all().set(|u| u.age.eq(37));
    let _ = session.update::<User>().all().set(|u| u.id.set(Id::new("bob")));
    // An element that may be missing is changed by a patch, which then fails.
    let _ = session.update::<User>().all().set(|u| u.tags.at::<0>().set("first"));
}
