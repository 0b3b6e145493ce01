//! A write has one target and one data clause, and those that its verb has.

include!("../../fixture.rs");

fn example(session: Session, patch: UserPatch, name: UserPatch) {
    let _ = session.create::<Plain>();
    let _ = session.create::<User>().merge(name);
    let _ = session.create::<User>().filter(|u| u.age.gt(3));
    let _ = session.update::<User>().id("ada").merge(patch).set(|u| u.age.add(1));
    let _ = session.upsert::<Book>().range(1..3);
    let _ = session.delete::<User>().id("ada").all();
    let _ = session.delete::<User>().filter(|u| u.age.gt(3)).id("ada");
    let _ = session.delete::<User>().id("ada").content(NewCompany { name: "x".into() });
    let _ = session.delete::<User>().all().optional();
    let _ = session.delete::<User>().id(Id::<Company>::new("initech"));
}
