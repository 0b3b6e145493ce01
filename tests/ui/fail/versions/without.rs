//! Only a record with a version has one to compare, and only for one record.

include!("../../fixture.rs");

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Page {
    id: Id<Page>,
    text: String,
    #[record(version)]
    version: u64,
}

fn example(session: Session, patch: UserPatch, text: PagePatch) {
    let _ = session.update::<User>().id("ada").if_version(3).merge(patch);
    let _ = session.delete::<User>().id("ada").if_version(3);
    let _ = session.update::<Page>().all().if_version(3).merge(text);
    let _ = session.update::<Page>().id("home").if_version("3");
    let _ = session.update::<Page>().id("home").set(|p| p.version.set(3));
    let _ = NewPage { text: "x".into(), version: 3 };
}
