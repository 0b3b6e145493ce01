//! Transactions are committed completely or not at all, whatever fails, is dropped or is lost.

mod cancel;
mod closure;
mod ending;
mod failure;
mod kept;
mod order;
mod spans;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, login, place};
use tokio::time::Duration;

/// Longer than any call here may take: a call that still waits after it hangs.
const HANGS: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Account {
    id: Id<Account>,
    balance: i64,
}

/// A connection, a session in a new database, and another session in the same database.
async fn two() -> (Surreal, Session, Session) {
    let (db, session) = place().await;
    session.execute("DEFINE TABLE account").await.unwrap();
    let other = session.fork().await.unwrap();
    (db, session, other)
}

/// The keys and balances that a session sees.
async fn accounts(db: &impl Queryable) -> Vec<(String, i64)> {
    let accounts = db.select::<Account>().await.unwrap();
    accounts.into_iter().map(|account| (account.id.key().clone(), account.balance)).collect()
}

/// Checks that a session has no open transaction: it can open as many as the server allows.
async fn assert_none_open(session: &Session) {
    let mut open = Vec::new();
    surreal_session_tests::eventually("no transaction is open", async || {
        match session.begin_transaction().await {
            Ok(tx) => open.push(tx),
            Err(error) => assert_eq!(error.kind(), ErrorKind::TooManyTransactions, "{error:?}"),
        }
        open.len() == 64
    })
    .await;
}

fn new(balance: i64) -> NewAccount {
    NewAccount { balance }
}

#[async_test(blocking)]
async fn writes_are_visible_only_after_the_commit() {
    let (_db, session, other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    tx.create::<Account>().id("ada").content(new(1)).await.unwrap();
    tx.execute("CREATE account:bob SET balance = 2").await.unwrap();
    assert_eq!(tx.run::<i64>("count").await.unwrap(), 1);
    let both = [("ada".to_owned(), 1), ("bob".to_owned(), 2)];
    assert_eq!(accounts(&tx).await, both);
    assert_eq!(tx.select::<Account>().id("bob").await.unwrap().unwrap().balance, 2);
    for outside in [&session, &other] {
        assert_eq!(accounts(outside).await, []);
    }
    tx.commit().await.unwrap();
    for outside in [&session, &other] {
        assert_eq!(accounts(outside).await, both);
    }
}

#[async_test(blocking)]
async fn every_verb_takes_part() {
    let (_db, session, other) = two().await;
    session.insert(vec![new(1), new(1)]).await.unwrap();
    for commits in [false, true] {
        let tx = session.begin_transaction().await.unwrap();
        assert_eq!(tx.delete::<Account>().all().await.unwrap().len(), 2);
        tx.insert(vec![new(7), new(7)]).await.unwrap();
        tx.upsert::<Account>().id("a").content(new(3)).await.unwrap();
        tx.update::<Account>().id("a").set(|account| account.balance.add(1)).await.unwrap();
        tx.untyped().create(RecordId::new("account", "b")).content(new(5)).await.unwrap();
        let (sum, all) = tx.batch((tx.run::<i64>("math::sum").args(([1, 2],)), tx.select::<Account>())).await.unwrap();
        assert_eq!((sum, all.len()), (3, 4));
        match commits {
            true => tx.commit().await.unwrap(),
            false => tx.cancel().await.unwrap(),
        }
        let mut balances: Vec<_> = accounts(&other).await.into_iter().map(|(_, balance)| balance).collect();
        balances.sort_unstable();
        assert_eq!(balances, if commits { vec![4, 5, 7, 7] } else { vec![1, 1] });
    }
}

#[async_test(blocking)]
async fn insert_of_several_requests_is_never_partial_in_a_transaction() {
    let (_db, _session, other) = two().await;
    other.execute("DEFINE INDEX text ON account FIELDS text UNIQUE").await.unwrap();
    let login = login().await;
    let narrow = Surreal::connect(login.url).max_message_bytes(8 << 10).await.unwrap();
    narrow.signin(Root::new(login.username, login.password)).await.unwrap();
    narrow.use_ns(other.namespace().unwrap()).use_db("test").await.unwrap();
    let row = |text: &str| BTreeMap::from([("text", text.repeat(5_000))]);
    let tx = narrow.begin_transaction().await.unwrap();
    let insert = tx.untyped().insert(Table::new("account"), [row("a"), row("b"), row("a")]).return_none();
    let error = insert.await.unwrap_err();
    assert!(error.is_unique_violation() && error.to_string().contains("row 2 of 3"), "{error:?}");
    assert_ne!(error.kind(), ErrorKind::PartlyApplied);
    assert_eq!(tx.commit().await.unwrap_err().kind(), ErrorKind::TransactionFailed);
    assert_eq!(accounts(&other).await, []);
}

#[async_test(blocking)]
async fn transaction_sees_the_database_as_it_began() {
    let (_db, session, other) = two().await;
    session.create::<Account>().id("ada").content(new(1)).await.unwrap();
    let tx = session.begin_transaction().await.unwrap();
    assert_eq!(accounts(&tx).await, [("ada".to_owned(), 1)]);
    other.execute("UPDATE account:ada SET balance = 2; CREATE account:bob SET balance = 3").await.unwrap();
    assert_eq!(accounts(&tx).await, [("ada".to_owned(), 1)]);
    tx.cancel().await.unwrap();
}

#[async_test(not_send, blocking)]
async fn cancelled_and_dropped_transactions_leave_nothing() {
    let (_db, session, other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    tx.create::<Account>().content(new(1)).await.unwrap();
    tx.cancel().await.unwrap();
    for _ in 0..70 {
        let tx = session.begin_transaction().await.unwrap();
        tx.create::<Account>().content(new(1)).await.unwrap();
    }
    assert_none_open(&session).await;
    assert_eq!(accounts(&other).await, []);
}

#[async_test(blocking)]
async fn query_and_clone_keep_a_transaction_open() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let (query, clone) = (tx.query("CREATE account:a SET balance = 1"), tx.clone());
    assert_eq!(tx.id(), clone.id());
    drop(tx);
    drop(query.await.unwrap().check().unwrap());
    clone.commit().await.unwrap();
    assert_eq!(accounts(&session).await.len(), 1);
}

#[async_test(not_send, blocking)]
async fn result_that_is_kept_does_not_keep_a_transaction_open() {
    let (_db, session, _other) = two().await;
    let mut results = Vec::new();
    for _ in 0..64 {
        let tx = session.begin_transaction().await.unwrap();
        results.push(tx.query("CREATE account").await.unwrap());
    }
    assert_none_open(&session).await;
    drop(results);
}

#[async_test(blocking)]
async fn transaction_over_the_limit_is_refused_and_others_continue() {
    let (db, session, _other) = two().await;
    for (holder, setting) in [(&session, "PER_SESSION"), (&*db, "PER_CONNECTION")] {
        let mut open = Vec::new();
        for _ in 0..64 {
            open.push(holder.begin_transaction().await.unwrap());
        }
        let error = holder.begin_transaction().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooManyTransactions, "{error:?}");
        assert_eq!(error.delivery(), Delivery::Answered);
        assert!(error.to_string().contains("64") && error.to_string().contains(setting), "{error}");
        for tx in open {
            tx.run::<i64>("count").await.unwrap();
            tx.cancel().await.unwrap();
        }
        holder.begin_transaction().await.unwrap().cancel().await.unwrap();
    }
}

#[async_test(blocking)]
async fn variables_of_a_transaction_are_its_own() {
    let (_db, session, _other) = two().await;
    session.set("a", "session").await.unwrap();
    let tx = session.begin_transaction().await.unwrap();
    tx.set("a", "transaction").await.unwrap();
    tx.clone().set("b", [1, 2]).await.unwrap();
    let seen: (String, Vec<i64>) = tx.query("RETURN [$a, $b]").await.unwrap().take(0).unwrap();
    assert_eq!(seen, ("transaction".to_owned(), vec![1, 2]));
    let bound: String = tx.query("RETURN $a").bind("a", "query").await.unwrap().take(0).unwrap();
    assert_eq!(bound, "query");
    tx.create::<Account>().content(new(1)).await.unwrap();
    let outside: (String, Option<i64>) = session.query("RETURN [$a, $b]").await.unwrap().take(0).unwrap();
    assert_eq!(outside, ("session".to_owned(), None));
    tx.unset("a").await.unwrap();
    tx.unset("b").await.unwrap();
    tx.unset("never").await.unwrap();
    let seen: (String, Option<i64>) = tx.query("RETURN [$a, $b]").await.unwrap().take(0).unwrap();
    assert_eq!(seen, ("session".to_owned(), None));
    for (error, kind) in [
        (tx.set("auth", 1).await.unwrap_err(), ErrorKind::InvalidArgument),
        (tx.set("a b", 1).await.unwrap_err(), ErrorKind::InvalidArgument),
        (tx.unset("$a").await.unwrap_err(), ErrorKind::InvalidArgument),
        (tx.set("far", u64::MAX).await.unwrap_err(), ErrorKind::Encode),
    ] {
        assert_eq!((error.kind(), error.delivery()), (kind, Delivery::NotSent), "{error:?}");
    }
    tx.commit().await.unwrap();
}

/// Two transactions empty one account each. Returns the result of the second commit, and the balances.
async fn skew(read: impl AsyncFn(&Transaction) -> Vec<i64>) -> (surreal_session::Result<()>, i64) {
    let (_db, session, other) = two().await;
    session.execute("CREATE account:a SET balance = 1; CREATE account:b SET balance = 1").await.unwrap();
    let (first, second) = (session.begin_transaction().await.unwrap(), other.begin_transaction().await.unwrap());
    for (tx, account) in [(&first, "a"), (&second, "b")] {
        assert_eq!(read(tx).await, [1, 1]);
        tx.update::<Account>().id(account).set(|account| account.balance.set(0)).await.unwrap();
    }
    first.commit().await.unwrap();
    let second = second.commit().await;
    (second, accounts(&session).await.iter().map(|(_, balance)| balance).sum())
}

#[async_test(not_send, blocking)]
async fn write_skew_happens_and_reading_for_update_prevents_it() {
    let text = async |tx: &Transaction, text: &'static str| {
        let id = |key| RecordId::new("account", key);
        tx.query(text).bind("a", id("a")).bind("b", id("b")).await.unwrap().take::<Vec<i64>>(0).unwrap()
    };
    let (result, left) = skew(async |tx| text(tx, "SELECT VALUE balance FROM $a, $b").await).await;
    assert!(result.is_ok() && left == 0, "no skew any more: {result:?}, {left}");

    let (result, left) = skew(async |tx| text(tx, "SELECT VALUE balance FROM $a, $b FOR UPDATE").await).await;
    assert!(result.as_ref().is_err_and(Error::is_conflict) && left == 1, "{result:?}, {left}");

    let typed = async |tx: &Transaction| {
        let read = |key| tx.select::<Account>().id(key).for_update();
        vec![read("a").await.unwrap().unwrap().balance, read("b").await.unwrap().unwrap().balance]
    };
    let (result, left) = skew(typed).await;
    assert!(result.as_ref().is_err_and(Error::is_conflict) && left == 1, "{result:?}, {left}");
}

#[async_test(blocking)]
async fn debug_of_a_transaction_shows_no_values() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    tx.set("card", "4242-4242").await.unwrap();
    let shown =
        format!("{tx:?} {:?} {:?} {:?}", Queryable::scope(&tx), tx.query("RETURN $card"), session.transaction());
    assert!(shown.contains(&tx.id().to_string()), "{shown}");
    for secret in ["4242", "52, 50, 52, 50"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
