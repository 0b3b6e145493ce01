//! Typed reads: filters, orders, limits, single records, counts, views, fetched links.

mod computed;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::{ErrorKind, Link};
use surreal_session_tests::{async_test, is_version_in, place, poll_times};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    #[serde(rename = "mail")]
    email: String,
    age: u8,
    address: Option<Address>,
    employer: Option<Id<Company>>,
    friends: Vec<Id<User>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Address {
    city: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Company {
    id: Id<Company>,
    name: String,
    boss: Id<User>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading, (String, i64)>,
    value: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Counter {
    id: Id<Counter, i64>,
    count: i64,
    text: String,
}

async fn with_users() -> (Surreal, Session) {
    let (db, session) = place().await;
    let users = "DEFINE TABLE user; DEFINE TABLE company;
        CREATE company:initech SET name = 'Initech', boss = user:bob;
        CREATE user:ada SET mail = 'ada@x.io', age = 36, employer = company:initech, friends = [user:bob, user:gone],
            address = { city: 'London' };
        CREATE user:bob SET mail = 'bob@y.io', age = 17, employer = company:gone, friends = [];
        CREATE user:cleo SET mail = 'cleo@x.io', age = 36, friends = [user:ada];";
    session.execute(users).await.unwrap();
    (db, session)
}

async fn with_counters(count: i64) -> (Surreal, Session) {
    let (db, session) = place().await;
    // An unoptimised server needs minutes to insert thousands in one statement.
    for chunk in (0..count).collect::<Vec<_>>().chunks(500) {
        let row = |&key: &i64| Counter { id: Id::new(key), count: key % 10, text: format!("a{key}") };
        let rows: Vec<Counter> = chunk.iter().map(row).collect();
        session.execute("INSERT INTO counter $rows RETURN NONE").bind("rows", &rows).await.unwrap();
    }
    (db, session)
}

fn keys(users: Vec<User>) -> Vec<String> {
    users.into_iter().map(|user| user.id.into_key()).collect()
}

#[async_test]
async fn several_filters_must_all_match() {
    let (_db, session) = with_users().await;
    let adults = session.select::<User>().filter(|u| u.age.gte(18)).filter(|u| u.email.ends_with("@x.io"));
    assert_eq!(keys(adults.clone().await.unwrap()), ["ada", "cleo"]);
    assert_eq!(keys(adults.filter(|u| u.employer.is_none()).await.unwrap()), ["cleo"]);
    let with_city = async |city: Option<&str>| {
        keys(session.select::<User>().filter_opt(city, |u, city| u.address.city.eq(city)).await.unwrap())
    };
    assert_eq!(with_city(Some("London")).await, ["ada"]);
    assert_eq!(with_city(None).await, ["ada", "bob", "cleo"]);
}

#[async_test]
async fn records_by_ids_come_in_the_order_of_the_ids_without_missing_ones() {
    let (_db, session) = with_users().await;
    let ids = async |ids: &[&str]| keys(session.select::<User>().ids(ids.iter().copied()).await.unwrap());
    assert_eq!(ids(&["cleo", "nobody", "ada"]).await, ["cleo", "ada"]);
    assert_eq!(ids(&["ada", "cleo", "ada"]).await, ["ada", "cleo", "ada"]);
    assert_eq!(ids(&[]).await, Vec::<String>::new());
    let known = [Id::<User>::new("cleo"), Id::new("bob")];
    let ordered = session.select::<User>().ids(&known).order_by(|u| u.age).filter(|u| u.age.lt(100));
    assert_eq!(keys(ordered.await.unwrap()), ["bob", "cleo"]);
    assert_eq!(session.select::<User>().ids(["ada", "nobody"]).count().await.unwrap(), 1);
    assert!(!session.select::<User>().ids(["nobody"]).exists().await.unwrap());
    assert_eq!(session.select::<User>().ids(Vec::<Id<User>>::new()).count().await.unwrap(), 0);
}

#[async_test]
async fn range_selects_keys_within_its_bounds() {
    let (_db, session) = with_users().await;
    let users = session.select::<User>();
    assert_eq!(keys(users.clone().range("ada".."cleo").await.unwrap()), ["ada", "bob"]);
    assert_eq!(keys(users.clone().range("ada"..="cleo").await.unwrap()), ["ada", "bob", "cleo"]);
    assert_eq!(keys(users.clone().range("b"..).await.unwrap()), ["bob", "cleo"]);
    assert_eq!(keys(users.clone().range(..Id::<User>::new("b")).await.unwrap()), ["ada"]);
    assert_eq!(users.clone().range("x".."z").await.unwrap(), []);
    assert_eq!(users.range("b"..).order_by(|u| u.age.desc()).limit(1).await.unwrap()[0].id, Id::new("cleo"));
    for (place, at) in [("attic", 1), ("attic", 20), ("attic", 3), ("cellar", 1)] {
        session.create::<Reading>().id((place, at)).content(NewReading { value: at }).await.unwrap();
    }
    let attic = session.select::<Reading>().range(("attic", 2)..("attic", 100)).await.unwrap();
    assert_eq!(attic.iter().map(|reading| reading.value).collect::<Vec<_>>(), [3, 20]);
    let (_db, session) = with_counters(30).await;
    let some = session.select::<Counter>().range(9..=10).await.unwrap();
    assert_eq!(some.iter().map(|counter| *counter.id.key()).collect::<Vec<_>>(), [9, 10]);
    assert_eq!(session.select::<Counter>().range(5..25).filter(|c| c.count.eq(7)).count().await.unwrap(), 2);
}

#[async_test]
async fn later_orders_break_ties_of_earlier_ones() {
    let (_db, session) = with_users().await;
    let users = session.select::<User>();
    assert_eq!(
        keys(users.clone().order_by(|u| u.age).order_by(|u| u.id.desc()).await.unwrap()),
        ["bob", "cleo", "ada"]
    );
    let same = users.clone().order_by(|u| (u.age.asc(), u.id.desc()));
    assert_eq!(keys(same.await.unwrap()), ["bob", "cleo", "ada"]);
    // Missing values come first.
    assert_eq!(keys(users.clone().order_by(|u| (u.address.city.asc(), u.id)).await.unwrap()), ["bob", "cleo", "ada"]);
    assert_eq!(keys(users.order_by(|u| (u.employer.name.desc(), u.id)).await.unwrap()), ["ada", "bob", "cleo"]);
}

#[async_test]
async fn text_is_ordered_by_bytes_or_as_requested() {
    let (_db, session) = place().await;
    for (key, text) in (0..).zip(["b", "a10", "a9", "B", "é", "z"]) {
        let counter = NewCounter { count: 0, text: text.into() };
        session.create::<Counter>().id(key).content(counter).await.unwrap();
    }
    let texts = async |select: surreal_session::query::Select<Counter>| {
        select.await.unwrap().into_iter().map(|counter| counter.text).collect::<Vec<_>>().join(" ")
    };
    let all = session.select::<Counter>();
    assert_eq!(texts(all.clone().order_by(|c| c.text.asc())).await, "B a10 a9 b z é");
    assert_eq!(texts(all.clone().order_by(|c| c.text.asc().numeric())).await, "B a9 a10 b z é");
    assert_eq!(texts(all.clone().order_by(|c| c.text.asc().collate())).await, "a10 a9 B b é z");
    assert_eq!(texts(all.order_by(|c| c.text.desc().collate().numeric())).await, "z é b B a10 a9");
}

#[async_test]
async fn pages_add_up_to_the_count() {
    let (_db, session) = with_counters(95).await;
    let even = session.select::<Counter>().filter(|c| c.count.is_in([0, 2, 4, 6, 8]));
    let total = even.clone().count().await.unwrap();
    let mut seen = Vec::new();
    for page in 0_usize.. {
        let page = even.clone().order_by(|c| c.id.desc()).limit(10).start(page * 10).await.unwrap();
        if page.is_empty() {
            break;
        }
        seen.extend(page.into_iter().map(|counter| *counter.id.key()));
    }
    assert_eq!((total, seen.len()), (48, 48));
    assert!(seen.is_sorted_by(|one, next| one > next), "{seen:?}");
    assert_eq!(even.clone().limit(0).await.unwrap(), []);
    assert_eq!(even.clone().start(1_000).await.unwrap(), []);
    assert_eq!(even.clone().limit(i64::MAX).start(47).await.unwrap().len(), 1);
    assert_eq!(even.limit(3).limit(2_u8).await.unwrap().len(), 2);
}

#[async_test]
async fn limits_beyond_i64_are_refused_before_sending() {
    let (_db, session) = place().await;
    let counters = session.select::<Counter>();
    for (select, clause) in [
        (counters.clone().limit(u64::MAX), "limit"),
        (counters.clone().limit(-1), "limit"),
        (counters.clone().start(usize::MAX), "start"),
        (counters.clone().limit(1).start(i128::MIN), "start"),
    ] {
        let error = select.await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent), "{error:?}");
        assert_eq!(error.to_string(), format!("the {clause} is not between 0 and 9223372036854775807"));
    }
}

#[async_test]
async fn one_requires_exactly_one_record() {
    let (_db, session) = with_users().await;
    let users = session.select::<User>();
    let bob = users.clone().filter(|u| u.age.lt(18)).one().await.unwrap();
    assert_eq!(bob.id, Id::new("bob"));
    assert_eq!(users.clone().id("bob").one().await.unwrap(), bob);
    let none = users.clone().filter(|u| u.age.gt(99)).one().await.unwrap_err();
    assert!(none.is_not_found() && none.server().is_none(), "{none:?}");
    assert_eq!(none.to_string(), "`select user` found no record instead of exactly one");
    let missing = users.clone().id("nobody").one().await.unwrap_err();
    assert!(missing.is_not_found(), "{missing:?}");
    assert_eq!(missing.to_string(), "`select user:nobody` found no record instead of exactly one");
    let several = users.clone().one().await.unwrap_err();
    assert_eq!((several.kind(), several.delivery()), (ErrorKind::TooManyRecords, Delivery::Answered));
    assert_eq!(several.to_string(), "`select user` found several records instead of exactly one");
    assert!(users.ids(["ada", "bob"]).one().await.is_err());
}

#[async_test]
async fn first_returns_the_first_in_order_or_none() {
    let (_db, session) = with_users().await;
    let users = session.select::<User>();
    assert_eq!(users.clone().first().await.unwrap().unwrap().id, Id::new("ada"));
    assert_eq!(users.clone().order_by(|u| u.email.desc()).first().await.unwrap().unwrap().id, Id::new("cleo"));
    assert_eq!(users.clone().ids(["nobody", "bob", "ada"]).first().await.unwrap().unwrap().id, Id::new("bob"));
    assert_eq!(users.filter(|u| u.age.gt(99)).first().await.unwrap(), None);
}

#[async_test]
async fn count_and_exists_agree_with_the_records() {
    let (_db, session) = with_users().await;
    let users = session.select::<User>();
    assert_eq!(users.clone().count().await.unwrap(), 3);
    assert_eq!(users.clone().filter(|u| u.age.eq(36)).count().await.unwrap(), 2);
    assert_eq!(users.clone().count().filter(|u| u.age.gt(99)).await.unwrap(), 0);
    assert!(users.clone().filter(|u| u.age.eq(36)).exists().await.unwrap());
    assert!(!users.clone().filter(|u| u.age.gt(99)).exists().await.unwrap());
    assert!(users.clone().id("ada").exists().await.unwrap());
    assert!(!users.clone().id("nobody").exists().await.unwrap());
    assert!(!users.id("ada").filter(|u| u.age.lt(18)).exists().await.unwrap());
}

#[async_test]
async fn missing_table_is_an_error_and_missing_record_is_none() {
    let (_db, session) = place().await;
    let counters = session.select::<Counter>();
    for error in [
        counters.clone().await.unwrap_err(),
        counters.clone().id(1).await.unwrap_err(),
        counters.clone().count().await.unwrap_err(),
        counters.clone().exists().await.unwrap_err(),
        counters.clone().first().await.unwrap_err(),
        counters.clone().one().await.unwrap_err(),
        counters.clone().range(1..).await.unwrap_err(),
        counters.clone().ids([1]).for_update().await.unwrap_err(),
    ] {
        assert!(error.is_not_found(), "{error:?}");
        assert_eq!(error.server().unwrap().details().unwrap().field("name"), Some("counter"), "{error:?}");
    }
    // Ids without a record are left out, whatever the reason.
    if is_version_in(.."4.0").await {
        assert_eq!(counters.clone().ids([1]).await.unwrap(), []);
    }
    session.execute("DEFINE TABLE counter").await.unwrap();
    assert_eq!(counters.clone().await.unwrap(), []);
    assert_eq!(counters.clone().id(1).await.unwrap(), None);
    assert_eq!(counters.clone().count().await.unwrap(), 0);
    assert_eq!(counters.range(1..).first().await.unwrap(), None);
}

#[async_test]
async fn ten_thousand_records_are_read() {
    let (_db, session) = with_counters(10_000).await;
    let all = session.select::<Counter>();
    let rows = all.clone().await.unwrap();
    assert!(rows.iter().map(|counter| *counter.id.key()).eq(0..10_000));
    assert_eq!(all.clone().count().await.unwrap(), 10_000);
    assert_eq!(all.clone().filter(|c| c.text.starts_with("a99")).count().await.unwrap(), 111);
    let ids = all.ids((9_000..10_000).rev()).await.unwrap();
    assert!(ids.iter().map(|counter| *counter.id.key()).eq((9_000..10_000).rev()));
}

#[derive(Debug, PartialEq, Deserialize, View)]
#[record(of = User)]
struct Contact {
    id: Id<User>,
    #[serde(rename = "mail")]
    email: String,
}

#[derive(Debug, PartialEq, Deserialize, View)]
#[record(of = User)]
struct Colleague {
    #[serde(rename = "address")]
    email: String,
    employer: Option<Link<Company>>,
    friends: Vec<Link<User>>,
}

#[async_test]
async fn view_reads_only_its_fields() {
    let (_db, session) = with_users().await;
    // The row no longer fits `User`, but still fits `Contact`.
    session.execute("CREATE user:old SET mail = 'old@x.io', age = 'very'").await.unwrap();
    let users = session.select::<User>();
    assert_eq!(users.clone().await.unwrap_err().kind(), ErrorKind::Decode);
    let contacts = users.clone().view::<Contact>();
    assert_eq!(contacts.to_surql(), "SELECT id AS id, mail AS mail FROM $_0 -- $_0");
    assert_eq!(contacts.await.unwrap().len(), 4);
    let x = users.clone().filter(|u| u.email.ends_with("@x.io")).order_by(|u| u.age.desc()).limit(1);
    assert_eq!(x.view::<Contact>().await.unwrap()[0].email, "old@x.io");
    let ada = Contact { id: Id::new("ada"), email: "ada@x.io".into() };
    assert_eq!(users.clone().view::<Contact>().id("ada").await.unwrap(), Some(ada));
    assert_eq!(users.clone().id("nobody").view::<Contact>().await.unwrap(), None);
    assert_eq!(users.id("bob").one().view::<Contact>().await.unwrap().email, "bob@y.io");
}

#[async_test]
async fn view_follows_links() {
    let (_db, session) = with_users().await;
    let users = session.select::<User>();
    let ada = users.clone().id("ada").view::<Colleague>().await.unwrap().unwrap();
    assert_eq!(ada.email, "ada@x.io");
    assert_eq!(ada.employer.as_ref().and_then(Link::record).map(|company| company.name.as_str()), Some("Initech"));
    assert_eq!(ada.friends.iter().map(Link::is_dangling).collect::<Vec<_>>(), [false, true]);
    let cleo = users.id("cleo").view::<Colleague>().await.unwrap().unwrap();
    assert_eq!((cleo.employer, cleo.friends.len()), (None, 1));
}

#[async_test]
async fn fetched_links_are_returned_beside_the_record() {
    let (_db, session) = with_users().await;
    let users = session.select::<User>();
    let plain = users.clone().await.unwrap();
    let rows = users.clone().fetch(|u| u.employer).await.unwrap();
    assert_eq!(rows.iter().map(|(user, _)| user).collect::<Vec<_>>(), plain.iter().collect::<Vec<_>>());
    let initech = Company { id: Id::new("initech"), name: "Initech".into(), boss: Id::new("bob") };
    let employers: Vec<_> = rows.into_iter().map(|(_, employer)| employer).collect();
    assert_eq!(employers, [Some(Link::Record(initech)), Some(Link::Dangling(Id::new("gone"))), None]);

    let ada = users.clone().id("ada").fetch(|u| (u.employer, u.friends, u.employer.boss)).await.unwrap();
    let (ada, employer, friends, boss) = ada.unwrap();
    assert_eq!(ada, plain[0]);
    assert_eq!(employer.unwrap().into_record().unwrap().name, "Initech");
    assert_eq!(friends, [Link::Record(plain[1].clone()), Link::Dangling(Id::new("gone"))]);
    assert_eq!(boss.record(), Some(&plain[1]));

    assert_eq!(users.clone().id("nobody").fetch(|u| u.friends).await.unwrap(), None);
    let (first, friends) = users.clone().order_by(|u| u.id.desc()).fetch(|u| u.friends).first().await.unwrap().unwrap();
    assert_eq!((first.id, friends.len()), (Id::new("cleo"), 1));
    let page = users.clone().fetch(|u| u.friends).filter(|u| u.age.gt(18)).order_by(|u| u.id.desc()).limit(1).start(1);
    assert_eq!(page.await.unwrap()[0].0.id, Id::new("ada"));
    assert_eq!(users.filter(|u| u.age.lt(18)).one().fetch(|u| u.friends).await.unwrap().1, []);
}

#[async_test]
async fn hidden_record_reads_as_a_dangling_link() {
    let (db, session) = with_users().await;
    let schema = "DEFINE TABLE OVERWRITE user PERMISSIONS FULL; DEFINE FIELD age ON user PERMISSIONS FOR select NONE;
        DEFINE ACCESS member ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name)";
    session.execute(schema).await.unwrap();
    let (ns, database) = (session.namespace().unwrap(), session.database().unwrap());
    let member = db.new_session().await.unwrap();
    let params = std::collections::BTreeMap::from([("name", "m")]);
    member.signup(RecordAccess::new(ns, database, "member", params)).await.unwrap();
    // Fields that the permissions hide from `SELECT *` are hidden beside a link as well.
    let error = member.select::<User>().fetch(|u| u.employer).await.unwrap_err();
    assert!(error.to_string().contains("age"), "{error}");
    session.execute("REMOVE FIELD age ON user").await.unwrap();
    let rows = member.select::<User>().fetch(|u| u.employer).await.unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].1, Some(Link::Dangling(Id::new("initech"))));
}

#[async_test]
async fn timeout_is_applied_by_the_server() {
    let (_db, session) = with_users().await;
    let users = session.select::<User>();
    let none = users.clone().timeout(Duration::ZERO);
    assert_eq!(none.to_surql(), "SELECT * FROM $_0 TIMEOUT $_1 -- $_0, $_1");
    let error = none.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Query, "{error:?}");
    assert_eq!(error.server().unwrap().details().unwrap().kind(), "TimedOut", "{error:?}");
    let error = users.clone().fetch(|u| u.friends).timeout(Duration::ZERO).await.unwrap_err();
    assert_eq!(error.server().unwrap().details().unwrap().kind(), "TimedOut", "{error:?}");
    // The server would never answer with the longest.
    assert_eq!(users.clone().timeout(Duration::MAX).await.unwrap().len(), 3);
    assert_eq!(users.timeout(Duration::from_hours(1)).limit(1).await.unwrap().len(), 1);
}

#[async_test]
async fn explain_returns_the_plan_as_text() {
    let (_db, session) = with_users().await;
    let explain = session.select::<User>().id("ada").explain();
    assert_eq!(explain.to_surql(), "EXPLAIN SELECT * FROM ONLY $_0 -- $_0");
    let plan = explain.await.unwrap();
    assert!(plan.contains("RecordIdScan"), "{plan}");
    let plan = session.select::<User>().order_by(|u| u.age).limit(2).fetch(|u| u.friends).explain().await.unwrap();
    assert!(plan.contains("TableScan") && plan.contains("Sort"), "{plan}");
}

#[async_test]
async fn for_update_locks_records_by_id() {
    let (_db, session) = with_users().await;
    let users = session.select::<User>();
    let one = users.clone().id("ada").for_update();
    assert_eq!(one.to_surql(), "SELECT * FROM ONLY $_0 FOR UPDATE -- $_0");
    assert_eq!(one.await.unwrap().unwrap().id, Id::new("ada"));
    let several = users.clone().ids(["ada", "bob"]).for_update();
    assert_eq!(several.to_surql(), "SELECT * FROM $_0, $_1 FOR UPDATE -- $_0, $_1");
    assert_eq!(keys(several.await.unwrap()), ["ada", "bob"]);
    assert_eq!(users.clone().ids(Vec::<Id<User>>::new()).for_update().await.unwrap(), []);
    let (ada, friends) = users.clone().id("ada").for_update().fetch(|u| u.friends).one().await.unwrap();
    assert_eq!((ada.id, friends.len()), (Id::new("ada"), 2));
    let timeout = Duration::from_secs(9);
    assert_eq!(users.ids(["ada"]).for_update().timeout(timeout).await.unwrap().len(), 1);
}

#[async_test]
async fn to_surql_and_debug_show_no_values() {
    let (_db, session) = place().await;
    let users = session.select::<User>();
    for (shown, expected) in [
        (users.to_surql(), "SELECT * FROM $_0 -- $_0"),
        (
            users
                .clone()
                .filter(|u| u.age.gte(18) & u.email.eq("secret"))
                .order_by(|u| u.age)
                .limit(5)
                .start(9)
                .to_surql(),
            "SELECT * FROM $_0 WHERE (age >= $_1) AND (mail = $_2) ORDER BY age ASC LIMIT $_3 START $_4 \
             -- $_0, $_1, $_2, $_3, $_4",
        ),
        (
            users.clone().filter(|u| u.age.eq(1)).count().to_surql(),
            "SELECT count() FROM $_0 WHERE age = $_1 GROUP ALL -- $_0, $_1",
        ),
        (users.clone().exists().to_surql(), "SELECT VALUE true FROM $_0 LIMIT 1 -- $_0"),
        (users.clone().ids(["a"]).first().to_surql(), "SELECT * FROM $_0 LIMIT 1 -- $_0"),
        (
            users.clone().id("a").fetch(|u| u.employer).to_surql(),
            "SELECT VALUE [$this, (IF employer > NULL THEN [employer, employer.*] END)] FROM ONLY (SELECT * FROM $_0) \
             -- $_0",
        ),
    ] {
        assert_eq!(shown, expected);
    }
    let debug = format!("{:?}", users.filter(|u| u.email.eq("secret")));
    assert_eq!(debug, "Select(SELECT * FROM $_0 WHERE mail = $_1)");
}

#[async_test]
async fn dropped_select_leaves_the_session_usable() {
    let (_db, session) = with_users().await;
    for times in 0..4 {
        let _ = poll_times(times, session.select::<User>().fetch(|u| u.friends).into_future()).await;
        assert_eq!(session.select::<User>().count().await.unwrap(), 3);
    }
}

#[async_test]
async fn decode_error_names_the_record() {
    let (_db, session) = with_users().await;
    session.execute("UPDATE user:cleo SET age = 'old'; UPDATE company:initech SET name = 7").await.unwrap();
    let error = session.select::<User>().order_by(|u| u.age.desc()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().starts_with("cannot decode user:cleo.age: "), "{error}");
    let error = session.select::<User>().fetch(|u| u.employer).await.unwrap_err();
    assert!(error.to_string().contains("name") || error.to_string().contains("age"), "{error}");
}

#[async_test]
async fn limit_and_start_apply_to_count_exists_first_and_one() {
    let (_db, session) = with_counters(10).await;
    let counters = session.select::<Counter>();
    assert_eq!(counters.clone().limit(3).count().await.unwrap(), 3);
    assert_eq!(counters.clone().start(8).count().await.unwrap(), 2);
    assert_eq!(counters.clone().filter(|c| c.count.lt(5)).limit(20).start(1).count().await.unwrap(), 4);
    assert_eq!(counters.clone().order_by(|c| c.count.desc()).limit(2).count().await.unwrap(), 2);
    assert_eq!(counters.clone().range(2..5).limit(2).count().await.unwrap(), 2);
    let lists = session.select::<User>().fetch(|u| u.employer);
    assert_eq!(
        (lists.clone().limit(1).count().to_surql(), lists.exists().to_surql()),
        (
            "SELECT count() FROM (SELECT VALUE id FROM $_0 LIMIT $_1) WHERE true GROUP ALL -- $_0, $_1".to_owned(),
            "SELECT VALUE true FROM $_0 LIMIT 1 -- $_0".to_owned(),
        )
    );
    assert!(counters.clone().start(9).exists().await.unwrap());
    assert!(!counters.clone().start(10).exists().await.unwrap());
    assert!(!counters.clone().limit(0).exists().await.unwrap());
    let keys = |counter: Counter| *counter.id.key();
    assert_eq!(counters.clone().start(4).first().await.unwrap().map(keys), Some(4));
    assert_eq!(counters.clone().limit(0).first().await.unwrap().map(keys), None);
    assert_eq!(counters.clone().order_by(|c| c.id.desc()).first().one().await.map(keys).unwrap(), 9);
    assert_eq!(counters.clone().filter(|c| c.count.lt(5)).start(4).one().await.map(keys).unwrap(), 4);
    assert_eq!(counters.clone().limit(1).one().await.map(keys).unwrap(), 0);
    assert_eq!(counters.limit(2).one().await.unwrap_err().kind(), ErrorKind::TooManyRecords);
}

#[async_test]
async fn records_are_chosen_once_and_first_or_the_select_is_refused() {
    let (_db, session) = with_counters(3).await;
    let counters = session.select::<Counter>();
    let refused = |error: Error| {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent), "{error:?}");
    };
    refused(counters.clone().limit(1).id(1).await.unwrap_err());
    refused(counters.clone().start(1).ids([1]).await.unwrap_err());
    refused(counters.clone().range(0..2).id(1).await.unwrap_err());
    refused(counters.clone().range(0..2).ids([1]).count().await.unwrap_err());
    refused(counters.clone().range(0..2).range(0..1).await.unwrap_err());
    refused(counters.clone().first().for_update().await.unwrap_err());
    assert_eq!(counters.order_by(|c| c.count).id(1).await.unwrap().map(|counter| counter.count), Some(1));
}

#[async_test]
async fn optional_clauses_apply_only_if_there_is_a_value() {
    let (_db, session) = with_counters(10).await;
    let select = |limit: Option<u8>, start: Option<i64>, least: Option<i64>| {
        let counters = session.select::<Counter>().limit_opt(limit).start_opt(start);
        counters.apply_if(least, |q, least| q.filter(|c| c.count.gte(least)).order_by(|c| c.count.desc()))
    };
    let keys = async |limit, start, least| {
        let counters = select(limit, start, least).await.unwrap();
        counters.into_iter().map(|counter| *counter.id.key()).collect::<Vec<_>>()
    };
    assert_eq!(keys(None, None, None).await, (0..10).collect::<Vec<_>>());
    assert_eq!(keys(Some(2), Some(3), None).await, [3, 4]);
    assert_eq!(keys(Some(2), None, Some(4)).await, [9, 8]);
    assert_eq!(select(None, Some(-1), None).await.unwrap_err().kind(), ErrorKind::InvalidArgument);
}
