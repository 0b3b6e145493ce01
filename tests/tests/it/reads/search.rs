//! Full-text search, vector search, and both together.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::query::Distance;
use surreal_session::schema::{Definition, Item};
use surreal_session_tests::{async_test, place};

use crate::conditions::indexed::Random;

struct Plain;

impl Definition for Plain {
    const ITEM: Item = Item::analyzer("plain", "TOKENIZERS class FILTERS lowercase");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Post {
    id: Id<Post, i64>,
    #[record(fulltext(analyzer = "plain", highlights))]
    title: String,
    #[record(fulltext(analyzer = "plain", highlights))]
    body: Option<String>,
    #[record(hnsw(dimension = 3, distance = "euclidean"))]
    vector: Option<Vec<f32>>,
    rank: i64,
    next: Option<Id<Post, i64>>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, View)]
#[record(of = Post)]
struct Title {
    title: String,
}

fn post(title: &str, body: Option<&str>, vector: Option<[f32; 3]>, rank: i64) -> NewPost {
    let (title, body) = (title.to_owned(), body.map(str::to_owned));
    NewPost { title, body, vector: vector.map(Vec::from), rank, next: None }
}

async fn with_posts() -> (Surreal, Session) {
    let (db, session) = place().await;
    session.define::<(Plain, Post)>().await.unwrap();
    let posts = vec![
        (1, post("Rust", Some("Writing async code"), Some([0.0, 0.0, 1.0]), 1)),
        (2, post("Tea", Some("How to brew tea: green tea"), Some([0.0, 1.0, 1.0]), 2)),
        (3, post("Green", None, None, 3)),
        (4, post("Code", Some("Async tea, code and more code"), Some([5.0, 5.0, 5.0]), 4)),
    ];
    session.insert(posts).await.unwrap();
    (db, session)
}

fn ids<'a>(records: impl IntoIterator<Item = &'a Post>) -> Vec<i64> {
    records.into_iter().map(|post| *post.id.key()).collect()
}

#[async_test]
async fn words_are_found_best_first() {
    let (_db, session) = with_posts().await;
    let found = session.select::<Post>().search(|p| p.body, "code ASYNC").await.unwrap();
    assert_eq!(ids(found.iter().map(|hit| &hit.record)).into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([1, 4]));
    assert!(found.is_sorted_by(|a, b| a.score >= b.score), "{found:?}");
    assert!(found.iter().all(|hit| hit.highlights.is_empty() && hit.highlighted().is_none()));
    let any = session.select::<Post>().search(|p| p.body, "tea code").any_word();
    assert_eq!(ids(any.clone().await.unwrap().iter().map(|hit| &hit.record)).len(), 3);
    let best = any.clone().limit(1).await.unwrap();
    let second = any.clone().start(1).limit(1).await.unwrap();
    assert!(best.len() == 1 && second.len() == 1 && best[0].record.id != second[0].record.id);
    assert_eq!(ids(any.clone().filter(|p| p.rank.lt(2)).await.unwrap().iter().map(|hit| &hit.record)), [1]);
    assert!(session.select::<Post>().search(|p| p.body, "nothing").await.unwrap().is_empty());
    assert!(session.select::<Post>().search(|p| p.body, "").await.unwrap().is_empty());
}

#[async_test]
async fn several_fields_have_weights_and_highlights() {
    let (_db, session) = with_posts().await;
    let search = session.select::<Post>().search(|p| (p.title.weight(100.0), p.body), "tea").highlight("<", ">");
    let found = search.await.unwrap();
    assert_eq!(ids(found.iter().map(|hit| &hit.record)), [2, 4]);
    let highlights = found[0].highlights.iter().map(Option::as_deref).collect::<Vec<_>>();
    assert_eq!(highlights, [Some("<Tea>"), Some("How to brew <tea>: green <tea>")]);
    assert!(found[0].score > 10.0 * found[1].score, "{found:?}");
    // The record itself has none of the values that the search computes.
    let whole = session.select::<Post>().ids(found.iter().map(|hit| hit.record.id)).await.unwrap();
    assert_eq!(found.into_iter().map(|hit| hit.record).collect::<Vec<_>>(), whole);
    let title = session.select::<Post>().search(|p| (p.title, p.body), "green").highlight("", "").await.unwrap();
    let without_body = title.iter().find(|hit| *hit.record.id.key() == 3).unwrap();
    assert_eq!(without_body.highlights[1], None);
}

#[async_test]
async fn found_records_are_views_and_have_their_links() {
    let (_db, session) = with_posts().await;
    session.update::<Post>().id(1).set(|p| p.next.set(Id::new(2))).await.unwrap();
    let titles = session.select::<Post>().view::<Title>().search(|p| p.body, "writing").await.unwrap();
    assert_eq!(titles[0].record, Title { title: "Rust".into() });
    let linked = session.select::<Post>().fetch(|p| p.next).search(|p| p.body, "writing").await.unwrap();
    let (post, next) = &linked[0].record;
    assert_eq!((post.title.as_str(), next.as_ref().unwrap().record().unwrap().title.as_str()), ("Rust", "Tea"));
    let near = session.select::<Post>().view::<Title>().nearest(|p| p.vector, vec![0.0, 1.0, 1.0], 1).await.unwrap();
    assert_eq!(near[0].record, Title { title: "Tea".into() });
}

#[async_test]
async fn search_without_an_index_is_an_error() {
    let (_db, session) = with_posts().await;
    session.execute("REMOVE INDEX post_body ON post").await.unwrap_or_default();
    session.execute("REMOVE TABLE post; CREATE post:1 SET title = 'Tea', body = 'tea', rank = 1").await.unwrap();
    let error = session.select::<Post>().search(|p| p.body, "tea").await.unwrap_err();
    assert!(error.to_string().contains("no suitable index"), "{error:?}");
}

#[async_test]
async fn random_texts_are_found_as_in_rust() {
    const WORDS: [&str; 6] = ["red", "blue", "tea", "milk", "go", "stop"];
    let (_db, session) = place().await;
    session.define::<(Plain, Post)>().await.unwrap();
    let mut random = Random(7);
    let text = |random: &mut Random| {
        let count = random.index(5);
        (0..count).map(|_| WORDS[random.index(WORDS.len())]).collect::<Vec<_>>().join(" ")
    };
    let mut posts: Vec<(String, Option<String>)> = Vec::new();
    for key in 0..60_i64 {
        let new = (text(&mut random), (random.below(4) > 0).then(|| text(&mut random)));
        session.create::<Post>().id(key).content(post(&new.0, new.1.as_deref(), None, key)).await.unwrap();
        posts.push(new);
    }
    // The index follows later writes.
    for key in (0..60_i64).step_by(7) {
        let new = text(&mut random);
        session.update::<Post>().id(key).set(|p| p.body.set(new.as_str())).await.unwrap();
        posts[usize::try_from(key).unwrap()].1 = Some(new);
    }
    for _ in 0..30 {
        let words = [WORDS[random.index(WORDS.len())], WORDS[random.index(WORDS.len())]];
        let has = |text: &str, word: &str| text.split(' ').any(|other| other == word);
        let all = |text: &str| words.iter().all(|word| has(text, word));
        let any = |text: &str| words.iter().any(|word| has(text, word));
        let expected = |matches: &dyn Fn(&str) -> bool| -> Vec<i64> {
            let found = posts
                .iter()
                .enumerate()
                .filter(|(_, (title, body))| matches(title) || body.as_deref().is_some_and(matches));
            found.map(|(key, _)| i64::try_from(key).unwrap()).collect()
        };
        let search = session.select::<Post>().search(|p| (p.title, p.body), words.join(" "));
        for (search, expected) in [(search.clone(), expected(&all)), (search.any_word(), expected(&any))] {
            let mut found = ids(search.await.unwrap().iter().map(|hit| &hit.record));
            found.sort_unstable();
            assert_eq!(found, expected, "{words:?}");
        }
    }
}

fn euclidean(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
}

#[async_test]
async fn nearest_vectors_are_those_of_rust() {
    let (_db, session) = place().await;
    session.define::<(Plain, Post)>().await.unwrap();
    let mut random = Random(11);
    let number = |random: &mut Random| f32::from(i16::try_from(random.below(2_000)).unwrap()) / 100.0;
    let mut vectors: Vec<Option<[f32; 3]>> = Vec::new();
    for key in 0..60_i64 {
        let vector = (random.below(6) > 0).then(|| [(); 3].map(|()| number(&mut random)));
        session.create::<Post>().id(key).content(post("", None, vector, key)).await.unwrap();
        vectors.push(vector);
    }
    for _ in 0..15 {
        let at = [(); 3].map(|()| number(&mut random));
        let (k, least) = (u32::try_from(random.index(8) + 1).unwrap(), i64::try_from(random.index(60)).unwrap());
        let mut expected: Vec<(f64, i64)> = (0_i64..)
            .zip(&vectors)
            .filter(|(key, _)| *key >= least)
            .filter_map(|(key, vector)| Some((euclidean(&(*vector)?, &at), key)))
            .collect();
        expected.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        expected.truncate(k as usize);
        let near = session.select::<Post>().filter(|p| p.rank.gte(least)).nearest(|p| p.vector, at.to_vec(), k);
        // Through the index, some may be left out (server 3.3.5).
        for near in [near.clone(), near.clone().ef(200)] {
            let found = near.await.unwrap();
            assert!(found.len() <= k as usize && found.is_sorted_by(|a, b| a.distance <= b.distance), "{found:?}");
            for near in &found {
                let vector = near.record.vector.as_ref().unwrap();
                assert!(near.record.rank >= least && (near.distance - euclidean(vector, &at)).abs() < 1e-4, "{near:?}");
            }
        }
        {
            let near = near.exact(Distance::Euclidean);
            let shown = near.to_surql();
            let found = near.await.unwrap();
            assert_eq!(
                ids(found.iter().map(|near| &near.record)),
                expected.iter().map(|(_, key)| *key).collect::<Vec<_>>(),
                "{shown}"
            );
            for (near, (distance, _)) in found.iter().zip(&expected) {
                assert!((near.distance - distance).abs() < 1e-4, "{shown}: {near:?}, {distance}");
            }
        }
    }
}

#[async_test]
async fn vectors_that_fit_no_field_are_refused() {
    let (_db, session) = with_posts().await;
    let select = || session.select::<Post>();
    for (near, reason) in [
        (select().nearest(|p| p.vector, vec![0.0, f32::NAN, 0.0], 3), "not finite"),
        (select().nearest(|p| p.vector, vec![0.0, f32::INFINITY, 0.0], 3), "not finite"),
        (select().nearest(|p| p.vector, Vec::new(), 3), "empty"),
        (select().nearest(|p| p.vector, vec![0.0, 0.0, 0.0], 0), "is 0"),
        (select().nearest(|p| p.vector, None, 3), "not an array"),
    ] {
        let error = near.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(reason), "{error}");
    }
    let error = select().nearest(|p| p.vector, vec![0.0, 0.0], 3).await.unwrap_err();
    assert!(error.to_string().contains("dimension"), "{error}");
    let exact = select().nearest(|p| p.vector, vec![0.0, 0.0], 3).exact(Distance::Cosine);
    assert!(exact.await.unwrap().is_empty());
}

/// The reason for which `nearest` uses an index only if the model has one.
#[async_test]
async fn server_finds_nothing_through_an_index_that_does_not_exist() {
    let (_db, session) = place().await;
    session.execute("CREATE post:1 SET vector = [1.0, 2.0, 3.0], title = '', rank = 1").await.unwrap();
    let near = || session.select::<Post>().nearest(|p| p.vector, vec![1.0, 2.0, 3.0], 1);
    assert!(near().ef(40).await.unwrap().is_empty());
    assert_eq!(near().exact(Distance::Euclidean).await.unwrap().len(), 1);
}

#[async_test]
async fn words_and_vectors_are_ranked_together() {
    let (_db, session) = with_posts().await;
    let found = session.select::<Post>().search(|p| p.body, "green").nearest(|p| p.vector, vec![0.0, 1.0, 1.0], 2);
    let ranked = found.clone().await.unwrap();
    assert_eq!(ids(ranked.iter().map(|hit| &hit.record)), [2, 1]);
    assert!(ranked.is_sorted_by(|a, b| a.score >= b.score));
    assert_eq!(found.clone().limit(1).await.unwrap().len(), 1);
    let limited =
        session.select::<Post>().search(|p| p.body, "green").limit(1).nearest(|p| p.vector, vec![0.0, 1.0, 1.0], 2);
    assert_eq!(limited.await.unwrap().len(), 1);
    let ordered = session.select::<Post>().order_by(|p| p.rank.asc()).search(|p| p.body, "green").await.unwrap_err();
    assert_eq!(ordered.kind(), ErrorKind::InvalidArgument);
    let titles = session.select::<Post>().view::<Title>().filter(|p| p.rank.gt(2));
    let titles = titles.search(|p| p.body, "tea").nearest(|p| p.vector, vec![0.0, 1.0, 1.0], 3).await.unwrap();
    assert_eq!(titles.iter().map(|hit| hit.record.title.as_str()).collect::<Vec<_>>(), ["Code"]);
    let (search, near) = session
        .batch((
            session.select::<Post>().search(|p| p.body, "tea"),
            session.select::<Post>().nearest(|p| p.vector, vec![0.0, 0.0, 0.0], 1),
        ))
        .await
        .unwrap();
    assert_eq!((search.len(), near.len()), (2, 1));
}
