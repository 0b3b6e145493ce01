//! Text made at run time may hold what users type.

include!("../../fixture.rs");

fn example(session: &Session, name: String, table: &str) {
    let _ = session.query(format!("SELECT * FROM user WHERE name = '{name}'"));
    let _ = session.execute(&name);
    let _ = session.select::<User>().filter(|_| Condition::raw(name.clone()));
    let _ = session.update::<User>().all().set(|u| u.name.set_raw(name.clone()));
    let _ = session.query(18);
    let _ = table;
}
