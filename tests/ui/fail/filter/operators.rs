//! Conditions are made with methods: the operators of Rust compare in Rust.

include!("../../fixture.rs");

fn example(session: Session) {
    let _ = session.select::<User>().filter(|u| u.age >= 18);
    let _ = session.select::<User>().filter(|u| u.name == "Ada");
    let _ = session.select::<User>().filter(|u| u.age + 1);
    let _ = session.select::<User>().filter(|u| u.tags.len() > 1);
    let _ = session.select::<User>().filter(|u| !u.age);
    let _ = session.select::<User>().filter(|u| u.age.gte(18) && u.name.eq("Ada"));
}
