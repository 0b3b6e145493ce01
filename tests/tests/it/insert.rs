//! Typed inserts: the order of rows, given ids, duplicates, and more rows than fit into one request.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::query::PatchAction;
use surreal_session::value::Uuid;
use surreal_session_tests::{async_test, login, place, poll_times};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Word {
    id: Id<Word>,
    text: String,
    count: u64,
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading, (String, i64)>,
    value: f64,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Extra {
    sensor: Uuid,
    taken: Datetime,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Number {
    id: Id<Number, i64>,
    value: i64,
}

fn word(text: &str, count: u64) -> NewWord {
    NewWord { text: text.into(), count, note: None }
}

fn numbers(keys: impl IntoIterator<Item = i64>) -> Vec<(i64, NewNumber)> {
    keys.into_iter().map(|key| (key, NewNumber { value: key * 10 })).collect()
}

async fn count(session: &Session) -> u64 {
    session.select::<Number>().count().await.unwrap()
}

#[async_test]
async fn inserted_records_come_back_in_the_order_of_the_rows() {
    let (_db, session) = place().await;
    let texts = |words: &[Word]| words.iter().map(|word| word.text.clone()).collect::<Vec<_>>();
    let made = session.insert(vec![word("b", 1), word("a", 2), word("c", 3)]).await.unwrap();
    assert_eq!(texts(&made), ["b", "a", "c"]);
    assert_eq!(texts(&session.insert([word("e", 1), word("d", 2)]).await.unwrap()), ["e", "d"]);
    assert_eq!(texts(&session.insert(word("single", 1)).await.unwrap()), ["single"]);
    assert_eq!(session.select::<Word>().count().await.unwrap(), 6);
}

#[async_test]
async fn rows_have_ids_in_any_form() {
    let (_db, session) = place().await;
    let made = session.insert(vec![("b", word("b", 1)), ("a b`⟨", word("a", 2))]).await.unwrap();
    assert_eq!(made[0].id, Id::new("b"));
    assert_eq!(session.select::<Word>().id("a b`⟨").await.unwrap().as_ref(), Some(&made[1]));
    let id: Id<Word> = Id::new("by id");
    assert_eq!(session.insert([(&id, word("c", 3))]).await.unwrap()[0].id, id);
    assert_eq!(session.insert((id.clone(), word("c", 3))).ignore().await.unwrap(), []);

    let extra = Extra { sensor: Uuid::new_v7(), taken: Datetime::now() };
    let reading = NewReading { value: 0.5, extra: extra.clone() };
    let made = session.insert(vec![(("attic", 7), reading)]).await.unwrap();
    let expected = Reading { id: Id::new(("attic".to_owned(), 7)), value: 0.5, extra };
    assert_eq!(made, std::slice::from_ref(&expected), "what is flattened keeps its types beside an id");
    assert_eq!(session.select::<Reading>().id(("attic", 7)).await.unwrap(), Some(expected));
}

#[async_test]
async fn insert_without_rows_sends_nothing() {
    let (_db, session) = place().await;
    assert_eq!(session.insert(Vec::<NewWord>::new()).await.unwrap(), []);
    let none: [NewWord; 0] = [];
    session.insert(none).return_none().await.unwrap();
    assert!(session.select::<Word>().await.unwrap_err().is_not_found(), "not even the table was made");
}

#[async_test]
async fn existing_id_stops_all_rows_of_a_request() {
    let (_db, session) = place().await;
    session.insert(numbers([2])).await.unwrap();
    let error = session.insert(numbers([1, 2, 3])).await.unwrap_err();
    assert!(error.is_already_exists(), "{error:?}");
    assert!(session.insert(numbers([4, 4])).await.unwrap_err().is_already_exists(), "also by a row before");
    assert_eq!(count(&session).await, 1);
}

#[async_test]
async fn ignored_rows_are_not_returned() {
    let (_db, session) = place().await;
    session.execute("DEFINE INDEX by_text ON word FIELDS text UNIQUE").await.unwrap();
    session.insert([("a", word("a", 1))]).await.unwrap();
    let rows = || [("x", word("x", 2)), ("a", word("y", 3)), ("z", word("a", 4))];
    let made = session.insert(rows()).ignore().await.unwrap();
    assert_eq!(made.iter().map(|word| word.id.key().as_str()).collect::<Vec<_>>(), ["x"]);
    assert_eq!(session.insert(rows()).ignore().await.unwrap(), []);
    assert!(session.insert([word("a", 5)]).await.unwrap_err().is_unique_violation());
}

#[async_test]
async fn on_duplicate_changes_existing_records_with_values_of_the_row() {
    let (_db, session) = place().await;
    session.execute("DEFINE INDEX by_text ON word FIELDS text UNIQUE").await.unwrap();
    session.insert([("tea", word("tea", 1))]).await.unwrap();
    let rows = || [("tea", word("tea", 10)), ("coffee", word("coffee", 20))];
    let counts = |words: Vec<Word>| words.iter().map(|word| word.count).collect::<Vec<_>>();
    let insert = session.insert(rows()).on_duplicate_with(|w, new| (w.count.add(new.count), w.note.set(new.text)));
    let made = insert.await.unwrap();
    assert_eq!((made[0].note.as_deref(), &made[1].note), (Some("tea"), &None));
    assert_eq!(counts(made), [11, 20]);
    let made = session.insert(rows()).on_duplicate(|w| w.count.add(1)).await.unwrap();
    assert_eq!(counts(made), [12, 21]);
    // Without an id, the index finds the record.
    let made = session.insert(word("tea", 5)).on_duplicate(|w| w.count.set(0)).await.unwrap();
    assert_eq!((made[0].id.key().as_str(), made[0].count), ("tea", 0));
    // With an id, it does not.
    let error = session.insert([("other", word("tea", 5))]).on_duplicate(|w| w.count.set(0)).await.unwrap_err();
    assert!(error.is_unique_violation(), "{error:?}");
    // A row twice is a duplicate of itself.
    let made =
        session.insert([("x", word("x", 1)), ("x", word("x", 2))]).on_duplicate_with(|w, new| w.count.add(new.count));
    assert_eq!(counts(made.await.unwrap()), [1, 3]);
}

#[async_test]
async fn insert_returns_what_its_return_clause_selects() {
    let (_db, session) = place().await;
    assert_eq!(session.insert(numbers([1])).return_before().await.unwrap(), [None]);
    let before = session.insert(numbers([1, 2])).on_duplicate(|n| n.value.set(7)).return_before().await.unwrap();
    assert_eq!(before, [Some(Number { id: Id::new(1), value: 10 }), None]);
    let diff = session.insert(numbers([3, 1])).on_duplicate(|n| n.value.set(8)).return_diff().await.unwrap();
    assert_eq!((diff[0][0].action(), diff[0][0].path()), (PatchAction::Replace, ""));
    assert_eq!((diff[1][0].action(), diff[1][0].path()), (PatchAction::Replace, "/value"));
    let () = session.insert(numbers([4])).return_none().await.unwrap();
    assert_eq!(count(&session).await, 4);
}

#[async_test]
async fn row_that_cannot_be_sent_is_named_and_nothing_is_inserted() {
    let (_db, session) = place().await;
    let mut rows: Vec<NewWord> = (0..1_500).map(|count| word("x", count)).collect();
    rows.push(word("y", u64::MAX));
    let error = session.insert(rows).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Encode, Delivery::NotSent));
    assert!(error.to_string().starts_with("cannot encode [1500].count: "), "{error}");
    assert!(session.select::<Word>().await.unwrap_err().is_not_found());
}

#[async_test]
async fn ten_thousand_rows_are_inserted_and_returned_in_order() {
    let (_db, session) = place().await;
    let made = session.insert(numbers((0..10_000).rev())).await.unwrap();
    assert!(made.iter().map(|number| *number.id.key()).eq((0..10_000).rev()));
    assert!(made.iter().all(|number| number.value == 10 * number.id.key()));
    assert_eq!(count(&session).await, 10_000);
}

#[async_test]
async fn failure_of_a_later_request_reports_the_inserted_rows() {
    let (_db, session) = place().await;
    session.insert(numbers([1_234])).await.unwrap();
    let error = session.insert(numbers(0..2_000)).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::PartlyApplied, Delivery::Answered));
    let message = error.to_string();
    assert!(message.starts_with("rows 1000 to 1499 of 2000 failed after 1000 rows were inserted: "), "{message}");
    assert!(message.contains("`number:1234` already exists"), "{message}");
    assert!(!error.is_retryable() && !error.is_already_exists());
    let cause = std::error::Error::source(&error).unwrap().downcast_ref::<Error>().unwrap();
    assert!(cause.is_already_exists() && cause.statement() == Some(0), "{cause:?}");
    assert_eq!(count(&session).await, 1_001);

    // The rows exist already, and are ignored the second time.
    let made = session.insert(numbers(0..2_000)).ignore().await.unwrap();
    assert_eq!((made.len(), count(&session).await), (999, 2_000));
}

#[async_test]
async fn failure_of_the_first_request_is_a_plain_one() {
    let (_db, session) = place().await;
    session.insert(numbers([3])).await.unwrap();
    let error = session.insert(numbers(0..600)).await.unwrap_err();
    assert!(error.is_already_exists(), "{error:?}");
    assert!(error.to_string().starts_with("rows 0 to 499 of 600 failed, and no row was inserted: "), "{error}");
    assert_eq!(count(&session).await, 1);
}

#[async_test]
async fn failed_insert_of_a_transaction_leaves_nothing() {
    let (_db, session) = place().await;
    session.insert(numbers([1_234])).await.unwrap();
    let tx = session.begin_transaction().await.unwrap();
    let error = tx.insert(numbers(0..2_000)).await.unwrap_err();
    assert!(error.is_already_exists(), "{error:?}");
    assert!(error.to_string().starts_with("rows 1000 to 1499 of 2000 failed: "), "{error}");
    assert!(tx.commit().await.is_err());
    assert_eq!(count(&session).await, 1);

    // A statement of a batch is sent in one request.
    let batch = session.batch((session.insert(numbers(0..2_000)), session.select::<Number>().count()));
    assert!(batch.atomic().await.unwrap_err().is_already_exists());
    let (made, sum) =
        session.batch((session.insert(numbers(2_000..2_600)), session.select::<Number>().count())).await.unwrap();
    assert_eq!((made.len(), sum), (600, 601));
}

#[async_test]
async fn insert_in_chunks_returns_all_records_in_order() {
    let (_db, session) = place().await;
    for (chunk, keys) in [(1, 0..5), (3, 10..20), (7, 20..27), (usize::MAX, 30..1_530)] {
        let made = session.insert(numbers(keys.clone())).chunk(chunk).await.unwrap();
        assert!(made.iter().map(|number| *number.id.key()).eq(keys), "{chunk}");
    }
    let ignored = session.insert(numbers([0, 2_000, 1, 2_001, 2])).chunk(2).ignore().await.unwrap();
    assert_eq!(ignored.iter().map(|number| *number.id.key()).collect::<Vec<_>>(), [2_000, 2_001]);
    let again = session.insert(numbers([2_000, 2_001, 2_002])).on_duplicate(|n| n.value.set(7)).chunk(2).await.unwrap();
    assert_eq!(again.iter().map(|number| number.value).collect::<Vec<_>>(), [7, 7, 20_020]);
    let () = session.insert(numbers(3_000..3_005)).return_none().chunk(2).await.unwrap();
    let rows = [1, 2, 3].map(|n| BTreeMap::from([("n", n)]));
    assert_eq!(session.untyped().insert(Table::new("row"), rows).chunk(1).await.unwrap().len(), 3);
    let error = session.insert(numbers(300..305)).chunk(0).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent), "{error:?}");
}

#[async_test]
async fn edges_are_inserted_in_chunks() {
    #[derive(Debug, Serialize, Deserialize, Record)]
    #[record(relation)]
    struct Follows {
        id: Id<Follows>,
        r#in: Id<Number, i64>,
        out: Id<Number, i64>,
    }
    let (_db, session) = place().await;
    session.insert(numbers(0..5)).await.unwrap();
    let edges: Vec<_> = (1..5).map(|n| NewFollows { r#in: Id::new(0), out: Id::new(n) }).collect();
    let made = session.insert(edges).relation().chunk(3).await.unwrap();
    assert_eq!(made.iter().map(|edge| *edge.out.key()).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[async_test]
async fn failed_chunk_reports_the_number_of_inserted_rows() {
    let (_db, session) = place().await;
    session.insert(numbers([8])).await.unwrap();
    let error = session.insert(numbers(0..20)).chunk(3).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PartlyApplied, "{error:?}");
    assert!(error.to_string().starts_with("rows 6 to 8 of 20 failed after 6 rows were inserted: "), "{error}");
    assert!(!error.is_safe_to_repeat());
    assert_eq!(count(&session).await, 7);
    session.execute("DEFINE FIELD value ON number TYPE int ASSERT $value < 150").await.unwrap();
    let error = session.insert(numbers(0..20)).chunk(3).ignore().await.unwrap_err();
    assert!(error.to_string().starts_with("rows 15 to 17 of 20 failed after 15 rows were carried out: "), "{error}");
    let tx = session.begin_transaction().await.unwrap();
    let error = tx.insert(numbers(10..20)).chunk(3).ignore().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Violation, "{error:?}");
    assert_eq!(tx.commit().await.unwrap_err().kind(), ErrorKind::TransactionFailed);
}

/// Every message fits: the text, the names and the headers count too.
#[async_test]
async fn chunks_are_cut_by_bytes_too() {
    let (_db, beside) = place().await;
    beside.execute("DEFINE TABLE word").await.unwrap();
    let login = login().await;
    for limit in [1 << 10, 1_500, 4 << 10] {
        let narrow = Surreal::connect(&login.url).max_message_bytes(limit).await.unwrap();
        let root = Root::new(&login.username, &login.password);
        let session =
            narrow.new_session().signin(root).use_ns(beside.namespace().unwrap()).use_db("test").await.unwrap();
        for size in [1, 10, 100, 300, 500] {
            beside.execute("DELETE word").await.unwrap();
            let words: Vec<_> = (0..64).map(|count| word(&"x".repeat(size), count)).collect();
            let () = session.insert(words).return_none().await.unwrap();
            assert_eq!(beside.select::<Word>().count().await.unwrap(), 64, "{size} in {limit}");
        }
        // The variables of a transaction are part of each message.
        let tx = session.begin_transaction().await.unwrap();
        tx.set("long", "v".repeat(limit / 4)).await.unwrap();
        let words: Vec<_> = (0..64).map(|count| word("x", count)).collect();
        let () = tx.insert(words).return_none().await.unwrap();
        tx.cancel().await.unwrap();
        let error = session.insert([word("a", 1), word(&"x".repeat(limit), 1)]).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::TooLarge, Delivery::NotSent), "{error:?}");
    }
}

#[async_test]
async fn insert_that_is_dropped_between_its_chunks_fails_its_transaction() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE number").await.unwrap();
    for polls in 0..100 {
        let tx = session.begin_transaction().await.unwrap();
        let insert = tx.insert(numbers(0..9)).chunk(3).return_none().into_future();
        let is_done = poll_times(polls, insert).await.is_some();
        // Without a poll, nothing was inserted.
        assert_eq!(tx.commit().await.is_ok(), is_done || polls == 0, "{polls} polls");
        assert_eq!(count(&session).await, if is_done { 9 } else { 0 }, "{polls} polls");
        if is_done {
            return;
        }
    }
    panic!("never ready");
}

#[async_test]
async fn dropped_insert_leaves_whole_requests() {
    let (_db, session) = place().await;
    // The next poll after the first reply sends the second request.
    assert!(poll_times(2, session.insert(numbers(0..1_500)).into_future()).await.is_none());
    let inserted = count(&session).await;
    assert!([500, 1_000].contains(&inserted), "{inserted}");
}

#[async_test]
async fn server_stops_at_the_timeout() {
    let (_db, session) = place().await;
    session.execute("DEFINE EVENT slow ON number THEN { sleep(10s) }").await.unwrap();
    let error = session.insert(numbers([1])).timeout(Duration::from_millis(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Query, "{error:?}");
    assert_eq!(count(&session).await, 0);
}

#[async_test]
async fn to_surql_and_debug_of_an_insert_show_no_values() {
    let (_db, session) = place().await;
    let insert = || session.insert(vec![word("hunter2", 1)]);
    for (shown, expected) in [
        (insert().to_surql(), "INSERT INTO $_0 $_1 RETURN AFTER -- $_0, $_1"),
        (insert().ignore().return_none().to_surql(), "INSERT IGNORE INTO $_0 $_1 RETURN NONE -- $_0, $_1"),
        (
            insert()
                .on_duplicate_with(|w, new| (w.count.add(new.count), w.note.set("hunter2")))
                .return_diff()
                .to_surql(),
            "INSERT INTO $_0 $_1 ON DUPLICATE KEY UPDATE count += $input.count, note = $_2 RETURN DIFF -- $_0, $_1, $_2",
        ),
    ] {
        assert_eq!(shown, expected);
    }
    assert!(!format!("{:?}", insert()).contains("hunter2"));
}
