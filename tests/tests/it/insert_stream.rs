//! Inserts from iterators and streams, their progress, and inserts in which rows may fail.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize, Serializer};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::query::write::Settled;
use surreal_session_tests::{async_test, login, place, poll_times, unique};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Number {
    id: Id<Number, i64>,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Word {
    id: Id<Word>,
    #[record(unique)]
    text: String,
    count: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Follows {
    id: Id<Follows>,
    r#in: Id<Word>,
    out: Id<Word>,
}

/// A row that cannot be encoded if it has no value.
struct Row(Option<i64>);

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(value) => BTreeMap::from([("value", value)]).serialize(serializer),
            None => Err(serde::ser::Error::custom("no value")),
        }
    }
}

fn number(key: i64) -> (i64, NewNumber) {
    (key, NewNumber { value: Value::Int(key) })
}

fn word(text: &str, count: u64) -> NewWord {
    NewWord { text: text.into(), count }
}

async fn keys(session: &Session) -> Vec<i64> {
    let rows = session.query("SELECT VALUE record::id(id) FROM number").await.unwrap();
    rows.take(0).unwrap()
}

#[async_test]
async fn records_of_an_iterator_are_read_as_they_are_sent() {
    let (_db, session) = place().await;
    let read = Arc::new(AtomicUsize::new(0));
    let reports = Arc::new(Mutex::new(Vec::new()));
    let counted = Arc::clone(&read);
    let records = (0..1_250).map(move |key| {
        counted.fetch_add(1, Ordering::Relaxed);
        number(key)
    });
    let (seen, told) = (Arc::clone(&read), Arc::clone(&reports));
    let report = move |done| told.lock().unwrap().push((done, seen.load(Ordering::Relaxed)));
    assert_eq!(session.insert_iter(records).on_progress(report).await.unwrap(), 1_250);
    assert_eq!(*reports.lock().unwrap(), [(500, 500), (1_000, 1_000), (1_250, 1_250)]);
    assert_eq!(keys(&session).await, (0..1_250).collect::<Vec<_>>());

    assert_eq!(session.insert_iter(Vec::<NewWord>::new()).await.unwrap(), 0);
    let words = session.insert_iter(["b", "a"].map(|text| word(text, 1))).return_after().await.unwrap();
    assert_eq!(words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    session.insert_iter([word("c", 1)]).return_none().await.unwrap();
    let none = session.insert_iter([word("d", 1)]).chunk(0).await.unwrap_err();
    assert_eq!(none.kind(), ErrorKind::InvalidArgument);
}

#[async_test]
async fn a_stream_is_read_only_when_the_request_before_is_answered() {
    let (_db, session) = place().await;
    let read = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&read);
    let records = stream::iter(0..100).map(move |key| {
        counted.fetch_add(1, Ordering::Relaxed);
        number(key)
    });
    let insert = session.insert_stream(records).chunk(10);
    assert!(poll_times(1, insert.into_future()).await.is_none());
    assert_eq!(read.load(Ordering::Relaxed), 10);
}

#[async_test]
async fn clauses_of_an_insert_apply_to_every_request() {
    let (_db, session) = place().await;
    session.define::<(Word,)>().await.unwrap();
    let words = |count| (0..30).map(move |key| (format!("w{key}"), word(&format!("w{key}"), count)));
    assert_eq!(session.insert_iter(words(1).take(10)).await.unwrap(), 10);
    assert_eq!(session.insert_iter(words(1)).ignore().chunk(7).await.unwrap(), 20, "ten exist");
    let counted = session.insert_stream(stream::iter(words(5))).chunk(7);
    assert_eq!(counted.on_duplicate_with(|w, new| w.count.add(new.count)).await.unwrap(), 30);
    assert_eq!(session.select::<Word>().filter(|w| w.count.eq(6)).count().await.unwrap(), 30);

    let follows = (1..30).map(|key| NewFollows { r#in: Id::new(format!("w{key}")), out: Id::new("w0") });
    assert_eq!(session.insert_iter(follows).chunk(7).await.unwrap(), 29);
    let followers = session.traverse(&Id::<Word>::new("w0")).in_::<Follows>().to::<Word>().await.unwrap();
    assert_eq!(followers.len(), 29);
}

#[async_test]
async fn a_failing_row_ends_the_insert_and_is_named() {
    let (_db, session) = place().await;
    session.insert(vec![number(25)]).await.unwrap();
    let error = session.insert_iter((0..40).map(number)).chunk(10).await.unwrap_err();
    assert_eq!((error.kind(), error.row()), (ErrorKind::PartlyApplied, Some(25)), "the server names the record");
    assert!(error.to_string().starts_with("rows 20 to 29 failed after 20 rows were inserted: "), "{error}");
    assert_eq!(session.select::<Number>().count().await.unwrap(), 21);

    let table = Table::new("other");
    let rows = stream::iter(0..).map(|key| Row((key != 12).then_some(key)));
    let error = session.untyped().insert_stream(table.clone(), rows).chunk(5).await.unwrap_err();
    assert_eq!((error.kind(), error.row()), (ErrorKind::PartlyApplied, Some(12)));
    assert!(error.to_string().starts_with("row 12 failed after 12 rows were inserted: "), "{error}");
    assert_eq!(session.untyped().select(table).await.unwrap().len(), 12);
}

#[async_test]
async fn a_transaction_keeps_all_rows_or_none() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE number").await.unwrap();
    let tx = session.begin_transaction().await.unwrap();
    assert_eq!(tx.insert_iter((0..25).map(number)).chunk(10).await.unwrap(), 25);
    tx.commit().await.unwrap();

    let tx = session.begin_transaction().await.unwrap();
    assert!(poll_times(3, tx.insert_iter((100..125).map(number)).chunk(10).into_future()).await.is_none());
    assert!(tx.commit().await.is_err());

    let tx = session.begin_transaction().await.unwrap();
    let rows = (200..205).map(|key| Row((key < 204).then_some(key)));
    let error = tx.untyped().insert_iter(Table::new("number"), rows).chunk(2).await.unwrap_err();
    assert_eq!((error.kind(), error.row()), (ErrorKind::Encode, Some(4)));
    assert!(tx.commit().await.is_err());

    let tx = session.begin_transaction().await.unwrap();
    let error = tx.insert_iter((300..305).map(number)).settle().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    tx.commit().await.unwrap();
    assert_eq!(keys(&session).await, (0..25).collect::<Vec<_>>());
}

#[async_test]
async fn settled_rows_fail_alone() {
    let (_db, session) = place().await;
    session.insert([3, 17, 18, 63].map(number).to_vec()).await.unwrap();
    session.define::<(Word,)>().await.unwrap();
    for chunk in [500, 16, 1] {
        let reports = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&reports);
        let insert = session.insert((0..64).map(number).collect::<Vec<_>>()).chunk(chunk);
        let insert = insert.on_progress(move |done| told.lock().unwrap().push(done)).settle();
        let Settled { inserted, errors, .. } = insert.await.unwrap();
        assert_eq!(errors.iter().map(|error| error.row().unwrap()).collect::<Vec<_>>(), [3, 17, 18, 63]);
        assert!(errors.iter().all(Error::is_already_exists));
        assert!(errors[1].to_string().starts_with("row 17: "), "{}", errors[1]);
        let expected = (0..64).filter(|key| ![3, 17, 18, 63].contains(key)).collect::<Vec<i64>>();
        let ids = inserted.into_iter().map(|number| *number.id.key()).collect::<Vec<_>>();
        assert_eq!(ids, expected, "in the given order");
        let reports = reports.lock().unwrap().clone();
        assert!(reports.is_sorted() && reports.last() == Some(&64), "{reports:?}");
        session.delete::<Number>().filter(|n| !n.id.is_in([3, 17, 18, 63].map(Id::<Number, i64>::new))).await.unwrap();
    }

    // Without ids: rows that were inserted are not sent again.
    let words = ["a", "b", "a", "c", "b", "d"].map(|text| word(text, 1));
    let settled = session.insert_stream(stream::iter(words)).settle().await.unwrap();
    assert_eq!(settled.inserted, 4);
    assert_eq!(settled.errors.iter().map(|error| error.row().unwrap()).collect::<Vec<_>>(), [2, 4]);
    assert!(settled.errors.iter().all(Error::is_unique_violation));
    assert_eq!(session.select::<Word>().count().await.unwrap(), 4);
}

#[async_test]
async fn settled_rows_that_cannot_be_sent_are_errors() {
    let (_db, session) = place().await;
    let table = Table::new("other");
    let rows = |count| (0..count).map(|key| Row((key % 5 != 4).then_some(key)));
    let settled = session.untyped().insert(table.clone(), rows(12)).settle().await.unwrap();
    assert_eq!(settled.inserted.len(), 10);
    assert_eq!(settled.errors.iter().map(|error| error.row().unwrap()).collect::<Vec<_>>(), [4, 9]);
    assert!(settled.errors[0].to_string().contains("[4]"), "{}", settled.errors[0]);
    let settled = session.untyped().insert_iter(table.clone(), rows(12)).chunk(3).settle().await.unwrap();
    assert_eq!((settled.inserted, settled.errors.len()), (10, 2));
    assert!(settled.errors[1].to_string().contains("[9]"), "{}", settled.errors[1]);
    let error = session.untyped().insert(table, rows(12)).await.unwrap_err();
    assert_eq!((error.kind(), error.row()), (ErrorKind::Encode, Some(4)));
}

#[async_test]
async fn a_row_is_known_if_the_server_names_its_record() {
    let (_db, session) = place().await;
    session.define::<(Word,)>().await.unwrap();
    session.execute("DEFINE FIELD OVERWRITE count ON word TYPE int ASSERT $value < 10").await.unwrap();
    let words = |count| ["a", "b c", "d"].map(|key| (key, word(key, if key == "b c" { count } else { 1 })));
    let row = async |words: [(&'static str, NewWord); 3]| session.insert(words).await.unwrap_err().row();
    assert_eq!(row(words(10)).await, Some(1));
    let settled = session.insert(words(10)).settle().await.unwrap();
    assert_eq!((settled.inserted.len(), settled.errors[0].row()), (2, Some(1)));
    let again = [("x", word("x", 1)), ("d", word("y", 1)), ("z", word("z", 1))];
    assert_eq!(row(again.clone()).await, Some(1));
    assert_eq!(row([again[0].clone(), again[0].clone(), again[2].clone()]).await, None, "two rows have the id");
    assert_eq!(row([again[0].clone(), ("y", word("d", 1)), again[2].clone()]).await, None, "the index names the other");
    session.execute("CREATE plain:a").await.unwrap();
    let keyed = session.untyped().insert(Table::new("plain"), ["x", "a"].map(|id| BTreeMap::from([("id", id)])));
    assert_eq!(keyed.await.unwrap_err().row(), Some(1), "a key alone");
}

#[async_test]
async fn large_rows_are_sent_in_messages_that_fit() {
    let (_db, session) = place().await;
    let login = login().await;
    let small = Surreal::connect(login.url).max_message_bytes(10_000).await.unwrap();
    let root = Root::new(login.username, login.password);
    let small =
        small.new_session().signin(root).use_ns(session.namespace().unwrap()).use_db(unique("db")).await.unwrap();
    let row = |key: i64| (key, NewNumber { value: Value::from("x".repeat(if key == 20 { 20_000 } else { 1_500 })) });
    let insert = small.insert_iter((0..40).map(row)).deadline(Duration::from_mins(1));
    let settled = insert.settle().await.unwrap();
    assert_eq!((settled.inserted, settled.errors.len()), (39, 1));
    assert_eq!((settled.errors[0].kind(), settled.errors[0].row()), (ErrorKind::TooLarge, Some(20)));
    let error = small.insert_iter((20..40).map(row)).await.unwrap_err();
    assert_eq!((error.kind(), error.row()), (ErrorKind::TooLarge, Some(0)), "{error}");
    assert_eq!(small.select::<Number>().count().await.unwrap(), 39);
}
