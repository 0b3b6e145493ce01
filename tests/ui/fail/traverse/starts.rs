//! A traversal starts from ids, or from a select of many records.

include!("../../fixture.rs");

fn example(session: &Session, ada: &User) {
    let _ = session.traverse("user:ada").out::<Wrote>().to::<Post>();
    let _ = session.traverse(ada).out::<Wrote>().to::<Post>();
    let _ = session.traverse(session.select::<User>().id("ada")).out::<Wrote>().to::<Post>();
}
