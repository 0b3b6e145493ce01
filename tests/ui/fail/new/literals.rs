//! A new record has all fields that the program writes, with their types, and no others.

include!("../../fixture.rs");

#[derive(Serialize, Deserialize, Record)]
struct Counter {
    id: Id<Counter>,
    #[record(default)]
    count: u8,
}

fn example(first: Id<Post>, meta: Meta, now: Datetime) {
    let _ = NewBook { title: "x".into() };
    let _ = NewBook { title: "x".into(), pages: "one" };
    let _ = NewBook { id: Id::new(1), title: "x".into(), pages: 1 };
    let _ = NewBook { title: keep(), pages: 1 };
    let _ = NewBook { title: "x".into(), ..keep() };
    let _ = NewPost { title: "x".into(), author: first, meta };
    let _ = NewUser { created: now };
    let _ = NewCounter { count: 36 };
}

fn table<T: Record>() -> &'static str {
    T::TABLE
}

fn not_a_record() {
    table::<Plain>();
}
