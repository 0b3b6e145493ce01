//! Records with a version: each typed write counts, and a write that expects a version fails if it is another.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::query::{Assign, PatchOp};
use surreal_session::schema::Schema;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(schemafull)]
struct Page {
    id: Id<Page>,
    #[record(unique)]
    name: String,
    text: Option<String>,
    meta: Option<Meta>,
    #[record(readonly, default = "time::now()")]
    created_at: Datetime,
    #[serde(rename = "v")]
    #[record(version)]
    version: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Meta {
    tag: String,
}

/// The name of its version needs quotes, and its other fields are flattened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Flat {
    id: Id<Flat, i64>,
    #[serde(rename = "the-version")]
    #[record(version)]
    #[serde(default)]
    version: i64,
    #[serde(flatten)]
    meta: Meta,
    #[serde(flatten)]
    others: BTreeMap<String, i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Link {
    id: Id<Link>,
    r#in: Id<Page>,
    out: Id<Page>,
    weight: i64,
    #[record(version)]
    version: u64,
}

fn new(name: &str) -> NewPage {
    NewPage { name: name.into(), text: None, meta: None }
}

async fn with_page() -> (Surreal, Session, Page) {
    let (db, session) = place().await;
    session.define::<(Page, Link)>().await.unwrap().check().unwrap();
    let page = session.create::<Page>().id("home").content(new("home")).await.unwrap();
    (db, session, page)
}

fn text(text: &str) -> PagePatch {
    PagePatch { text: set(Some(text.into())), ..keep() }
}

async fn stored(session: &Session) -> u32 {
    session.select::<Page>().id("home").one().await.unwrap().version
}

#[async_test]
async fn new_records_have_version_1() {
    let (_db, session, home) = with_page().await;
    assert_eq!(home.version, 1);
    let created = session.create::<Page>().content_with(new("a"), |p| p.text.set("x")).await.unwrap();
    let upserted = session.upsert::<Page>().id("b").content(new("b")).await.unwrap();
    let indexed = session.upsert::<Page>().by_unique_index().set(|p| (p.name.set("c"),)).await.unwrap();
    let merged = session.upsert::<Page>().id("d").merge(PagePatch { name: set("d".into()), ..keep() }).await.unwrap();
    let patched = session.upsert::<Page>().id("e").patch(|p| [PatchOp::add(p.name, "e")]).await.unwrap();
    let inserted = session.insert(vec![new("f"), new("g")]).chunk(1).await.unwrap();
    let with_ids = session.insert([("h", new("h")), ("i", new("i"))]).await.unwrap();
    let (batched,) = session.batch((session.create::<Page>().content(new("j")),)).atomic().await.unwrap();
    for page in [vec![created, upserted, indexed, merged, patched, batched], inserted, with_ids].concat() {
        assert_eq!(page.version, 1, "{page:?}");
    }
    let edge = |to: &str| NewLink { r#in: home.id.clone(), out: Id::new(to), weight: 1 };
    assert_eq!(session.relate(edge("b")).await.unwrap().version, 1);
    assert_eq!(session.relate(edge("d")).id("x").await.unwrap().version, 1);
    assert_eq!(session.insert(vec![edge("e")]).relation().await.unwrap()[0].version, 1);
}

#[async_test]
async fn every_write_of_an_existing_record_adds_one() {
    let (_db, session, home) = with_page().await;
    let update = || session.update::<Page>().id("home");
    assert_eq!(update().merge(text("a")).await.unwrap().version, 2);
    assert_eq!(update().merge(keep()).await.unwrap().version, 3);
    assert_eq!(update().set(|p| p.text.unset()).await.unwrap().version, 4);
    assert_eq!(update().set(|_| Vec::<Assign<Page>>::new()).await.unwrap().version, 5);
    assert_eq!(update().content(new("home")).await.unwrap().version, 6);
    assert_eq!(update().replace(new("home")).await.unwrap().version, 7);
    assert_eq!(update().patch(|p| [PatchOp::replace(p.name, "house")]).await.unwrap().version, 8);
    assert_eq!(update().set(|p| p.meta.set(Meta { tag: "t".into() })).await.unwrap().version, 9);
    let page = update().patch(|p| [PatchOp::replace(p.meta.tag, "u")]).await.unwrap();
    assert_eq!((page.version, page.meta), (10, Some(Meta { tag: "u".into() })));
    let upsert = session.upsert::<Page>().id("home").content(new("home"));
    let page = upsert.await.unwrap();
    assert_eq!((page.version, page.created_at), (11, home.created_at));
    assert_eq!(session.update::<Page>().all().merge(text("all")).await.unwrap()[0].version, 12);
    let rows = || session.insert([("home", new("home"))]);
    assert_eq!(rows().on_duplicate(|p| p.text.set("again")).await.unwrap()[0].version, 13);
    assert_eq!(rows().on_duplicate_with(|p, new| p.name.set(new.name)).await.unwrap()[0].version, 14);
    assert!(rows().ignore().await.unwrap().is_empty());
    let filtered = session.update::<Page>().filter(|p| p.version.eq(1)).merge(text("none"));
    assert!(filtered.await.unwrap().is_empty());
    assert_eq!(stored(&session).await, 14);
}

#[async_test]
async fn write_of_the_expected_version_succeeds() {
    let (_db, session, home) = with_page().await;
    let update = |version| session.update::<Page>().id(&home.id).if_version(version);
    let page = update(home.version).merge(text("a")).await.unwrap();
    assert_eq!(page, Page { text: Some("a".into()), version: 2, ..home.clone() });
    assert_eq!(update(2).content(new("home")).return_before().await.unwrap(), page);
    update(3).set(|p| p.text.set("b")).return_none().await.unwrap();
    assert_eq!(update(4).patch(|p| [PatchOp::replace(p.text, "c")]).return_diff().await.unwrap().len(), 2);
    let after = session.update::<Page>().id(&home.id).merge(text("d")).if_version(5).optional().await.unwrap();
    assert_eq!(after.unwrap().version, 6);
    let upserted = session.upsert::<Page>().id(&home.id).if_version(6).merge(text("e")).await.unwrap();
    assert_eq!(upserted.version, 7);
    let deleted = session.delete::<Page>().id(&home.id).if_version(7).await.unwrap();
    assert_eq!(deleted, upserted);
    assert_eq!(session.select::<Page>().count().await.unwrap(), 0);
}

#[async_test]
async fn write_of_another_version_is_stale_and_writes_nothing() {
    let (_db, session, home) = with_page().await;
    session.update::<Page>().id("home").merge(text("a")).await.unwrap();
    let update = || session.update::<Page>().id(&home.id).if_version(home.version);
    for error in [
        update().merge(text("b")).await.unwrap_err(),
        update().content(new("b")).optional().await.unwrap_err(),
        update().set(|p| p.name.set("b")).return_none().await.unwrap_err(),
        update().patch(|p| [PatchOp::replace(p.name, "b")]).await.unwrap_err(),
        session.upsert::<Page>().id(&home.id).if_version(3).merge(text("b")).await.unwrap_err(),
        session.delete::<Page>().id(&home.id).if_version(1).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.current_version()), (ErrorKind::Stale, Some(2)), "{error:?}");
        assert!(error.is_stale() && error.is_safe_to_repeat() && !error.is_retryable() && !error.is_conflict());
    }
    let error = update().merge(text("b")).await.unwrap_err().to_string();
    assert_eq!(error, "`update page:home` failed: the record has version 2 and not 1");
    assert_eq!(stored(&session).await, 2);
}

#[async_test]
async fn missing_record_is_not_found_and_not_made() {
    let (_db, session, _) = with_page().await;
    let nobody = || session.update::<Page>().id("nobody").if_version(1);
    for error in [
        nobody().merge(text("b")).await.unwrap_err(),
        session.upsert::<Page>().id("nobody").if_version(1).content(new("x")).await.unwrap_err(),
        session.delete::<Page>().id("nobody").if_version(1).await.unwrap_err(),
    ] {
        assert!(error.is_not_found() && !error.is_stale(), "{error:?}");
        assert!(error.to_string().contains("it does not exist"), "{error}");
    }
    assert_eq!(nobody().merge(text("b")).optional().await.unwrap(), None);
    assert_eq!(session.select::<Page>().count().await.unwrap(), 1);
    let by_index = session.upsert::<Page>().by_unique_index().if_version(1).content(new("home"));
    assert_eq!(by_index.await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    // A condition that is false is no other version.
    let filtered = session.update::<Page>().id("home").if_version(1).filter(|p| p.name.eq("x")).merge(text("b"));
    assert!(filtered.await.unwrap_err().is_not_found());
}

#[async_test]
async fn record_from_before_the_field_has_version_0() {
    let (_db, session) = place().await;
    session.execute("CREATE flat:1 SET tag = 'a', x = 1").await.unwrap();
    let flat = session.select::<Flat>().id(1).one().await.unwrap();
    assert_eq!(flat.version, 0);
    let next = session.update::<Flat>().id(1).if_version(0).set(|f| f.meta.tag.set("b")).await.unwrap();
    let others = BTreeMap::from([("x".to_owned(), 1)]);
    assert_eq!(next, Flat { version: 1, meta: Meta { tag: "b".into() }, ..flat });
    let content = NewFlat { meta: Meta { tag: "c".into() }, others: others.clone() };
    assert_eq!(session.update::<Flat>().id(1).content(content.clone()).await.unwrap().version, 2);
    let new = session.create::<Flat>().id(2).content(content).await.unwrap();
    assert_eq!((new.version, new.others), (1, others));
    let patched = session.update::<Flat>().id(2).patch(|f| [PatchOp::replace(f.meta.tag, "d")]).await.unwrap();
    assert_eq!(patched.version, 2);
    let taken = BTreeMap::from([("the-version".to_owned(), 7)]);
    let clash = NewFlat { meta: Meta { tag: "c".into() }, others: taken };
    let error = session.create::<Flat>().id(3).content(clash).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode, "{error:?}");
}

#[async_test]
async fn stale_write_rolls_back_its_transaction_and_its_batch() {
    let (_db, session, home) = with_page().await;
    let tx = session.begin_transaction().await.unwrap();
    tx.create::<Page>().id("other").content(new("other")).await.unwrap();
    let page = tx.update::<Page>().id("home").if_version(1).merge(text("a")).await.unwrap();
    assert_eq!(page.version, 2);
    let stale = tx.update::<Page>().id("home").if_version(1).merge(text("b")).await.unwrap_err();
    assert_eq!((stale.kind(), stale.current_version()), (ErrorKind::Stale, Some(2)), "{stale:?}");
    let failed = tx.commit().await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::TransactionFailed);
    assert_eq!(failed.current_version(), Some(2), "{failed:?}");
    assert_eq!(session.select::<Page>().all_versions().await, [1]);

    let create = || session.create::<Page>().content(new("new"));
    let update = |version| session.update::<Page>().id(&home.id).if_version(version).merge(text("c"));
    let error = session.batch((create(), update(7))).atomic().await.unwrap_err();
    assert_eq!((error.kind(), error.statement()), (ErrorKind::Stale, Some(1)), "{error:?}");
    assert_eq!(session.select::<Page>().all_versions().await, [1]);
    let missing = session.update::<Page>().id("nobody").if_version(1).merge(text("c"));
    assert!(session.batch((create(), missing)).atomic().await.unwrap_err().is_not_found());
    let (_, done) = session.batch((create(), update(1))).atomic().await.unwrap();
    assert_eq!(done.version, 2);
    let (ok, stale) = session.batch((update(2), update(2))).settle().await.unwrap();
    assert_eq!((ok.unwrap().version, stale.unwrap_err().current_version()), (3, Some(3)));
}

trait AllVersions {
    async fn all_versions(self) -> Vec<u32>;
}

impl AllVersions for surreal_session::query::Select<Page> {
    async fn all_versions(self) -> Vec<u32> {
        self.await.unwrap().into_iter().map(|page| page.version).collect()
    }
}

#[async_test(not_send)]
async fn one_of_many_writes_with_the_same_version_wins() {
    let (_db, session, home) = with_page().await;
    session.execute("DEFINE EVENT slow ON page THEN { SLEEP 2ms }").await.unwrap();
    let write = |index: usize| {
        let update = session.update::<Page>().id("home").if_version(home.version).merge(text(&index.to_string()));
        tokio::spawn(update.retries(1_000).into_future())
    };
    let results = join_all((0..20).map(write)).await;
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().map(Result::unwrap).partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    let kinds: Vec<_> = lost.into_iter().map(|lost| lost.unwrap_err()).collect();
    assert!(kinds.iter().all(|error| error.current_version() == Some(2)), "{kinds:?}");
    assert_eq!(stored(&session).await, 2);
}

#[async_test]
async fn schema_defines_a_version_that_can_be_written() {
    let (_db, session, _) = with_page().await;
    let surql = Schema::of::<Page>().to_surql();
    let line = surql.lines().find(|line| line.contains("FIELD v ")).unwrap();
    assert!(line.contains("TYPE int") && !line.contains("READONLY"), "{line}");
    assert!(session.verify::<(Page, Link)>().await.unwrap().is_clean());
}

#[async_test]
async fn live_events_have_the_version() {
    let (_db, session, _) = with_page().await;
    let mut pages = session.live::<Page>().await.unwrap();
    let mut diffs = session.live::<Page>().diff().await.unwrap();
    session.update::<Page>().id("home").if_version(1).merge(text("a")).await.unwrap();
    let Some(Ok(LiveEvent::Change(change))) = pages.next().await else { panic!("no change") };
    assert_eq!(change.data.version, 2);
    let Some(Ok(LiveEvent::Change(change))) = diffs.next().await else { panic!("no change") };
    assert!(change.data.iter().any(|op| op.path() == "/v" && op.value() == Some(&Value::from(2))), "{change:?}");
}
