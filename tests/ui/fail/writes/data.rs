//! `content` takes a whole new record, and `merge` a patch.

include!("../../fixture.rs");

fn example(session: Session, patch: BookPatch) {
    let _ = session.update::<Book>().id(1).content(patch);
    let _ = session.update::<Book>().id(1).merge(NewBook { title: "x".into(), pages: 1 });
}
