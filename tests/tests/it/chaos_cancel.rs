//! The socket is cut at every point of every call, and the call is dropped there or goes on: the session is whole afterwards.

use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};
use surreal_session::connection::Reconnect;
use surreal_session::prelude::*;
use surreal_session_tests::{Proxy, async_test, login, no_transaction_is_open, poll_times, unique};
use tokio::time::timeout;

const HANGS: Duration = Duration::from_secs(30);
#[derive(Debug, Serialize, Deserialize, Record)]
struct Item {
    id: Id<Item>,
    number: i64,
}

type Call = fn(Session) -> LocalBoxFuture<'static, surreal_session::Result<()>>;

/// A call of each kind that changes nothing that [`is_whole`] checks.
const CALLS: &[(&str, Call)] = &[
    ("ping", |session| Box::pin(async move { session.ping().await })),
    ("query", |session| Box::pin(async move { session.query("RETURN 1").await.map(drop) })),
    ("execute", |session| Box::pin(async move { session.execute("RETURN 1").await })),
    ("select", |session| Box::pin(async move { session.select::<Item>().await.map(drop) })),
    ("count", |session| Box::pin(async move { session.select::<Item>().count().await.map(drop) })),
    ("create", |session| Box::pin(async move { create(&session).await })),
    ("insert", |session| Box::pin(async move { session.insert(vec![NewItem { number: 1 }]).await.map(drop) })),
    ("batch", |session| {
        Box::pin(async move { session.batch((session.select::<Item>(), session.select::<Item>())).await.map(drop) })
    }),
    ("fork", |session| Box::pin(async move { session.fork().await.map(drop) })),
    ("set", |session| Box::pin(async move { session.set("mark", 7).await })),
    ("use_db", |session| Box::pin(async move { session.use_db("test").await })),
    ("info", |session| Box::pin(async move { session.info::<Value>().await.map(drop) })),
    ("begin and commit", |session| {
        Box::pin(async move {
            let tx = session.begin_transaction().await?;
            tx.create::<Item>().content(NewItem { number: 1 }).await?;
            tx.commit().await
        })
    }),
    ("begin and cancel", |session| {
        Box::pin(async move {
            let tx = session.begin_transaction().await?;
            tx.create::<Item>().content(NewItem { number: 1 }).await?;
            tx.cancel().await
        })
    }),
    ("run", |session| {
        Box::pin(async move {
            session
                .transaction()
                .run(async |tx| tx.create::<Item>().content(NewItem { number: 1 }).await.map(drop))
                .await
        })
    }),
    ("live", |session| Box::pin(async move { session.live::<Item>().await.map(drop) })),
    ("snapshot", |session| Box::pin(async move { session.live::<Item>().snapshot().await.map(drop) })),
];

async fn create(session: &Session) -> surreal_session::Result<()> {
    session.create::<Item>().content(NewItem { number: 1 }).await.map(drop)
}

/// A proxy, and a session through it with a namespace, a database and a variable.
async fn through_a_proxy() -> (Proxy, Surreal, Session, String) {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    // Sockets that live only for moments are otherwise opened again after seconds.
    let policy = Reconnect::default().max_delay(Duration::from_millis(5));
    let db = Surreal::connect(proxy.url()).reconnect(policy).await.unwrap();
    let namespace = unique("ns");
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(&namespace).use_db("test").await.unwrap();
    session.set("mark", 7).await.unwrap();
    session.execute("DEFINE TABLE item").await.unwrap();
    (proxy, db, session, namespace)
}

/// Checks the session's identity, place and variable.
async fn is_whole(name: &str, session: &Session, namespace: &str) {
    let text = "RETURN [session::ns(), session::db(), $mark, $token.ID]";
    let expected = (Some(namespace.to_owned()), Some("test".to_owned()), Some(7), Some("root".to_owned()));
    loop {
        let reply = timeout(HANGS, session.query(text).into_future()).await.expect("hangs");
        match reply {
            Ok(reply) => {
                let state: (Option<String>, Option<String>, Option<i64>, Option<String>) = reply.take(0).unwrap();
                assert_eq!(state, expected, "after `{name}`");
                return;
            }
            // The loss was not known yet when the query was sent.
            Err(error) => assert_eq!(error.kind(), ErrorKind::Disconnected, "{name}: {error:?}"),
        }
    }
}

async fn cut_everywhere(is_dropped: bool) {
    let (proxy, _db, session, namespace) = through_a_proxy().await;
    for (name, call) in CALLS {
        for polls in 0.. {
            let mut future = call(session.clone());
            let is_done = poll_times(polls, &mut future).await.is_some();
            proxy.cut();
            if is_dropped || is_done {
                drop(future);
            } else if let Err(error) = timeout(HANGS, future).await.unwrap_or_else(|_| panic!("`{name}` hangs")) {
                let is_lost = matches!(
                    error.kind(),
                    ErrorKind::Disconnected | ErrorKind::TransactionLost | ErrorKind::CommitUnknown
                );
                assert!(is_lost, "{name}, {polls} polls: {error:?}");
            }
            is_whole(name, &session, &namespace).await;
            if is_done {
                break;
            }
        }
    }
    no_transaction_is_open(&session).await;
}

#[async_test(not_send)]
async fn call_that_is_cut_at_any_point_ends_and_leaves_the_session_whole() {
    cut_everywhere(false).await;
}

#[async_test(not_send)]
async fn call_that_is_cut_and_dropped_at_any_point_leaves_the_session_whole() {
    cut_everywhere(true).await;
}
