//! A path leads through fields that exist: of the record, of a linked record, of an `Object`.

include!("../../fixture.rs");

#[derive(Serialize, Deserialize, Record)]
struct Shop {
    id: Id<Shop>,
    owner: Plain,
}

fn example(session: Session) {
    let _ = session.select::<User>().filter(|u| u.nick.eq("x"));
    let _ = session.select::<User>().filter(|u| u.employer.age.gt(1));
    let _ = session.select::<Shop>().filter(|s| s.owner.name.eq("Ada"));
}
