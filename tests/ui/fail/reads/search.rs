//! Words are searched in text, and vectors have the length of their field.

include!("../../fixture.rs");

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Doc {
    id: Id<Doc>,
    body: String,
    #[record(hnsw(distance = "cosine"))]
    vector: [f32; 4],
}

fn example(session: Session) {
    let _ = session.select::<User>().search(|u| u.age, "37");
    let _ = session.select::<Doc>().nearest(|d| d.vector, &[0.0; 3], 10);
    let _ = session.select::<Doc>().nearest(|d| d.body, "words", 10);
}
