//! Streams that outlive their sockets.

use std::collections::BTreeMap;
use std::env;
use std::time::Duration;

use surreal_session::Connect;
use surreal_session::connection::ConnectionEvent;
use surreal_session::prelude::*;
use surreal_session_tests::{Proxy, async_test, eventually, login, place, unique};
use tokio::time::{Instant, sleep, timeout};

use super::synced::{Board, apply, board_of, follow_until};
use super::{Item, NewItem, elsewhere, end, next, next_change, nothing_is_registered, registered, with_items};

/// A proxy in front of the server, a connection through it, and a session of it with the table `item`.
pub(super) async fn behind_a_proxy() -> (Proxy, Surreal, Session) {
    behind_a_proxy_with(|connect| connect.idle_timeout(Duration::from_secs(6))).await
}

pub(super) async fn behind_a_proxy_with(options: impl FnOnce(Connect) -> Connect) -> (Proxy, Surreal, Session) {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let db = options(Surreal::connect(proxy.url())).await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
    session.execute("DEFINE TABLE item").await.unwrap();
    (proxy, db, session)
}

async fn reconnected<D>(stream: &mut LiveStream<Item, D>)
where
    D: serde::de::DeserializeOwned + std::fmt::Debug,
{
    match next(stream).await {
        LiveEvent::Gap(Gap::Reconnected) => {}
        other => panic!("{other:?}"),
    }
}

#[async_test(not_send)]
async fn stream_goes_on_after_a_lost_socket() {
    let (proxy, _db, session) = behind_a_proxy().await;
    let elsewhere = elsewhere(&session).await;
    let mut items = session.live::<Item>().filter(|i| i.number.gt(0)).await.unwrap();
    let first = items.id();
    session.create::<Item>().id("a").content(NewItem { number: 1 }).await.unwrap();
    assert_eq!(next_change(&mut items).await.data.number, 1);
    for number in 2..5 {
        proxy.cut();
        reconnected(&mut items).await;
        elsewhere.execute("UPSERT item:b SET number = $n").bind("n", number).await.unwrap();
        assert_eq!(next_change(&mut items).await.data.number, number);
    }
    assert_ne!(items.id(), first);
    assert!(items.error().is_none());
    items.kill().await.unwrap();
    nothing_is_registered(&elsewhere).await;
}

#[async_test(not_send)]
async fn changes_during_an_outage_are_in_the_gap() {
    let (proxy, _db, session) = behind_a_proxy().await;
    let elsewhere = elsewhere(&session).await;
    let mut items = session.live::<Item>().await.unwrap();
    let (_, mut synced) = session.live::<Item>().synced().await.unwrap();
    let mut differences = session.live::<Item>().diff().await.unwrap();
    proxy.refuse().await;
    elsewhere.execute("CREATE item:a SET number = 1").await.unwrap();
    sleep(Duration::from_millis(300)).await;
    proxy.open().await;
    reconnected(&mut items).await;
    reconnected(&mut differences).await;
    follow_until(&mut Board::new(), &mut synced, &BTreeMap::from([("a".to_owned(), 1)])).await;
    elsewhere.execute("UPDATE item:a SET number = 2").await.unwrap();
    assert_eq!(next_change(&mut items).await.data.number, 2);
    assert_eq!(next_change(&mut differences).await.action, Action::Update);
}

#[async_test(not_send)]
async fn half_open_socket_is_noticed() {
    let (proxy, _db, session) = behind_a_proxy().await;
    let elsewhere = elsewhere(&session).await;
    let (_, mut synced) = session.live::<Item>().synced().await.unwrap();
    let mut items = session.live::<Item>().await.unwrap();
    proxy.stall();
    elsewhere.execute("CREATE item:a SET number = 1").await.unwrap();
    // The silence lasts six seconds. What the client opens then is stalled as well.
    sleep(Duration::from_millis(7_500)).await;
    proxy.resume();
    reconnected(&mut items).await;
    follow_until(&mut Board::new(), &mut synced, &BTreeMap::from([("a".to_owned(), 1)])).await;
}

#[async_test(not_send)]
async fn streams_that_are_dropped_or_killed_during_an_outage_leave_nothing() {
    let (proxy, _db, session) = behind_a_proxy().await;
    let elsewhere = elsewhere(&session).await;
    let dropped = session.live::<Item>().await.unwrap();
    let killed = session.live::<Item>().await.unwrap();
    let (_, synced) = session.live::<Item>().synced().await.unwrap();
    let (_, synced_killed) = session.live::<Item>().synced().await.unwrap();
    let mut polled = session.live::<Item>().await.unwrap();
    proxy.refuse().await;
    timeout(Duration::from_millis(100), polled.next()).await.unwrap_err();
    drop((dropped, synced, polled));
    let kills = [killed.kill(), synced_killed.kill()].map(|kill| kill.deadline(Duration::from_millis(200)));
    for kill in kills {
        // It is gone with its socket, whatever this says.
        let _ = kill.await;
    }
    proxy.open().await;
    session.ping().await.unwrap();
    nothing_is_registered(&elsewhere).await;
    assert_eq!(registered(&session).await, 0);
}

#[async_test(not_send)]
async fn outage_ends_streams_only_with_their_session() {
    let (proxy, db, session) = behind_a_proxy().await;
    let (closed, invalidated) = (session.fork().await.unwrap(), session.fork().await.unwrap());
    let mut of_closed = closed.live::<Item>().await.unwrap();
    let mut of_invalidated = invalidated.live::<Item>().await.unwrap();
    let mut of_connection = session.live::<Item>().await.unwrap();
    let (_, mut synced) = session.live::<Item>().synced().await.unwrap();
    let text: LiveId = session.query("LIVE SELECT * FROM item").await.unwrap().take(0).unwrap();
    let mut of_text = session.subscribe_live::<Item>(text).await.unwrap();
    proxy.refuse().await;
    assert_eq!(end(&mut of_text).await, EndReason::ConnectionLost);
    assert_eq!(of_text.error().unwrap().kind(), ErrorKind::Disconnected);
    timeout(Duration::from_millis(100), of_closed.next()).await.unwrap_err();
    timeout(Duration::from_millis(100), of_invalidated.next()).await.unwrap_err();
    let (closing, invalidating) = (closed.close_session(), invalidated.invalidate());
    let (closing, invalidating) = (tokio::spawn(closing), tokio::spawn(invalidating));
    proxy.open().await;
    assert_eq!(end(&mut of_closed).await, EndReason::SessionClosed);
    let reason = end(&mut of_invalidated).await;
    assert_eq!(reason, EndReason::IdentityChanged, "{:?}", of_invalidated.error());
    closing.await.unwrap().unwrap();
    invalidating.await.unwrap().unwrap();
    db.close().await.unwrap();
    assert_eq!(end(&mut of_connection).await, EndReason::ConnectionClosed);
    while let Some(event) = synced.next().await {
        let event = event.unwrap();
        assert!(matches!(event, SyncEvent::Ended(EndReason::ConnectionClosed)), "{event:?}");
    }
}

#[async_test(not_send)]
async fn connection_that_gives_up_ends_its_streams_with_the_reason() {
    let login = login().await;
    for policy in [Reconnect::never(), Reconnect::default().give_up_after(Duration::from_millis(300))] {
        let proxy = Proxy::start(&login.url).await;
        let db = Surreal::connect(proxy.url()).reconnect(policy).await.unwrap();
        let root = Root::new(login.username.clone(), login.password.clone());
        let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
        session.execute("DEFINE TABLE item").await.unwrap();
        let mut items = session.live::<Item>().await.unwrap();
        let (_, mut synced) = session.live::<Item>().synced().await.unwrap();
        proxy.refuse().await;
        assert_eq!(end(&mut items).await, EndReason::ConnectionLost);
        assert!(items.error().is_some());
        assert_eq!(super::synced::next(&mut synced).await, SyncEvent::Ended(EndReason::ConnectionLost));
    }
}

#[async_test(not_send)]
async fn table_made_anew_is_followed_by_a_synced_stream() {
    let (_db, session) = with_items().await;
    session.execute("CREATE item:a SET number = 1").await.unwrap();
    let (items, mut stream) = session.live::<Item>().synced().await.unwrap();
    let mut seen = board_of(items);
    session.execute("REMOVE TABLE item; DEFINE TABLE item; CREATE item:b SET number = 2").await.unwrap();
    follow_until(&mut seen, &mut stream, &BTreeMap::from([("b".to_owned(), 2)])).await;
    eventually("the live query is registered again", async || registered(&session).await == 1).await;
    session.execute("UPDATE item:b SET number = 3").await.unwrap();
    follow_until(&mut seen, &mut stream, &BTreeMap::from([("b".to_owned(), 3)])).await;
}

/// Fact of the server (3.3.5): a live query ends at the expiry that its session had when it was registered.
#[async_test(not_send)]
async fn stream_of_a_renewed_session_goes_on() {
    let (db, root) = place().await;
    let schema = "DEFINE TABLE account; DEFINE TABLE item PERMISSIONS FOR select FULL; \
        DEFINE ACCESS account ON DATABASE TYPE RECORD SIGNUP (CREATE account) \
            DURATION FOR TOKEN 1h, FOR SESSION 3s";
    root.execute(schema).await.unwrap();
    let user = db.new_session().await.unwrap();
    let access = RecordAccess::new(root.namespace().unwrap(), "test", "account", Board::new());
    let tokens = user.signup(access).await.unwrap();
    let mut items = user.live::<Item>().await.unwrap();
    let (_, mut synced) = user.live::<Item>().synced().await.unwrap();
    sleep(Duration::from_secs(2)).await;
    user.authenticate(tokens).await.unwrap();
    assert!(matches!(next(&mut items).await, LiveEvent::Gap(Gap::Renewed)));
    // The first registration is over by then.
    sleep(Duration::from_millis(2_100)).await;
    root.execute("CREATE item:a SET number = 1").await.unwrap();
    loop {
        match next(&mut items).await {
            // The session is renewed again and again, and the change may be in the gap. One without a difference has no event.
            LiveEvent::Gap(Gap::Renewed) => root.execute("UPSERT item:a SET number = 1, round += 1").await.unwrap(),
            LiveEvent::Change(change) => break assert_eq!(change.data.number, 1),
            other => panic!("{other:?}"),
        }
    }
    follow_until(&mut Board::new(), &mut synced, &BTreeMap::from([("a".to_owned(), 1)])).await;
}

/// Writes random changes of a few hundred items.
async fn scribble(session: Session, writer: u64, changes: u64) {
    let mut seed = writer + 1;
    let mut random = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    };
    for change in 0..changes {
        let id: Id<Item> = Id::new(format!("i{}", random() % 300));
        let number = i64::try_from(change * 8 + writer).unwrap();
        let text = match random() % 8 {
            0 => "DELETE $id RETURN NONE",
            1 => "BEGIN; UPSERT $id SET number = -$number; UPSERT $id SET number = $number; COMMIT",
            _ => "UPSERT $id SET number = $number RETURN NONE",
        };
        let write = || session.query(text).bind("id", &id).bind("number", number).into_future();
        while let Err(error) = write().await.unwrap().check() {
            assert!(error.is_retryable(), "{error:?}");
        }
    }
}

/// Follows a board until the writers are done and it equals the table. Returns the number of events.
async fn follow(
    mut board: Board,
    mut stream: SyncedStream<Item>,
    table: tokio::sync::watch::Receiver<Option<Board>>,
) -> u64 {
    let (mut events, mut until) = (0, None);
    loop {
        if let Some(table) = &*table.borrow() {
            let until = *until.get_or_insert_with(|| Instant::now() + Duration::from_secs(20));
            if board == *table {
                return events;
            }
            assert!(Instant::now() < until, "the board stays at {board:?} instead of {table:?}");
        }
        if let Ok(event) = timeout(Duration::from_millis(50), stream.next()).await {
            apply(&mut board, event.expect("the stream is over").unwrap());
            events += 1;
        }
    }
}

/// Four boards over sockets that are cut all the time. `SURREAL_SESSION_LIVE_CHANGES=10000` makes the run long.
#[async_test(not_send)]
async fn boards_equal_the_table_whatever_happens_to_their_sockets() {
    const WRITERS: u64 = 8;
    let changes: u64 = env::var("SURREAL_SESSION_LIVE_CHANGES").map_or(480, |changes| changes.parse().unwrap());
    let (proxy, _db, session) = behind_a_proxy().await;
    let direct = elsewhere(&session).await;
    let (finished, table) = tokio::sync::watch::channel(None);
    let mut boards = Vec::new();
    for index in 0..4 {
        let session = if index == 0 { session.clone() } else { session.fork().await.unwrap() };
        let (items, stream) = session.live::<Item>().synced().resync_every(Duration::from_secs(2)).await.unwrap();
        boards.push(tokio::spawn(follow(board_of(items), stream, table.clone())));
    }
    proxy.chaos(Duration::from_millis(200)..Duration::from_millis(800));
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        writers.push(tokio::spawn(scribble(direct.fork().await.unwrap(), writer, changes / WRITERS)));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    proxy.calm();
    finished.send_replace(Some(board_of(direct.select::<Item>().await.unwrap())));
    for (index, board) in boards.into_iter().enumerate() {
        println!("board {index}: {} events for {changes} changes", board.await.unwrap());
    }
    nothing_is_registered(&direct).await;
}

/// One statement makes more events than the server keeps for a socket. A server that is quick enough closes it then.
#[async_test(not_send)]
async fn bursts_harm_no_call_and_no_board() {
    const IMPORT: &str = "INSERT INTO item (<array>0..$rows).map(|$n| { id: 'i' + <string>$n, number: $n }) \
        ON DUPLICATE KEY UPDATE number += 1 RETURN NONE";
    const ROWS: i64 = 500;
    let login = login().await;
    let db = Surreal::connect(&login.url).live_sockets(4).live_queries_per_socket(5).await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
    session.execute("DEFINE TABLE item").await.unwrap();
    let mut events = db.events();
    let (finished, table) = tokio::sync::watch::channel(None);
    let mut boards = Vec::new();
    for _ in 0..20 {
        let (items, stream) = session.fork().await.unwrap().live::<Item>().synced().await.unwrap();
        boards.push(tokio::spawn(follow(board_of(items), stream, table.clone())));
    }
    let calls = session.clone();
    let calls = tokio::spawn(async move {
        for _ in 0..200 {
            calls.execute("CREATE other").await.unwrap();
        }
    });
    for _ in 0..4 {
        let _done = session.query(IMPORT).bind("rows", ROWS).await.unwrap().check().unwrap();
    }
    calls.await.unwrap();
    finished.send_replace(Some(board_of(session.select::<Item>().await.unwrap())));
    for board in boards {
        assert!(board.await.unwrap() > 0);
    }
    let mut closed = 0;
    while let Ok(Some(event)) = timeout(Duration::ZERO, events.next()).await {
        closed += u64::from(matches!(event, ConnectionEvent::Disconnected { close_code: Some(1013), .. }));
    }
    println!("{closed} sockets closed for {} events", 4 * ROWS * 20);
}
