//! A new edge has both ends, each of its table; a patch does not change them.

include!("../../fixture.rs");

use surreal_session::value::Uuid;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[record(relation)]
struct Knows {
    id: Id<Knows, Uuid>,
    r#in: Id<User>,
    out: Id<User>,
}

async fn example(session: Session, user: Id<User>, post: Id<Post>, new: NewKnows) -> surreal_session::Result<()> {
    let _ = NewWrote { r#in: user.clone(), at: 1 };
    let _ = NewWrote { r#in: post.clone(), out: user.clone(), at: 1 };
    let _ = WrotePatch { out: set(post), ..keep() };
    // The server does not generate keys of type `Uuid`.
    session.relate(new).await?;
    Ok(())
}

fn ends<T: Relation>() {}

fn not_a_relation() {
    ends::<User>();
}
