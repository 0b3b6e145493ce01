//! Borrowed text is made at run time as well.

include!("../../fixture.rs");

fn example(session: &Session, table: &str) {
    let text = format!("SELECT * FROM {table}");
    let _ = session.query(&*text);
    let _ = session.execute(text.as_str());
    let _ = session.query(table);
}
