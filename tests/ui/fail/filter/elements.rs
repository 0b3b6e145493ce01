//! A condition on an element compares the element with values of its type.

include!("../../fixture.rs");

fn example(session: Session) {
    let _ = session.select::<User>().filter(|u| u.tags.contains(7));
    let _ = session.select::<User>().filter(|u| u.tags.any(|tag| tag.eq(u.name)));
}
