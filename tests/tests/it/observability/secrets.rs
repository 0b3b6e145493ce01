//! No value, password, token or record id is in a span, an event or a warning.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use surreal_session::connection::{FinishedCall, Observer};
use surreal_session::prelude::*;
use surreal_session::query::PatchOp;
use surreal_session_tests::{login, unique};

use super::recorder::Seen;
use super::{Knows, NewKnows, User, UserPatch};

/// A part of every value, id and password here.
const MARK: &str = "s3cr3t";

/// Every number here. It is not in a random id by chance.
const NUMBER: i64 = 424_242_424_242;

/// Keeps everything that the observer gets.
#[derive(Debug, Default)]
struct Log(Mutex<String>);

impl Observer for Log {
    fn call_finished(&self, call: &FinishedCall<'_>) {
        write!(self.0.lock().unwrap(), "{call:?}").unwrap();
    }
}

fn new() -> super::NewUser {
    super::NewUser { name: MARK.into(), age: NUMBER }
}

/// Runs every builder, with marked values. Many of the calls fail.
async fn call_everything(session: &Session) {
    let id = || Id::<User>::new(MARK);
    let (keyed, table) = (RecordId::new("user", MARK), Table::new("user"));
    let map: BTreeMap<_, _> = [(MARK, NUMBER)].into_iter().collect();
    macro_rules! call {
        ($($call:expr;)+) => {$(drop($call.await);)+};
    }
    call! {
        session.create::<User>().id(MARK).content(new());
        session.create::<User>().id(MARK).content(new());
        session.create::<User>().content(new()).return_none();
        session.select::<User>();
        session.select::<User>().id(MARK);
        session.select::<User>().ids([MARK]);
        session.select::<User>().range(MARK..);
        session.select::<User>().filter(|u| u.name.eq(MARK) | u.name.starts_with(MARK));
        session.select::<User>().filter(|u| u.name.eq(MARK)).order_by(|u| u.name).first();
        session.select::<User>().filter(|u| u.name.eq(MARK)).one();
        session.select::<User>().filter(|u| u.name.eq(MARK)).count();
        session.select::<User>().filter(|u| u.name.eq(MARK)).exists();
        session.select::<User>().values(|u| u.name);
        session.select::<User>().order_by(|u| u.name).page(1, None);
        session.traverse(&id()).out::<Knows>().to::<User>();
        session.update::<User>().id(MARK).set(|u| u.name.set(MARK));
        session.update::<User>().id(MARK).merge(UserPatch { name: set(MARK.into()), ..keep() });
        session.update::<User>().id(MARK).content(new());
        session.update::<User>().id(MARK).patch(|u| [PatchOp::replace(u.name, MARK)]);
        session.update::<User>().filter(|u| u.name.eq(MARK)).set(|u| u.age.add(NUMBER));
        session.update::<User>().each([(MARK, UserPatch { name: set(MARK.into()), ..keep() })]);
        session.upsert::<User>().id(MARK).content(new());
        session.insert(vec![(MARK, new())]);
        session.insert(vec![(MARK, new())]).ignore();
        session.insert(vec![(MARK, new())]).settle();
        session.insert_iter([(MARK, new())]);
        session.relate(NewKnows { r#in: id(), out: id() });
        session.delete::<User>().id(MARK);
        session.delete::<User>().filter(|u| u.name.eq(MARK));
        session.untyped().create(keyed.clone()).content([("name", MARK)]);
        session.untyped().select(table.clone());
        session.untyped().select(keyed.clone());
        session.untyped().update(keyed.clone()).merge(&map);
        session.untyped().upsert(keyed.clone()).content(&map);
        session.untyped().insert("user".into(), [[("id", MARK)]]);
        session.untyped().delete(keyed.clone());
        session.run::<Value>("array::len").args((MARK,));
        session.run::<Value>("fn::none").args((MARK,));
        session.batch((session.select::<User>().id(MARK), session.delete::<User>().id(MARK)));
        session.batch((session.select::<User>().id(MARK), session.delete::<User>().id(MARK))).atomic();
        session.query("RETURN $a").bind("a", MARK);
        session.execute("THROW $a").bind("a", MARK);
        session.execute(surql!("RETURN $a", a = MARK));
        session.execute(Surql::dynamic(format!("THROW '{MARK}'")));
        session.set("secret", MARK);
        session.unset("secret");
        session.authenticate(MARK);
        session.signin(Root::new("root", MARK));
        session.live::<User>().filter(|u| u.name.eq(MARK));
        session.transaction().run(async |tx| {
            tx.set("secret", MARK).await?;
            tx.create::<User>().id(MARK).content(new()).await
        });
    }
    let tx = session.begin_transaction().await.unwrap();
    drop(tx.create::<User>().id(MARK).content(new()).await);
    drop(tx.create::<User>().id(MARK).content(new()).await);
    drop(tx.commit().await);
}

#[tokio::test]
async fn nothing_that_is_emitted_has_a_value_or_an_id() {
    let login = login().await;
    let (seen, _guard) = Seen::start();
    let log = Arc::new(Log::default());
    let connect = Surreal::connect(login.url).observer(Arc::clone(&log)).slow_statements(Duration::ZERO);
    let db = connect.await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
    session
        .execute(Surql::dynamic(format!("DEFINE USER {MARK} ON ROOT PASSWORD '{MARK}' ROLES VIEWER")))
        .await
        .unwrap();
    let user = db.new_session().signin(Root::new(MARK, MARK)).use_ns(unique("ns")).use_db("test").set("a", MARK);
    drop(user.await.unwrap());
    call_everything(&session).await;
    db.close().await.unwrap();

    let trace = seen.0.lock().unwrap();
    assert!(trace.spans.len() > 60 && trace.events.len() > 200, "{} {}", trace.spans.len(), trace.events.len());
    let number = NUMBER.to_string();
    let leaks = trace.spans.iter().map(|(metadata, fields)| (metadata, fields));
    let leaks: Vec<_> = leaks
        .chain(trace.events.iter().map(|(_, metadata, fields)| (metadata, fields)))
        .filter(|(_, fields)| fields.0.values().any(|value| value.contains(MARK) || value.contains(&number)))
        .collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert!(!log.0.lock().unwrap().contains(MARK));
}
