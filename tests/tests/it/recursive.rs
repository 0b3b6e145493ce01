//! Objects that contain themselves: paths, writes, patches and the schema.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::schema::Schema;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
#[record(patch_derive(Deserialize))]
struct Comment {
    text: String,
    replies: Vec<Comment>,
    parent: Option<Box<Comment>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(schemafull, constructor, patch_derive(Deserialize))]
struct Post {
    id: Id<Post>,
    top: Comment,
    boxed: Box<Comment>,
    shared: Option<Arc<Comment>>,
}

fn comment(text: &str) -> Comment {
    Comment { text: text.into(), replies: Vec::new(), parent: None }
}

fn below(text: &str, parent: Comment) -> Comment {
    Comment { parent: Some(Box::new(parent)), ..comment(text) }
}

async fn with_post() -> (Surreal, Session, Post) {
    let (db, session) = place().await;
    session.define::<Post>().await.unwrap().check().unwrap();
    let top = below("a", below("b", comment("c")));
    let boxed = Comment { replies: vec![below("e", comment("f"))], ..comment("d") };
    let new = NewPost::new(top, Box::new(boxed));
    let post = session.create::<Post>().id("p").content(new).await.unwrap();
    (db, session, post)
}

#[async_test]
async fn recursive_objects_are_read_and_filtered_at_any_depth() {
    let (_db, session, post) = with_post().await;
    assert_eq!(session.select::<Post>().id("p").one().await.unwrap(), post);
    let p: Fields<Post> = *Post::fields();
    for (condition, expected) in [
        (p.top.text.eq("a"), 1),
        (p.top.parent.parent.text.eq("c"), 1),
        (p.top.parent.parent.parent.text.eq("c"), 0),
        (p.top.parent.parent.parent.is_none(), 1),
        (p.boxed.replies.at::<0>().parent.text.eq("f"), 1),
        (p.boxed.replies.any(|reply| reply.text.eq("e")), 1),
        (p.shared.text.eq("x"), 0),
    ] {
        let shown = format!("{condition:?}");
        assert_eq!(session.select::<Post>().filter(|_| condition).count().await.unwrap(), expected, "{shown}");
    }
}

#[async_test]
async fn recursive_objects_are_changed_and_patched_at_any_depth() {
    let (_db, session, post) = with_post().await;
    let update = || session.update::<Post>().id("p");
    let set_deep = update().set(|p| (p.top.parent.parent.text.set("C"), p.boxed.text.set("D"), p.shared.text.set("x")));
    let changed = set_deep.await.unwrap();
    assert_eq!(changed.top, below("a", below("b", comment("C"))));
    assert_eq!((changed.boxed.text.as_str(), changed.shared), ("D", None));

    let inner = CommentPatch { text: set("B".into()), ..keep() };
    let top = CommentPatch { parent: merge(inner), ..keep() };
    let shared = set(Some(Arc::new(comment("s"))));
    let merged = update().merge(PostPatch { top: merge(top), shared, ..keep() }).await.unwrap();
    assert_eq!(merged.top, below("a", below("B", comment("C"))));
    assert_eq!(merged.shared.as_deref(), Some(&comment("s")));

    let after = Post { top: below("a", comment("now")), ..merged.clone() };
    assert_eq!(update().merge(PostPatch::diff(&merged, &after)).await.unwrap(), after);

    let json = r#"{ "top": { "text": "j" }, "boxed": { "replies": [] }, "shared": null }"#;
    let read = update().merge(serde_json::from_str(json).unwrap()).await.unwrap();
    assert_eq!((read.top.text.as_str(), read.top.parent, read.shared), ("j", after.top.parent, None));
    assert!(read.boxed.replies.is_empty());
    assert_eq!(update().content(NewPost::new(post.top.clone(), post.boxed.clone())).await.unwrap(), post);
}

#[async_test]
async fn schema_of_a_recursive_object_ends() {
    let (_db, session, _) = with_post().await;
    let surql = Schema::of::<Post>().to_surql();
    assert!(surql.contains("FIELD top.parent ") && surql.len() < 20_000, "{surql}");
    assert!(session.verify::<Post>().await.unwrap().is_clean());
}
