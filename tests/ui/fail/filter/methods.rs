//! A field has the methods of its type.

include!("../../fixture.rs");

fn example(session: Session) {
    let _ = session.select::<User>().filter(|u| u.name.mul(2).eq("AdaAda"));
    let _ = session.select::<User>().filter(|u| u.age.contains(1));
    let _ = session.select::<User>().filter(|u| u.age.starts_with(1));
    let _ = session.select::<User>().filter(|u| u.name.any(|c| c.eq("a")));
    // An enum is stored as text, whose order is not that of its variants.
    let _ = session.select::<User>().filter(|u| u.level.gt(Level::Low));
}
