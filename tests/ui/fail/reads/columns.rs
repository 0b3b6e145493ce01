//! Columns are fields of the record, or computed from them.

include!("../../fixture.rs");

fn example(session: Session) {
    let c: Fields<Company> = *Company::fields();
    let _ = session.select::<User>().values(|_| "name");
    let _ = session.select::<User>().values(|_| c.name);
    let _ = session.select::<User>().values(|u| (u.name, (u.age, u.tags)));
    let _ = session.select::<User>().values(|u| u.name.split());
    let _ = session.select::<User>().omit(|u| u.name);
}
