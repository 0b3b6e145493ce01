//! Every stream ends with a reason.

use std::collections::BTreeMap;
use std::time::Duration;

use ciborium::Value as Cbor;
use surreal_session::prelude::*;
use surreal_session_tests::{Peer, async_test, eventually, login, place};
use tokio::time::timeout;

use super::races::{event, registration_in, statement};
use super::{Item, NewItem, elsewhere, end, next, next_change, nothing_is_registered, registered, with_items};

#[async_test]
async fn killed_streams_end_with_the_reason() {
    let (_db, session) = with_items().await;
    let items = session.live::<Item>().await.unwrap();
    items.kill().await.unwrap();
    assert_eq!(registered(&session).await, 0);

    // Nothing is killed before the first poll.
    let items = session.live::<Item>().await.unwrap();
    let kill = items.kill();
    session.ping().await.unwrap();
    assert_eq!(registered(&session).await, 1);
    kill.await.unwrap();
    assert_eq!(registered(&session).await, 0);

    let mut items = session.live::<Item>().await.unwrap();
    session.kill(items.id()).await.unwrap();
    let reason = end(&mut items).await;
    // The event and the reply of a kill come in either order.
    assert!(matches!(reason, EndReason::Killed | EndReason::KilledByServer), "{reason:?}");

    let mut items = session.live::<Item>().await.unwrap();
    session.fork().await.unwrap().execute("KILL $id").bind("id", items.id()).await.unwrap();
    assert_eq!(end(&mut items).await, EndReason::KilledByServer);

    let mut items = session.live::<Item>().await.unwrap();
    session.execute("REMOVE TABLE item").await.unwrap();
    assert_eq!(end(&mut items).await, EndReason::TableRemoved);

    let unknown: LiveId = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    let error = session.kill(unknown).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Answered, "{error:?}");
}

#[async_test]
async fn removed_database_and_revoked_user_end_the_stream() {
    let (db, session) = with_items().await;
    let namespace = session.namespace().unwrap();
    session.execute("DEFINE USER other ON NAMESPACE PASSWORD 'o' ROLES OWNER").await.unwrap();
    let other = db.new_session().signin(Namespace::new(&namespace, "other", "o")).use_db("test").await.unwrap();
    let mut of_other = other.live::<Item>().await.unwrap();
    let mut items = session.live::<Item>().await.unwrap();
    session.execute("REMOVE USER other ON NAMESPACE").await.unwrap();
    assert_eq!(end(&mut of_other).await, EndReason::KilledByServer);
    session.execute("REMOVE DATABASE test").await.unwrap();
    assert_eq!(end(&mut items).await, EndReason::TableRemoved);
}

#[async_test(not_send)]
async fn streams_end_when_their_session_is_closed_or_emptied() {
    let (db, session) = with_items().await;
    let mut streams = Vec::new();
    let twin = session.fork().await.unwrap();
    streams.push((twin.live::<Item>().await.unwrap(), EndReason::SessionClosed));
    twin.close_session().await.unwrap();
    let twin = session.fork().await.unwrap();
    streams.push((twin.live::<Item>().await.unwrap(), EndReason::IdentityChanged));
    twin.invalidate().await.unwrap();
    let twin = session.fork().await.unwrap();
    streams.push((twin.live::<Item>().await.unwrap(), EndReason::IdentityChanged));
    twin.reset().await.unwrap();
    for (stream, expected) in &mut streams {
        assert_eq!(end(stream).await, *expected);
    }
    nothing_is_registered(&session).await;

    let mut last = session.live::<Item>().await.unwrap();
    db.close().await.unwrap();
    assert_eq!(end(&mut last).await, EndReason::ConnectionClosed);
    let error = session.live::<Item>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[async_test(not_send)]
async fn stream_survives_only_a_new_token_of_the_same_user() {
    let (_db, session) = with_items().await;
    let login = login().await;
    session.execute("DEFINE USER other ON NAMESPACE PASSWORD 'o' ROLES OWNER").await.unwrap();
    let mut items = session.live::<Item>().await.unwrap();
    let ns = session.namespace().unwrap();
    let tokens = session.signin(Root::new(login.username, login.password)).await.unwrap();
    session.authenticate(tokens).await.unwrap();
    session.create::<Item>().id("a").content(NewItem { number: 1 }).await.unwrap();
    assert_eq!(next_change(&mut items).await.data.number, 1);

    session.signin(Root::new("root", "wrong")).await.unwrap_err();
    session.create::<Item>().id("b").content(NewItem { number: 2 }).await.unwrap();
    assert_eq!(next_change(&mut items).await.data.number, 2);

    session.signin(Namespace::new(ns, "other", "o")).await.unwrap();
    assert_eq!(end(&mut items).await, EndReason::IdentityChanged);
    drop(items);
    nothing_is_registered(&session).await;
}

/// Record users who may see their own items, with sessions of this duration.
async fn with_accounts(duration: &str) -> (Surreal, Session) {
    let (db, session) = place().await;
    let schema = format!(
        "DEFINE TABLE account; \
         DEFINE TABLE item PERMISSIONS FOR select WHERE owner = $auth FOR create, update, delete FULL; \
         DEFINE ACCESS account ON DATABASE TYPE RECORD \
             SIGNUP (CREATE account SET name = $name) SIGNIN (SELECT * FROM account WHERE name = $name) \
             WITH REFRESH DURATION FOR TOKEN 1h, FOR SESSION {duration}"
    );
    session.execute(Surql::dynamic(schema)).await.unwrap();
    (db, session)
}

fn account(session: &Session, name: &str) -> RecordAccess<BTreeMap<&'static str, String>> {
    let params = BTreeMap::from([("name", name.to_owned())]);
    RecordAccess::new(session.namespace().unwrap(), "test", "account", params)
}

#[async_test(not_send)]
async fn record_users_see_only_their_own_records() {
    let (db, session) = with_accounts("1h").await;
    let ada = db.new_session().await.unwrap();
    ada.signup(account(&session, "ada")).await.unwrap();
    let bob = db.new_session().await.unwrap();
    let tokens = bob.signup(account(&session, "bob")).await.unwrap();
    let (mut of_ada, mut of_bob) = (ada.live::<Item>().await.unwrap(), bob.live::<Item>().await.unwrap());
    for (name, number) in [("ada", 1), ("bob", 2), ("ada", 3)] {
        let text =
            "CREATE item SET number = $number, owner = (SELECT VALUE id FROM ONLY account WHERE name = $name LIMIT 1)";
        session.execute(text).bind("number", number).bind("name", name).await.unwrap();
    }
    assert_eq!(next_change(&mut of_ada).await.data.number, 1);
    assert_eq!(next_change(&mut of_ada).await.data.number, 3);
    assert_eq!(next_change(&mut of_bob).await.data.number, 2);
    // Renewed as the same user, the stream goes on; as another one, it ends.
    bob.refresh(&tokens).await.unwrap();
    bob.execute("CREATE item SET number = 4, owner = $auth").await.unwrap();
    assert_eq!(next_change(&mut of_bob).await.data.number, 4);
    bob.signin(account(&session, "ada")).await.unwrap();
    assert_eq!(end(&mut of_bob).await, EndReason::IdentityChanged);
    drop((of_ada, of_bob));
    nothing_is_registered(&session).await;
}

#[async_test(not_send)]
async fn stream_ends_when_its_session_expires() {
    let (db, session) = with_accounts("1s").await;
    let ada = db.new_session().await.unwrap();
    ada.signup(account(&session, "ada")).await.unwrap();
    let mut items = ada.live::<Item>().await.unwrap();
    ada.execute("CREATE item SET number = 1, owner = $auth").await.unwrap();
    assert_eq!(next_change(&mut items).await.data.number, 1);
    assert_eq!(end(&mut items).await, EndReason::Expired);
    // Fact of the server (3.3.5): it sends no more events, and no notice.
    let text = "CREATE item SET number = 2, owner = (SELECT VALUE id FROM ONLY account WHERE name = 'ada' LIMIT 1)";
    session.execute(text).await.unwrap();
    // Nor does it kill for an expired session: the live query goes with that.
    drop((items, ada));
    nothing_is_registered(&session).await;
}

/// A peer that registers a live query, and reports that a live query in the namespace `now` is gone or not.
async fn forgetful(now: &'static str, is_gone: bool) -> Peer {
    let place = |database: &str| Cbor::Array(vec!["test".into(), database.into()]);
    Peer::start(move |mut conversation| async move {
        let mut queries = 0;
        while let Some((id, _)) = conversation.request().await {
            queries += 1;
            let reply = if queries == 1 {
                registration_in(1, vec![place("test")])
            } else {
                Cbor::Array(vec![statement(Cbor::Array(vec![place(now), (!is_gone).into()]))])
            };
            conversation.reply(id, reply).await;
            conversation.send(&event(1, "UPDATE", queries)).await;
        }
    })
    .await
}

#[async_test]
async fn table_removed_during_the_registration_ends_the_stream() {
    for (now, is_gone, expected) in [("test", true, true), ("test", false, false), ("other", true, false)] {
        let db = Surreal::connect(forgetful(now, is_gone).await.url()).await.unwrap();
        let mut items = db.live::<Item>().await.unwrap();
        for number in [1, 2] {
            assert_eq!(next_change(&mut items).await.data.number, number);
        }
        match timeout(Duration::from_millis(1_500), items.next()).await {
            Ok(event) => {
                assert_eq!((event.unwrap().unwrap(), true), (LiveEvent::Ended(EndReason::TableRemoved), expected));
            }
            Err(_) => assert!(!expected, "{now} {is_gone}"),
        }
    }
}

/// Tables that are removed and defined while live queries on them are registered.
#[async_test(not_send)]
async fn no_stream_is_silent_after_its_table_was_removed() {
    let (_db, session) = with_items().await;
    let other = elsewhere(&session).await;
    for round in 0..15 {
        let registrations = (0..8).map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.live::<Item>().await })
        });
        let registrations: Vec<_> = registrations.collect();
        let _ = other.query("REMOVE TABLE IF EXISTS item").await.unwrap();
        let _ = other.query("DEFINE TABLE IF NOT EXISTS item").await.unwrap();
        let mut streams = Vec::new();
        for registration in registrations {
            streams.extend(registration.await.unwrap().ok());
        }
        let defined = async || other.query("DEFINE TABLE OVERWRITE item").await.unwrap().check().is_ok();
        eventually("the table is defined", defined).await;
        let create = format!("UPSERT item:a SET number = {round}");
        eventually("the record is written", async || {
            other.query(Surql::dynamic(create.clone())).await.unwrap().check().is_ok()
        })
        .await;
        for mut stream in streams {
            match next(&mut stream).await {
                LiveEvent::Change(change) => assert_eq!(change.data.number, round),
                // The server reports the removal, but the table is there again when the client asks.
                LiveEvent::Ended(EndReason::TableRemoved | EndReason::KilledByServer) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}
