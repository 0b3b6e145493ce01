//! A target is a table, a record or a range, and never a text.

include!("../../fixture.rs");

fn example(session: Session) {
    let db = session.untyped();
    let _ = db.select("user:ada");
    let _ = db.create("user");
    let _ = db.create(Table::new("reading").range(1..9));
    let _ = db.relate("user:ada", Table::new("wrote"), RecordId::new("post", 1));
    let _ = db.relate(Table::new("user"), Table::new("wrote"), RecordId::new("post", 1));
}
