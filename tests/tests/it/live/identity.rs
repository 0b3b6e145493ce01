//! A live query that is being registered while the identity of its session changes.

use std::time::Duration;

use surreal_session::prelude::*;
use surreal_session_tests::async_test;
use tokio::time::timeout;

use super::{Item, NewItem, nothing_is_registered, with_items};

#[async_test(not_send)]
async fn registration_during_a_change_of_identity_gives_no_silent_stream() {
    let (_db, root) = with_items().await;
    let ns = root.namespace().unwrap();
    // An anonymous session may register a live query too, and gets the events that it may select.
    let schema = "DEFINE TABLE OVERWRITE item PERMISSIONS FOR select FULL; DEFINE USER dora ON DATABASE PASSWORD 'd'";
    root.execute(schema).await.unwrap();
    for round in 0..60 {
        let session = root.fork().await.unwrap();
        let live = tokio::spawn(session.live::<Item>().into_future());
        let change = session.clone();
        let dora = Database::new(&ns, "test", "dora", "d");
        let change = tokio::spawn(async move {
            match round % 3 {
                0 => change.signin(dora).await.map(drop),
                1 => change.invalidate().await,
                _ => change.reset().await,
            }
        });
        let (live, change) = tokio::join!(live, change);
        change.unwrap().unwrap();
        // A session that was reset has no namespace.
        let Ok(mut items) = live.unwrap() else { continue };
        root.create::<Item>().content(NewItem { number: round }).await.unwrap();
        let event = timeout(Duration::from_secs(20), items.next())
            .await
            .unwrap_or_else(|_| panic!("round {round} is silent: {items:?}"))
            .unwrap()
            .unwrap();
        let is_ended = matches!(event, LiveEvent::Ended(EndReason::IdentityChanged));
        assert!(is_ended || (round % 3 != 2 && matches!(event, LiveEvent::Change(_))), "round {round}: {event:?}");
    }
    nothing_is_registered(&root).await;
}
