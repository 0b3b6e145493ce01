//! Calls are dropped, and connections cut, at every point of a call.

use std::collections::BTreeSet;
use std::time::Duration;

use surreal_session::prelude::*;
use surreal_session_tests::{Proxy, async_test, eventually, login, place, poll_times, unique};
use tokio::time::timeout;

const HANGS: Duration = Duration::from_secs(30);

const CALLS: usize = 9;

/// The calls of this file, by number.
async fn call(number: usize, session: Session, root: Root) -> surreal_session::Result<()> {
    match number {
        0 => session.use_ns(unique("cut")).await,
        1 => session.use_db("cut").await,
        2 => session.signin(root).await.map(drop),
        3 => session.set("cut", 1).await,
        4 => session.fork().await.map(drop),
        5 => session.close_session().await,
        6 => session.reset().await,
        7 => {
            let tx = session.begin_transaction().await?;
            tx.execute("RETURN 1").await?;
            tx.commit().await
        }
        _ => {
            let tx = session.begin_transaction().await?;
            tx.execute("RETURN 1").await?;
            tx.cancel().await
        }
    }
}

#[async_test(not_send)]
async fn connection_that_is_cut_at_any_point_ends_every_call() {
    let login = login().await;
    let root = || Root::new(login.username.clone(), login.password.clone());
    for number in 0..CALLS {
        for polls in 0.. {
            let proxy = Proxy::start(&login.url).await;
            let db = Surreal::connect(proxy.url()).await.unwrap();
            let session = db.new_session().signin(root()).use_ns(unique("cut")).use_db("test").await.unwrap();
            let mut cut = Box::pin(call(number, session.clone(), root()));
            let is_done = poll_times(polls, &mut cut).await.is_some();
            proxy.cut();
            if !is_done {
                let outcome = timeout(HANGS, cut).await.expect("hangs");
                if let Err(error) = outcome {
                    let kinds = [ErrorKind::Disconnected, ErrorKind::TransactionLost, ErrorKind::CommitUnknown];
                    assert!(kinds.contains(&error.kind()), "call {number}, {polls} polls: {error:?}");
                }
            }
            let error = timeout(HANGS, async { db.set("later", 1).await }).await.expect("hangs");
            // The cut may not be known yet.
            assert!(error.is_ok() || error.unwrap_err().kind() == ErrorKind::Disconnected);
            if is_done {
                break;
            }
        }
    }
}

#[async_test(not_send)]
async fn call_that_is_dropped_at_any_point_leaves_handle_and_server_in_agreement() {
    let (db, model) = place().await;
    let login = login().await;
    let root = || Root::new(login.username.clone(), login.password.clone());
    for number in 0..CALLS {
        for polls in 0.. {
            let session = model.fork().await.unwrap();
            let is_done = poll_times(polls, call(number, session.clone(), root())).await.is_some();
            // It waits for the dropped change.
            let next = timeout(HANGS, session.unset("nothing")).await.expect("hangs");
            if number == 5 && polls > 0 {
                assert_eq!(next.unwrap_err().kind(), ErrorKind::SessionClosed);
            } else if number == 6 && polls > 0 {
                next.unwrap();
                // An anonymous session without a namespace can run no query.
                assert_eq!((session.namespace(), session.database()), (None, None));
            } else {
                next.unwrap();
                let seen: (Option<String>, Option<String>, Option<i64>) =
                    session.query("RETURN [session::ns(), session::db(), $cut]").await.unwrap().take(0).unwrap();
                assert_eq!((session.namespace(), session.database()), (seen.0, seen.1), "call {number}, {polls} polls");
                assert_eq!(seen.2, (number == 3 && polls > 0).then_some(1), "call {number}, {polls} polls");
            }
            drop(session);
            if is_done {
                break;
            }
        }
    }
    eventually("no other session is left", async || {
        let open: BTreeSet<_> = db.sessions().await.unwrap().into_iter().map(|id| id.to_string()).collect();
        open == BTreeSet::from([model.id().to_string()])
    })
    .await;
}
