//! Edges begin and end at the records that their model says, and lists have the type of the field.

include!("../../fixture.rs");

fn example(session: Session) {
    let _ = session.select::<Post>().filter(|p| p.id.out::<Wrote>().exists());
    let _ = session.select::<User>().filter(|u| u.id.out::<Post>().exists());
    let _ = session.select::<User>().filter(|u| u.id.out::<Wrote>());
    let names = session.select::<Company>().values(|c| c.name);
    let _ = session.select::<User>().filter(|u| u.employer.is_in_select(names));
    let _ = session.select::<User>().filter(|u| u.tags.entry("a").is_some());
    let _ = session.select::<Book>().prefix(("a",));
}
