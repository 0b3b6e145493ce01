//! Records are put in order by their fields, links are fetched, and views are of the record.

include!("../../fixture.rs");

fn example(session: Session) {
    let c: Fields<Company> = *Company::fields();
    let _ = session.select::<Level>();
    let _ = session.select::<User>().order_by(|_| "name");
    let _ = session.select::<User>().order_by(|_| c.name.asc());
    let _ = session.select::<User>().fetch(|u| u.name);
    let _ = session.select::<User>().view::<User>();
    let _ = session.select::<User>().view::<Card>();
}
