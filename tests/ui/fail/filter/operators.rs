//! Conditions are made with methods: the operators of Rust compare in Rust.

include!("../../fixture.rs");

fn example(session: Session) {
    let _ = session.select::<User>().filter(|u| u.age >= 18);
    let _ = session.select::<User>().filter(|u| u.age.gte(18) && u.name.eq("Ada"));
}
