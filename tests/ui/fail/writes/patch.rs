//! An operation changes a field of the record to a known value that fits.

include!("../../fixture.rs");

fn example(session: Session, now: Datetime) {
    let _ = session.update::<User>().all().patch(|u| [PatchOp::replace(u.age, u.age)]);
    let _ = session.update::<User>().all().patch(|u| [PatchOp::replace(u.age, "37")]);
    let _ = session.update::<User>().all().patch(|u| [PatchOp::remove(u.name)]);
    let _ = session.update::<User>().all().patch(|u| [PatchOp::replace(u.created, now)]);
    let _ = session.update::<Book>().all().patch(|b| [PatchOp::copy(b.pages, b.title)]);
}
