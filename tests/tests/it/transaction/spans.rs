//! Traces of transactions.

use surreal_session::prelude::*;

use super::{Account, new, two};
use crate::observability::recorder::{Fields, Seen};

/// The transactions: how many runs came before, and how they ended.
fn transactions(seen: &Seen) -> Vec<(String, String)> {
    let trace = seen.0.lock().unwrap();
    let transactions = trace.spans.iter().filter(|(metadata, _)| metadata.name() == "transaction");
    transactions.map(|(_, Fields(fields))| (fields["retry"].clone(), fields["outcome"].clone())).collect()
}

#[tokio::test]
async fn each_transaction_is_a_span_with_its_outcome() {
    let (_db, session, other) = two().await;
    let (seen, _guard) = Seen::start();

    let tx = session.begin_transaction().await.unwrap();
    tx.create::<Account>().id("a").content(new(1)).await.unwrap();
    tx.commit().await.unwrap();
    session.begin_transaction().await.unwrap().cancel().await.unwrap();
    drop(session.begin_transaction().await.unwrap());
    let tx = session.begin_transaction().await.unwrap();
    drop(tx.query("THROW 'no'").await.unwrap());
    tx.commit().await.unwrap_err();
    let mut conflict = true;
    session
        .transaction()
        .run(|tx| {
            let conflict = std::mem::take(&mut conflict);
            let other = &other;
            async move {
                tx.execute("UPDATE account:a SET balance += 1").await?;
                if conflict {
                    other.execute("UPDATE account:a SET balance += 1").await?;
                }
                Ok(())
            }
        })
        .await
        .unwrap();

    let expected = [
        ("0", "committed"),
        ("0", "cancelled"),
        ("0", "dropped"),
        ("0", "failed"),
        ("0", "conflict"),
        ("1", "committed"),
    ];
    let expected: Vec<_> = expected.iter().map(|(retry, outcome)| ((*retry).into(), (*outcome).into())).collect();
    assert_eq!(transactions(&seen), expected);
}

#[tokio::test]
async fn requests_of_a_transaction_are_seen_in_their_calls_without_their_values() {
    let (_db, session, _other) = two().await;
    let (seen, _guard) = Seen::start();

    let tx = session.begin_transaction().await.unwrap();
    tx.set("card", "4242-4242").await.unwrap();
    tx.execute("RETURN [$card, $b]").bind("b", "4242-4242").await.unwrap();
    let id = tx.id().to_string();
    tx.commit().await.unwrap();

    let trace = seen.0.lock().unwrap();
    for method in ["begin", "query", "commit"] {
        let request = |fields: &Fields| fields.0.get("method").is_some_and(|of| of == method);
        let within: Vec<_> =
            trace.events.iter().filter(|(_, _, fields)| request(fields)).map(|(span, ..)| *span).collect();
        assert_eq!(within.len(), 2, "a request and a reply: {trace:?}");
        for span in within {
            let (metadata, Fields(fields)) = &trace.spans[span.unwrap()];
            assert_eq!(metadata.name(), "call");
            // The id is known when the transaction has begun.
            let transaction = fields.get("surreal_session.transaction.id");
            assert_eq!(transaction, Some(&id).filter(|_| method != "begin"));
        }
    }
    assert!(!format!("{trace:?}").contains("4242-4242"), "{trace:?}");
}
