//! A filter is a condition on the record that is read.

include!("../../fixture.rs");

fn example(session: Session, name: Option<String>) {
    let c: Fields<Company> = *Company::fields();
    let _ = session.select::<User>().filter(|u| u.age);
    let _ = session.select::<User>().filter(|_| 1 < 2);
    let _ = session.select::<User>().filter(|_| c.name.eq("Initech"));
    let _ = session.select::<User>().filter(|u| u.name.eq(c.name));
    let _ = session.select::<User>().filter(|u| any([u.age.eq(1), c.name.eq("x")]));
    let _ = session.select::<User>().filter_opt(name, |u| u.name.eq("x"));
}
