//! A record is named by its key or its id.

include!("../../fixture.rs");

fn example(session: Session, ada: User, key: u32) {
    let _ = session.select::<User>().id(&ada);
    let _ = session.select::<User>().id(Id::<Company>::new("initech"));
    let _ = session.select::<User>().id(RecordId::new("user", "ada"));
    let _ = session.select::<User>().ids([1, 2]);
    let _ = session.select::<Book>().id(key);
}
