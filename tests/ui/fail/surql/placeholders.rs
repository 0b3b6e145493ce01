//! A placeholder has no spaces, operators or generics.

include!("../../fixture.rs");

#[derive(Serialize, Deserialize, Record)]
struct Page {
    id: Id<Page>,
    #[serde(flatten)]
    meta: Address,
}

fn example() {
    let _ = surql!("SELECT {User.tags[0]} FROM {User}");
    let _ = surql!("RETURN {User.age + 1}");
    let _ = surql!("SELECT * FROM {Option<User>}");
    let _ = surql!("SELECT {Page.meta} FROM {Page}");
}
