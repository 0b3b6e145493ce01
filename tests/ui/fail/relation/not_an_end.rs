//! An end of an edge is the id of one record.

include!("../../fixture.rs");

#[derive(Serialize, Deserialize, Record)]
#[record(relation)]
struct Knows {
    id: Id<Knows>,
    r#in: Option<Id<User>>,
    out: User,
}
