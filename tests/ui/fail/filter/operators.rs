//! Conditions are made with methods: the operators of Rust compare in Rust.

include!("../../fixture.rs");

fn example(session: Session, u: Fields<User>) {
    let _ = session.select::<User>().filter(|u| u.age >= 18);
    let _ = u.name == "Ada";
    let _ = u.age + 1;
    let _ = u.tags.len() > 1;
    let _ = !u.age;
    let _ = session.select::<User>().filter(|u| u.age.gte(18) && u.name.eq("Ada"));
}
