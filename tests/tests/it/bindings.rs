//! Parameters from structs and maps, and the variables of a session.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Serialize)]
struct Search<'a> {
    name: &'a str,
    #[serde(rename = "min")]
    least: u8,
    since: Datetime,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

#[async_test]
async fn fields_of_a_struct_are_parameters() {
    let (_db, session) = place().await;
    let rest = BTreeMap::from([("extra".to_owned(), Value::Bool(true))]);
    let since: Datetime = "2020-01-01T00:00:00Z".parse().unwrap();
    let search = Search { name: "Ada", least: 18, since, rest };
    let text = "RETURN [$name, $min, $since, $extra, $one, $none]";
    let answer = session.query(text).bind("one", 1).bind_all(&search).bind_all(HashMap::<&str, i64>::new()).await;
    let values: Vec<Value> = answer.unwrap().take(0).unwrap();
    assert_eq!(values, ["Ada".into(), 18.into(), since.into(), true.into(), 1.into(), Value::None]);
    let text = Surql::dynamic("RETURN $name + $extra.to_string()").bind_all(BTreeMap::from([("name", "x")]));
    let answer = session.query(text).bind_all(BTreeMap::from([("extra", 5)])).await.unwrap();
    assert_eq!(answer.take::<String>(0).unwrap(), "x5");
    session.execute("CREATE user:ada SET name = $name, age = $min").bind_all(&search).await.unwrap();

    let users = session
        .select::<User>()
        .filter(|u| u.age.gte(1) & Condition::raw("name = $name AND age >= $min").bind_all(&search));
    assert_eq!(users.await.unwrap(), [User { id: Id::new("ada"), name: "Ada".into(), age: 18 }]);
    let tx = session.begin_transaction().await.unwrap();
    let in_transaction: u8 = tx.query("RETURN $min").bind_all(&search).await.unwrap().take(0).unwrap();
    assert_eq!(in_transaction, 18);
}

#[async_test]
async fn values_that_cannot_be_parameters_are_refused_before_anything_is_sent() {
    let (_db, session) = place().await;
    let query = || session.query("CREATE user");
    for (error, expected) in [
        (query().bind_all(5).await.unwrap_err(), "must be a struct or a map"),
        (query().bind_all(RecordId::new("a", "b")).await.unwrap_err(), "must be a struct or a map"),
        (query().bind_all(vec![("a", 1)]).await.unwrap_err(), "must be a struct or a map"),
        (query().bind_all(()).await.unwrap_err(), "must be a struct or a map"),
        (query().bind_all(None::<BTreeMap<String, i64>>).await.unwrap_err(), "must be a struct or a map"),
        (query().bind("a", 1).bind_all(BTreeMap::from([("a", 1)])).await.unwrap_err(), "`$a` is bound twice"),
        (query().bind_all(BTreeMap::from([("auth", 1)])).await.unwrap_err(), "`$auth` is set by the server"),
        (query().bind_all(BTreeMap::from([("a", u64::MAX)])).await.unwrap_err(), "cannot bind the values"),
    ] {
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.delivery(), Delivery::NotSent);
    }
    let condition = || Condition::raw("age > $a").bind_all(5);
    let error = session.select::<User>().filter(|_| condition()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[async_test]
async fn variables_are_known_as_the_server_confirmed_them() {
    let (_db, session) = place().await;
    assert!(session.variables().is_empty());
    session.set("tenant", "acme").await.unwrap();
    session.set("limit", Some(5)).await.unwrap();
    assert_eq!(session.variables(), ["limit", "tenant"]);
    assert_eq!(session.variable::<String>("tenant").unwrap().as_deref(), Some("acme"));
    assert_eq!(session.variable::<Value>("limit").unwrap(), Some(5.into()));
    assert_eq!(session.variable::<i64>("none").unwrap(), None);
    let error = session.variable::<i64>("tenant").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("$tenant") && !error.to_string().contains("acme"), "{error}");

    let twin = session.fork().await.unwrap();
    assert_eq!(twin.variable::<String>("tenant").unwrap().as_deref(), Some("acme"));
    session.unset("tenant").await.unwrap();
    assert_eq!((session.variables(), twin.variables().len()), (vec!["limit".to_owned()], 2));
    session.set("auth", 1).await.unwrap_err();
    session.reset().await.unwrap();
    assert!(session.variables().is_empty());
}
