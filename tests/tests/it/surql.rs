//! SurrealQL that the compiler has checked: values, placeholders and the doors that take it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::query::IntoSurql;
use surreal_session_embedded::assert_parses;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "odd `table`; DELETE victim")]
struct Odd {
    id: Id<Odd>,
    #[serde(rename = "two words")]
    words: String,
    select: i64,
    r#type: i64,
    #[serde(rename = "$a`b")]
    hostile: Option<i64>,
    nested: Option<Nested>,
    #[serde(flatten)]
    flat: Flat,
    next: Option<Id<Odd>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
#[serde(rename_all = "camelCase")]
struct Nested {
    first_name: String,
    inner: Option<Inner>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Inner {
    r#where: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Flat {
    #[serde(rename = "flat-one")]
    one: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Follows {
    id: Id<Follows>,
    r#in: Id<Odd>,
    out: Id<Odd>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: i64,
    seen_at: Option<Datetime>,
    address: Option<Address>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Address {
    city: String,
}

impl User {
    /// `Self` is a model as well.
    fn older_than(age: i64) -> Surql {
        surql!("SELECT * FROM {Self} WHERE {Self.age} > $age", age)
    }
}

fn odd(words: &str) -> NewOdd {
    NewOdd {
        words: words.to_owned(),
        select: 1,
        r#type: 2,
        hostile: Some(3),
        nested: Some(Nested { first_name: "Ada".to_owned(), inner: Some(Inner { r#where: 4 }) }),
        flat: Flat { one: 5 },
        next: None,
    }
}

fn user(name: &str, age: i64) -> NewUser {
    NewUser { name: name.to_owned(), age, seen_at: None, address: None }
}

#[async_test]
async fn values_are_bound_by_reference() {
    let (_db, session) = place().await;
    let city = String::from("London");
    let map = BTreeMap::from([("k", &city)]);
    let r#type = [1, 2];
    let surql = surql!("RETURN [$city, $map, $type, $min, $some]", city, map, r#type, min = 9 + 9, some = Some("x"),);
    let back: Value = session.query(surql).await.unwrap().take(0).unwrap();
    let expected = session.query("RETURN ['London', { k: 'London' }, [1, 2], 18, 'x']").await.unwrap().take(0).unwrap();
    assert_eq!(back, expected);
    // None of them has moved.
    assert_eq!((city.as_str(), map.len(), r#type), ("London", 1, [1, 2]));
}

#[async_test]
async fn text_has_variables_of_its_own_and_of_the_session() {
    let (_db, session) = place().await;
    session.set("tenant", "acme").await.unwrap();
    let response = session
        .query(surql!(
            "DEFINE FUNCTION fn::sum($a: int, $b: array<int, 1>) { RETURN $a + $b[0] };
             LET $list = [1, $two]; -- $comment
             LET $double = |$n: int| $n * 2;
             LET $sum = { LET $inner = 1; $inner + 1 };
             FOR $item IN $list { CREATE made SET n = $item };
             RETURN [$tenant, $list.map(|$n| $double($n)), fn::sum($two, [3]), '$text', $auth, $sum]",
            two = 2,
            session(tenant),
        ))
        .await
        .unwrap()
        .check()
        .unwrap();
    let row: (String, Vec<i64>, i64, String, Option<RecordId>, i64) = response.take(5).unwrap();
    assert_eq!(row, ("acme".into(), vec![2, 4], 5, "$text".into(), None, 2));
}

#[async_test]
async fn placeholders_are_the_names_in_the_database() {
    let (_db, session) = place().await;
    session.execute("CREATE victim").await.unwrap();
    let first = session.create::<Odd>().id("a").content(odd("x")).await.unwrap();
    let second = NewOdd { next: Some(first.id.clone()), ..odd("y") };
    let second = session.create::<Odd>().id("b").content(second).await.unwrap();
    session.relate(NewFollows { r#in: first.id.clone(), out: second.id.clone() }).await.unwrap();

    let all = surql!(
        "SELECT * FROM {Odd} WHERE {Odd.words} = $words AND {Odd.select} = 1 AND {Odd.type} = 2 AND {Odd.r#type} = 2
         AND {Odd.hostile} = 3 AND {Odd.nested.first_name} = 'Ada' AND {Odd.nested.inner.where} = 4
         AND {Odd.nested.inner.r#where} = 4 AND {Odd.flat.one} = 5 AND {Odd.next.next} = NONE ORDER BY {Odd.id}",
        words = "y",
    );
    assert!(all.text().contains("`two words` = $words AND `select` = 1 AND type = 2"), "{all:?}");
    assert!(all.text().contains("nested.firstName = 'Ada' AND nested.inner.`where` = 4"), "{all:?}");
    assert_parses!(all.clone());
    let found: Vec<Odd> = session.query(all).await.unwrap().take(0).unwrap();
    assert_eq!(found, std::slice::from_ref(&second));

    let linked = surql!("SELECT VALUE {Odd.next.words} FROM {Odd}:b");
    assert_eq!(session.query(linked).await.unwrap().take::<String>(0).unwrap(), "x");
    let reached = surql!("SELECT VALUE ->{Follows}->{Odd} FROM ONLY {Odd}:a");
    assert_eq!(session.query(reached).await.unwrap().take::<Vec<Id<Odd>>>(0).unwrap(), [second.id]);
    let ends = surql!("SELECT VALUE [{Follows.in}, {Follows.r#out}] FROM {Follows}");
    let ends: Vec<[Id<Odd>; 2]> = session.query(ends).await.unwrap().take(0).unwrap();
    assert_eq!(ends[0][0], first.id);
    let victims: Vec<Value> = session.query("SELECT * FROM victim").await.unwrap().take(0).unwrap();
    assert_eq!(victims.len(), 1);
}

#[async_test]
async fn braces_without_a_placeholder_are_surrealql() {
    let (_db, session) = place().await;
    let objects = surql!("RETURN [{a: 1}, {Name: 2}, { b: {c: 3} }, '{User}', \"{User.age}\", {1, 2}]");
    let shown = session.query(objects).await.unwrap().take::<Value>(0).unwrap().to_string();
    assert_eq!(shown, "[{ a: 1 }, { Name: 2 }, { b: { c: 3 } }, '{User}', '{User.age}', {1, 2}]");
    let block = surql!("SELECT VALUE {{Name} FROM [{ Name: 7 }]; SELECT VALUE { Name } FROM [{ Name: 8 }]");
    assert_eq!(block.text(), "SELECT VALUE {Name} FROM [{ Name: 7 }]; SELECT VALUE { Name } FROM [{ Name: 8 }]");
    let (seven, eight): (Vec<i64>, Vec<i64>) = session.query(block).await.unwrap().take_all().unwrap();
    assert_eq!((seven, eight), (vec![7], vec![8]));
}

#[async_test]
async fn values_are_never_run_as_code() {
    let (_db, session) = place().await;
    session.execute("CREATE victim:1").await.unwrap();
    for hostile in ["'; DELETE victim; RETURN '", "\"); DELETE victim; --", "$auth", "{User}", "`", "\\", "/* ", "\0"] {
        let back: String = session.query(surql!("RETURN $hostile", hostile)).await.unwrap().take(0).unwrap();
        assert_eq!(back, hostile);
        session.execute(surql!("CREATE {User} SET {User.name} = $hostile, age = 1", hostile)).await.unwrap();
        let count = session.select::<User>().filter(|_| Condition::raw(surql!("{User.name} = $hostile", hostile)));
        assert_eq!(count.await.unwrap().len(), 1, "{hostile}");
    }
    assert_eq!(session.untyped().select(Table::new("victim")).await.unwrap().len(), 1);
}

#[async_test]
async fn bindings_of_the_text_and_of_the_query_are_joined() {
    let (_db, session) = place().await;
    let query = session.query(surql!("RETURN [$a, $b]", a = 1, session(b))).bind("b", 2);
    assert_eq!(query.to_surql(), "RETURN [$a, $b] -- $a, $b");
    assert_eq!(query.await.unwrap().take::<Vec<i64>>(0).unwrap(), [1, 2]);
    let twice = session.query(surql!("RETURN $a", a = 1)).bind("a", 2).await.unwrap_err();
    assert_eq!((twice.kind(), twice.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent));
    assert_eq!(twice.to_string(), "`$a` is bound twice");
}

#[async_test]
async fn errors_of_bindings_come_when_the_text_is_sent() {
    let (_db, session) = place().await;
    let too_large = u64::MAX;
    for (surql, kind, text) in [
        (surql!("RETURN $too_large", too_large), ErrorKind::Encode, "cannot bind `$too_large`"),
        (Surql::dynamic("RETURN $auth").bind("auth", 1), ErrorKind::InvalidArgument, "`$auth`"),
        (Surql::dynamic("RETURN $a").bind("a", 1).bind("a", 1), ErrorKind::InvalidArgument, "twice"),
    ] {
        let update = session.update::<User>().all().set(|u| u.age.set_raw(surql.clone())).into_future();
        let select = session.select::<User>().filter(|_| Condition::raw(surql.clone())).into_future();
        for error in [
            session.query(surql.clone()).await.unwrap_err(),
            session.execute(surql.clone()).await.unwrap_err(),
            select.await.unwrap_err(),
            update.await.unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.delivery()), (kind, Delivery::NotSent), "{error:?}");
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}

#[async_test]
async fn values_are_not_shown() {
    let (_db, session) = place().await;
    let surql = surql!("RETURN $password", password = "hunter2");
    let condition = Condition::<User>::raw(surql.clone());
    let query = session.query(surql.clone());
    for shown in [format!("{surql:?}"), format!("{condition:?}"), format!("{query:?}"), query.to_surql()] {
        assert!(shown.contains("RETURN $password") && !shown.contains("hunter2"), "{shown}");
    }
}

async fn first(session: &Session, surql: impl IntoSurql) -> i64 {
    session.query(surql).await.unwrap().take(0).unwrap()
}

#[async_test]
async fn text_made_at_run_time_is_run() {
    let (_db, session) = place().await;
    let number = 3;
    assert_eq!(first(&session, "RETURN 1").await, 1);
    assert_eq!(first(&session, surql!("RETURN $number", number)).await, 3);
    assert_eq!(first(&session, Surql::dynamic(format!("RETURN {number} + $n")).bind("n", 1)).await, 4);
    let table = Table::new("a`b; DELETE c");
    session.execute(Surql::dynamic(format!("CREATE {table}:1"))).await.unwrap();
    assert_eq!(session.untyped().select(table).await.unwrap().len(), 1);
}

#[async_test]
async fn checked_text_runs_in_transactions_and_with_self() {
    let (_db, session) = place().await;
    let tx = session.begin_transaction().await.unwrap();
    let (name, age) = ("Ada", 36);
    tx.execute(surql!("CREATE {User}:ada SET {User.name} = $name, {User.age} = $age", name, age)).await.unwrap();
    let found: Vec<User> = tx.query(User::older_than(35)).await.unwrap().take(0).unwrap();
    tx.commit().await.unwrap();
    assert_eq!(found[0].name, "Ada");
    let found: Vec<User> = session.query(User::older_than(36)).await.unwrap().take(0).unwrap();
    assert_eq!(found, []);
}

#[async_test]
async fn field_is_set_to_an_expression() {
    let (_db, session) = place().await;
    let ada = session.create::<User>().id("ada").content(user("Ada", 36)).await.unwrap();
    let step = 2;
    let after = session
        .update::<User>()
        .id(&ada.id)
        .set(|u| {
            (
                u.seen_at.set_raw("time::now()"),
                u.age.set_raw(surql!("{User.age} * $step", step)),
                u.name.set_raw(surql!("string::concat({User.name}, ' ', $last)", last = "L")),
                u.address.city.set_raw("'London'"),
            )
        })
        .await
        .unwrap();
    assert!(after.seen_at.is_some());
    // The object is missing, and half of it could not be read.
    assert_eq!((after.age, after.name.as_str(), after.address), (72, "Ada L", None));

    let created = session
        .upsert::<User>()
        .id("eve")
        .set(|u| {
            let address = u.address.set(Address { city: "Paris".into() });
            (u.name.set("Eve"), u.age.set_raw("40 + 2"), address, u.address.city.set_raw("'Lon' + 'don'"))
        })
        .await
        .unwrap();
    assert_eq!((created.age, created.address), (42, Some(Address { city: "London".into() })));

    let more = surql!("(age ?? 0) + $input.age + $n", n = 1);
    let again = session.insert([("ada", user("Ada", 1))]).on_duplicate(|u| u.age.set_raw(more));
    assert_eq!(again.await.unwrap()[0].age, 74);

    let refused = session.update::<User>().id("ada").set(|u| u.age.set_raw("1, name = 'x'")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Validation, "{refused:?}");
}

#[async_test]
async fn server_parses_what_the_macro_accepts() {
    let point = [1.0, 2.0];
    assert_parses!(
        "RETURN 1",
        surql!("RETURN 8 / 2 / 2; RETURN 'a' = /^[a\"('$]+\\/$/; RETURN string::matches('a', /[{]/)"),
        surql!("RETURN <regex>/a[(]/; RETURN (4)/2/[1][0]; LET $x = 4; RETURN $x/2/$x"),
        surql!("SELECT * FROM t WHERE embedding <|2, 40|> $point", point),
        surql!(
            "RETURN [1h30m, 5µs, d'2024-01-01T00:00:00Z', u'018f0000-0000-7000-8000-000000000000', b'00FF', r'a:1']"
        ),
        surql!("RETURN function() { return `}${1}'` + '}' /* { */; // }\n }"),
        surql!(
            "DEFINE EVENT e ON t WHEN $event = 'CREATE' THEN { CREATE log SET a = $after, b = $before, c = $value }"
        ),
        surql!(
            "DEFINE FIELD a ON t ASSERT $value > 0 AND $this.b = $input.b PERMISSIONS FOR select WHERE $auth.id = id"
        ),
        surql!("DEFINE ACCESS a ON DATABASE TYPE RECORD SIGNIN (SELECT * FROM u WHERE m = $mail)", session(mail)),
        surql!("LET $`odd name` = 1; RETURN $⟨odd name⟩; RETURN `a\\`b`; RETURN ⟨c d⟩"),
        surql!("RETURN [1].fold(0, |$a: int, $b: option<int | string>| $a + 1); RETURN || 1; RETURN true || false"),
        surql!("CREATE |person:10|; SELECT tags[$], tags[WHERE $this = 1], ->likes->(post, user) FROM person"),
        surql!("# comment '\n-- comment (\n// comment {\n/* ` */ BEGIN; COMMIT;"),
    );
}

#[test]
#[should_panic(expected = "the server cannot parse `SELECT FROM user`")]
fn text_that_does_not_parse_fails_the_assertion() {
    assert_parses!("SELECT FROM user");
}

#[async_test]
async fn content_of_a_create_takes_expressions_of_the_server() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
    struct Seen {
        at: Option<Datetime>,
        times: u8,
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
    #[record(table = "seen `thing`")]
    struct Thing {
        id: Id<Thing>,
        name: String,
        #[serde(rename = "a.b")]
        odd: u8,
        note: Option<String>,
        seen: Seen,
        upper: Option<String>,
        #[record(default)]
        level: u8,
    }
    let (_db, session) = place().await;
    session.execute("DEFINE FIELD level ON `seen \\`thing\\`` TYPE int DEFAULT 3").await.unwrap();
    let new = || NewThing {
        name: "it's".into(),
        odd: 1,
        note: None,
        seen: Seen { at: None, times: 2 },
        upper: None,
        level: None,
    };
    let thing = session
        .create::<Thing>()
        .id("a")
        .content_with(new(), |t| {
            let upper = Surql::dynamic("string::uppercase($text)").bind("text", "it's");
            (t.seen.at.set_raw("time::now()"), t.upper.set_raw(upper), t.odd.set(7))
        })
        .await
        .unwrap();
    assert!(thing.seen.at.is_some() && thing.seen.times == 2, "{thing:?}");
    assert_eq!((thing.name.as_str(), thing.upper.as_deref(), thing.odd, thing.level), ("it's", Some("IT'S"), 7, 3));
    let plain = session.create::<Thing>().content_with(new(), |_| Vec::<Assign<Thing>>::new()).await.unwrap();
    assert_eq!((plain.odd, plain.note, plain.upper), (1, None, None));
    let error = session.create::<Thing>().content_with(new(), |t| t.upper.set_raw("1; DELETE seen")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert_eq!(session.select::<Thing>().count().await.unwrap(), 2);
}
