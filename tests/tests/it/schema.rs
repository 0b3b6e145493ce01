//! The schema of a database from its models.

mod drift;
mod generated;
mod random;
mod rows;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::schema::{DefineReport, Definition, Item, Part, Schema};
use surreal_session::value::{Bytes, Decimal, Duration, File, Geometry, Range, Set, Uuid};
use surreal_session_tests::{Loss, Proxy, async_test, is_version_in, login, place, unique};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Stored)]
#[serde(rename_all = "snake_case")]
enum State {
    Active,
    LockedOut,
}

#[derive(Debug, Clone, PartialEq, LinkTo)]
enum Subject {
    Person(Id<Person>),
    Thing(Id<Thing>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Address {
    city: String,
    #[serde(rename = "select")]
    #[record(assert = "$value = NONE OR string::len($value) < 9")]
    zip: Option<String>,
}

/// An object that contains itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Node {
    name: String,
    children: Vec<Node>,
}

/// A type that says nothing of its stored form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Foreign {
    One(u8),
    Two { a: u8 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Named {
    first: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    last: Option<String>,
}

/// A field of every kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "every `kind`", schemafull)]
struct EveryKind {
    id: Id<EveryKind>,
    flag: bool,
    int: u8,
    float: f32,
    decimal: Decimal,
    number: i128,
    text: String,
    letter: char,
    time: Datetime,
    span: Duration,
    #[serde(with = "surreal_session::value::with::std_duration")]
    std_span: std::time::Duration,
    uuid: Uuid,
    bytes: Bytes,
    geometry: Geometry,
    file: Option<File>,
    range: Range<i64>,
    any: Value,
    foreign: Foreign,
    null: surreal_session::value::Null,
    optional: Option<String>,
    list: Vec<u8>,
    array: [f64; 3],
    tuple: (u8, String),
    unordered: HashSet<String>,
    set: Set<i64>,
    nested_lists: Vec<Vec<Option<u8>>>,
    map: BTreeMap<String, u8>,
    state: State,
    states: Option<Vec<State>>,
    link: Id<Thing>,
    links: Option<Vec<Id<Thing>>>,
    subject: Subject,
    untyped_link: RecordId,
    address: Address,
    maybe_address: Option<Address>,
    addresses: Vec<Address>,
    tree: Node,
    #[serde(flatten)]
    named: Named,
    #[serde(default)]
    defaulted: bool,
    #[serde(rename = "od`d na.me")]
    odd: u8,
    r#type: String,
    #[record(type = "string | int")]
    either: Value,
    #[serde(skip)]
    skipped: u8,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(
    schemafull,
    index(fields(name, address.city), name = "by place", comment = "where"),
    index(fields(name, age), unique),
    index(count),
    permissions(select = "name = 'a' OR published", create = "full", update = "none"),
    changefeed = "3d INCLUDE ORIGINAL",
    comment = "it's a `table`"
)]
struct Person {
    id: Id<Person>,
    #[record(assert = "string::len($value) > 0", comment = "not empty")]
    name: String,
    #[record(unique, value = "string::lowercase($value)")]
    email: String,
    #[record(default = "18", index)]
    age: u8,
    #[record(default_always = "'x'")]
    always: String,
    #[record(readonly, default = "time::now()")]
    at: Datetime,
    #[record(computed = "age + 1")]
    next: i64,
    #[record(reference = "unset")]
    boss: Option<Id<Person>>,
    #[record(reference)]
    friends: Vec<Id<Person>>,
    #[record(flexible, type = "object")]
    meta: Value,
    #[record(permissions(select = "$auth != NONE", update = "none"))]
    published: bool,
    #[record(fulltext(analyzer = "english", bm25 = "1.3, 0.7", highlights))]
    bio: String,
    #[record(hnsw(distance = "cosine", m = 8))]
    embedding: [f32; 4],
    address: Option<Address>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Thing {
    id: Id<Thing>,
    #[record(index(name = "of the kind"))]
    kind: String,
    more: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation, enforced)]
struct Likes {
    id: Id<Likes>,
    r#in: Id<Person>,
    out: Subject,
    since: Datetime,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Open {
    id: Id<Open>,
    known: u8,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

struct English;

impl Definition for English {
    const ITEM: Item = Item::analyzer("english", "TOKENIZERS class FILTERS lowercase, snowball(english)");
}

struct Account;

impl Definition for Account {
    const ITEM: Item = Item::record_access("account")
        .signup("(CREATE person SET name = $name)")
        .signin("(SELECT * FROM person WHERE name = $name)")
        .durations("FOR TOKEN 15m, FOR SESSION 12h");
}

type All = (English, (Person, Thing, Likes), EveryKind, Open, Account);

/// A session of an empty database.
async fn empty() -> Session {
    place().await.1
}

#[test]
fn text_is_in_a_stable_order() {
    let text = Schema::of::<(Likes, Thing, English, Thing)>().to_surql();
    assert_eq!(
        text,
        "DEFINE ANALYZER english TOKENIZERS class FILTERS lowercase, snowball(english);\n\
         DEFINE TABLE likes TYPE RELATION IN person OUT person | thing ENFORCED SCHEMALESS;\n\
         DEFINE FIELD since ON likes TYPE datetime;\n\
         DEFINE TABLE thing TYPE NORMAL SCHEMALESS;\n\
         DEFINE FIELD kind ON thing TYPE string;\n\
         DEFINE FIELD more ON thing TYPE object;\n\
         DEFINE INDEX `of the kind` ON thing FIELDS kind;\n"
    );
    assert_eq!(text, Schema::of::<(Likes, Thing, English)>().to_string());
    let kinds = Schema::of::<EveryKind>().to_surql();
    let table = "`every \\`kind\\``";
    for (field, kind) in [
        ("flag", "bool"),
        ("int", "int"),
        ("float", "float"),
        ("decimal", "decimal"),
        ("number", "number"),
        ("letter", "string"),
        ("std_span", "duration"),
        ("range", "range"),
        ("any", "any"),
        ("foreign", "any"),
        ("`null`", "null"),
        ("optional", "option<string>"),
        ("list", "array<int>"),
        ("array", "array<float, 3>"),
        ("tuple", "array<any, 2>"),
        ("unordered", "array<string>"),
        ("`set`", "set<int>"),
        ("nested_lists", "array<array<option<int>>>"),
        ("map", "object FLEXIBLE"),
        ("state", "'active' | 'locked_out'"),
        ("states", "option<array<'active' | 'locked_out'>>"),
        ("link", "record<thing>"),
        ("links", "option<array<record<thing>>>"),
        ("subject", "record<person | thing>"),
        ("untyped_link", "record"),
        ("address", "object"),
        ("address.city", "string"),
        ("address.`select`", "option<string> ASSERT $value = NONE OR string::len($value) < 9"),
        ("maybe_address", "option<object>"),
        ("maybe_address.city", "string"),
        ("addresses", "array<object>"),
        ("addresses.*.city", "string"),
        ("tree.children", "array<object> FLEXIBLE"),
        ("first", "string"),
        ("last", "option<string>"),
        ("defaulted", "option<bool>"),
        ("`od\\`d na.me`", "int"),
        ("`type`", "string"),
        ("either", "string | int"),
    ] {
        let statement = format!("DEFINE FIELD {field} ON {table} TYPE {kind};\n");
        let unescaped = format!("DEFINE FIELD {} ON {table} TYPE {kind};\n", field.replace('`', ""));
        assert!(kinds.contains(&statement) || kinds.contains(&unescaped), "{statement}\n{kinds}");
    }
    assert!(!kinds.contains("skipped") && !kinds.contains("named") && !kinds.contains("FIELD id "), "{kinds}");
}

#[async_test]
async fn defined_database_is_clean_and_defining_again_changes_nothing() {
    let session = empty().await;
    let report = session.verify::<All>().await.unwrap();
    assert!(!report.is_clean() && report.iter().all(|difference| difference.database.is_none()));
    let report = session.define::<All>().await.unwrap();
    assert!(report.is_complete(), "{report}");
    assert!(report.changes.len() > 60, "{report}");
    let report = session.verify::<All>().await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.to_string(), "the database has the schema of the models");
    report.check().unwrap();
    let again = session.define::<All>().await.unwrap();
    assert_eq!((again.changes.len(), again.pending.len()), (0, 0), "{again}");
    assert_eq!(again.to_string(), "nothing to change");
    // A part of it is clean as well.
    assert!(session.verify::<Thing>().await.unwrap().is_clean());
    assert!(Schema::of::<(Thing,)>().verify(&session).await.unwrap().is_clean());
}

#[async_test]
async fn text_of_the_schema_makes_the_same_database() {
    let session = empty().await;
    session.execute(Surql::dynamic(Schema::of::<All>().to_surql())).await.unwrap();
    let report = session.verify::<All>().await.unwrap();
    assert!(report.is_clean(), "{report}");
}

#[async_test]
async fn records_of_the_models_fit_their_schema() {
    let session = empty().await;
    session.define::<All>().await.unwrap().check().unwrap();
    let new = || NewPerson {
        name: "Ada".into(),
        email: "ADA@x.io".into(),
        age: None,
        always: None,
        boss: None,
        friends: Vec::new(),
        meta: Value::Object(BTreeMap::from([("a".to_owned(), Value::from(1))])),
        published: true,
        bio: "Runs engines".into(),
        embedding: [0.5; 4],
        address: Some(Address { city: "London".into(), zip: None }),
    };
    let ada = session.create::<Person>().id("ada").content(new()).await.unwrap();
    assert_eq!((ada.email.as_str(), ada.age, ada.always.as_str(), ada.next), ("ada@x.io", 18, "x", 19));
    assert_eq!(ada.meta.get("a"), Some(&Value::from(1)));
    let error = session.create::<Person>().content(new()).await.unwrap_err();
    assert!(error.is_unique_violation(), "{error}");
    let unnamed = NewPerson { name: String::new(), email: "b".into(), ..new() };
    assert_eq!(session.create::<Person>().content(unnamed).await.unwrap_err().kind(), ErrorKind::Violation);
    let changed = session.update::<Person>().id("ada").merge(PersonPatch { age: set(40), ..keep() }).await.unwrap();
    assert_eq!((changed.next, changed.at), (41, ada.at));
    // The whole content is replaced, and what the server sets stays.
    let replaced = session.update::<Person>().id("ada").content(NewPerson { age: Some(7), ..new() }).await.unwrap();
    assert_eq!((replaced.next, replaced.at), (8, ada.at));
    let thing = NewThing { kind: "book".into(), more: BTreeMap::from([("pages".to_owned(), Value::from(9))]) };
    let thing = session.create::<Thing>().content(thing).await.unwrap();
    let edge = NewLikes { r#in: ada.id.clone(), out: Subject::Thing(thing.id.clone()), since: Datetime::now() };
    session.relate(edge).await.unwrap();
    let nowhere = NewLikes { r#in: ada.id.clone(), out: Subject::Person(Id::new("none")), since: Datetime::now() };
    assert!(session.relate(nowhere).await.is_err(), "the edge leads to no record");
    let every = every_kind(thing.id.clone());
    let written = session.create::<EveryKind>().id("a").content(every).await.unwrap();
    assert_eq!(session.select::<EveryKind>().id("a").await.unwrap(), Some(written));
    let open = NewOpen { known: 1, others: BTreeMap::from([("x".to_owned(), Value::from(2))]) };
    session.create::<Open>().id("a").content(open).await.unwrap();
    session.execute("DEFINE FIELD x ON open TYPE int").await.unwrap();
    assert!(session.verify::<All>().await.unwrap().is_clean(), "a field of any name belongs to the model");
}

fn every_kind(link: Id<Thing>) -> NewEveryKind {
    let address = Address { city: "Paris".into(), zip: Some("75001".into()) };
    let leaf = |name: &str| Node { name: name.to_owned(), children: Vec::new() };
    NewEveryKind {
        flag: true,
        int: 7,
        float: 0.5,
        decimal: "1.25".parse().unwrap(),
        number: 1 << 40,
        text: "text".into(),
        letter: 'x',
        time: Datetime::now(),
        span: Duration::from_secs(61),
        std_span: std::time::Duration::from_millis(5),
        uuid: Uuid::new_v4(),
        bytes: Bytes::from(vec![1, 2]),
        geometry: Geometry::Point([1.0, 2.0]),
        file: None,
        range: (1..5).into(),
        any: Value::from("anything"),
        foreign: Foreign::Two { a: 1 },
        null: surreal_session::value::Null,
        optional: None,
        list: vec![1, 2],
        array: [0.5, 1.0, 1.5],
        tuple: (1, "one".into()),
        unordered: HashSet::from(["a".to_owned()]),
        set: Set::from_iter([3]),
        nested_lists: vec![vec![Some(1)], Vec::new()],
        map: BTreeMap::from([("one".to_owned(), 1)]),
        state: State::LockedOut,
        states: Some(vec![State::Active]),
        link: link.clone(),
        links: Some(vec![link.clone()]),
        subject: Subject::Thing(link.clone()),
        untyped_link: RecordId::new("anywhere", 1),
        address: address.clone(),
        maybe_address: None,
        addresses: vec![address],
        tree: Node { name: "root".into(), children: vec![Node { children: vec![leaf("b")], ..leaf("a") }] },
        named: Named { first: "Ada".into(), last: None },
        defaulted: false,
        odd: 1,
        r#type: "t".into(),
        either: Value::from(1),
    }
}

#[async_test(not_send)]
async fn many_programs_define_at_once() {
    let login = login().await;
    let (_db, session) = place().await;
    let (namespace, database) = (session.namespace().unwrap(), session.database().unwrap());
    let define = async || {
        let db = Surreal::connect(&*login.url).await.unwrap();
        let root = Root::new(login.username.clone(), login.password.clone());
        let session = db.new_session().signin(root).use_ns(&*namespace).use_db(&*database).await.unwrap();
        session.define::<All>().await.unwrap()
    };
    let all = (define(), define(), define(), define(), define(), define(), define(), define());
    let all = tokio::join!(all.0, all.1, all.2, all.3, all.4, all.5, all.6, all.7);
    let all = [all.0, all.1, all.2, all.3, all.4, all.5, all.6, all.7];
    assert!(all.iter().all(DefineReport::is_complete));
    let of_fields = |part: &Part| !matches!(part, Part::Index(_));
    let made = all.iter().flat_map(|report| &report.changes).filter(|change| of_fields(&change.difference.part));
    let whole = Schema::of::<All>().to_surql().lines().filter(|line| !line.starts_with("DEFINE INDEX")).count();
    assert_eq!(made.count(), whole, "each table and field is defined by one of them");
    assert!(session.verify::<All>().await.unwrap().is_clean());
}

#[async_test]
async fn viewer_verifies_without_writing() {
    let login = login().await;
    let (_db, session) = place().await;
    session.define::<All>().await.unwrap();
    let user = unique("viewer");
    session.execute(Surql::dynamic(format!("DEFINE USER {user} ON DATABASE PASSWORD 'x' ROLES VIEWER"))).await.unwrap();
    let db = Surreal::connect(&*login.url).await.unwrap();
    let (namespace, database) = (session.namespace().unwrap(), session.database().unwrap());
    let credentials = Database::new(namespace, database, user, "x");
    let viewer = db.new_session().signin(credentials).await.unwrap();
    let report = viewer.verify::<All>().await.unwrap();
    // Only texts that the server writes in another form are in doubt.
    assert!(report.iter().all(|difference| !difference.is_certain), "{report}");
    session.execute("ALTER FIELD kind ON thing TYPE int").await.unwrap();
    let report = viewer.verify::<(Thing, Likes)>().await.unwrap();
    let certain: Vec<_> = report.iter().filter(|difference| difference.is_certain).collect();
    assert_eq!(certain.len(), 1, "{report}");
    assert_eq!((certain[0].table.as_deref(), certain[0].aspect), (Some("thing"), "kind"));
    assert!(viewer.define::<Thing>().await.unwrap_err().is_forbidden());
    assert!(session.verify::<Thing>().await.unwrap().iter().count() == 1, "nothing was written");
}

#[async_test]
async fn models_that_the_server_refuses_are_named() {
    #[derive(Debug, Serialize, Deserialize, Record)]
    struct Wrong {
        id: Id<Wrong>,
        fine: u8,
        #[record(assert = "no::such::function($value)")]
        bad: u8,
    }
    #[derive(Debug, Serialize, Deserialize, Record)]
    struct WithoutAnalyzer {
        id: Id<WithoutAnalyzer>,
        #[record(fulltext(analyzer = "nowhere"))]
        body: String,
    }
    #[derive(Debug, Serialize, Deserialize, Record)]
    #[record(schemafull)]
    struct Closed {
        id: Id<Closed>,
        #[serde(flatten)]
        others: BTreeMap<String, i64>,
    }
    let session = empty().await;
    let error = session.define::<(Thing, Wrong)>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert!(error.to_string().contains("the table `wrong`") && error.to_string().contains("no::such"), "{error}");
    assert!(session.verify::<Wrong>().await.unwrap_err().to_string().contains("the table `wrong`"));
    let error = session.define::<WithoutAnalyzer>().await.unwrap_err();
    assert!(error.to_string().contains("the index `body_fulltext` of the table `without_analyzer`"), "{error}");
    let error = session.define::<Closed>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("the table `closed` is `schemafull` and has a flattened field"), "{error}");
    let tables: Value = session.query("RETURN (INFO FOR DB).tables").await.unwrap().take(0).unwrap();
    assert_eq!(tables, Value::Object(BTreeMap::new()), "nothing was defined");
    let nowhere = Surreal::connect(&*login().await.url).await.unwrap().new_session().await.unwrap();
    assert!(nowhere.verify::<Thing>().await.is_err());
}

#[async_test(not_send)]
async fn lost_connections_are_no_errors_of_what_only_reads() {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).await.unwrap();
    let root = Root::new(login.username.clone(), login.password.clone());
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
    session.execute("CREATE thing:a SET kind = 'a', more = {}").await.unwrap();
    for loss in [Loss::Reply, Loss::Request] {
        for lost in ["INFO FOR DB", "INFO FOR TABLE thing", "DEFINE TABLE surreal", "SELECT VALUE count()", "fcancel"] {
            proxy.lose_next(lost, loss);
            let report = session.verify::<Thing>().await;
            report.unwrap_or_else(|error| panic!("{lost}, {loss:?}: {error}"));
        }
        proxy.lose_next("SELECT VALUE count()", loss);
        proxy.lose_next("fcommit", loss);
        let report = session.define::<Thing>().await.unwrap_or_else(|error| panic!("{loss:?}: {error}"));
        assert!(report.is_complete(), "{report}");
        session.execute("REMOVE FIELD kind ON thing").await.unwrap();
    }
}

#[async_test(not_send)]
async fn analyzers_have_any_name() {
    struct Odd;
    impl Definition for Odd {
        const ITEM: Item = Item::analyzer("my `analyzer` 1", "TOKENIZERS blank");
    }
    #[derive(Debug, Serialize, Deserialize, Record)]
    struct Searched {
        id: Id<Searched>,
        #[record(fulltext(analyzer = "my `analyzer` 1"))]
        body: String,
    }
    let session = empty().await;
    session.define::<(Odd, Searched)>().await.unwrap().check().unwrap();
    session.create::<Searched>().content(NewSearched { body: "any words".into() }).await.unwrap();
    session.execute("DEFINE ANALYZER OVERWRITE `my \\`analyzer\\` 1` TOKENIZERS class").await.unwrap();
    let report = session.define::<(Odd, Searched)>().await.unwrap();
    assert!(report.changes[0].statement.contains("REBUILD INDEX IF EXISTS body_fulltext"), "{report}");
    assert!(session.verify::<(Odd, Searched)>().await.unwrap().is_clean());
}

/// The other ways to write attributes mean the same.
#[test]
fn attributes_have_several_forms() {
    #[derive(Debug, Serialize, Deserialize, Record)]
    #[record(
        table = "form",
        permissions = "FOR select FULL",
        index(fields = "a, inner.b", name = "ab"),
        index(fields("a"), unique)
    )]
    struct One {
        id: Id<One>,
        #[record(default = "1", default_always)]
        a: i64,
        inner: Inner,
        #[record(hnsw(distance = cosine, type = F64))]
        v: [f64; 2],
    }
    #[derive(Debug, Serialize, Deserialize, Record)]
    #[record(table = "form", permissions(select = "full"), index(fields(a, inner.b), name = "ab"), index(unique, fields(a)))]
    struct Other {
        id: Id<Other>,
        #[record(default_always = "1")]
        a: i64,
        inner: Inner,
        #[record(hnsw(distance = "cosine", type = "f64", dimension = 2))]
        v: Vec<f64>,
    }
    #[derive(Debug, Clone, Serialize, Deserialize, Object)]
    struct Inner {
        b: i64,
    }
    let one = Schema::of::<One>().to_surql().replace("array<float, 2>", "array<float>");
    assert_eq!(one, Schema::of::<Other>().to_surql());
    assert!(one.contains("DEFINE INDEX a_unique ON form FIELDS a UNIQUE;"), "{one}");
    assert!(one.contains("HNSW DIMENSION 2 DIST COSINE TYPE F64;"), "{one}");
}

/// Arrays beside other fields in indexes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "tagged", index(fields = "n, tags"), index(fields = "marks, n", unique))]
struct Tagged {
    id: Id<Tagged>,
    n: i64,
    x: i64,
    #[record(index)]
    tags: Vec<String>,
    marks: Option<BTreeSet<i64>>,
}

fn tagged(n: i64, tags: &[&str], marks: Option<&[i64]>) -> NewTagged {
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    NewTagged { n, x: 0, tags, marks: marks.map(|marks| marks.iter().copied().collect()) }
}

#[async_test(not_send)]
async fn record_is_found_once_by_an_index_of_several_fields_with_an_array() {
    let session = empty().await;
    if is_version_in(.."3.3").await {
        let error = session.define::<Tagged>().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("INDEX n_tags_index ON tagged FIELDS n, tags.*"), "{error}");
        assert_eq!(session.verify::<Tagged>().await.unwrap_err().kind(), ErrorKind::Unsupported);
        return;
    }
    session.define::<Tagged>().await.unwrap().check().unwrap();
    let rows = [tagged(1, &["a", "b", "c"], Some(&[1, 2])), tagged(1, &[], None), tagged(2, &["a"], Some(&[]))];
    session.insert(rows).await.unwrap();
    let error = session.create::<Tagged>().content(tagged(1, &[], Some(&[2, 3]))).await.unwrap_err();
    assert!(error.is_unique_violation(), "{error}");
    assert_eq!(session.select::<Tagged>().filter(|row| row.n.eq(1)).await.unwrap().len(), 2);
    assert_eq!(session.select::<Tagged>().filter(|row| row.tags.contains("a")).count().await.unwrap(), 2);
    let changed = session.update::<Tagged>().filter(|row| row.n.eq(1)).set(|row| row.x.add(1)).await.unwrap();
    assert_eq!(changed.iter().map(|row| row.x).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(session.delete::<Tagged>().filter(|row| row.n.eq(1)).await.unwrap().len(), 2);
}

#[async_test(not_send)]
async fn index_of_whole_arrays_becomes_one_of_their_elements() {
    let session = empty().await;
    let text = Schema::of::<Tagged>().to_surql();
    assert!(text.contains("FIELDS marks.*, n UNIQUE;") && text.contains("FIELDS tags;"), "{text}");
    session.define::<Tagged>().await.unwrap();
    assert!(session.verify::<Tagged>().await.unwrap().is_clean());
    let whole = "DEFINE INDEX OVERWRITE n_tags_index ON tagged FIELDS n, tags";
    session.execute(whole).await.unwrap();
    let report = session.verify::<Tagged>().await.unwrap();
    let [difference] = &report.iter().collect::<Vec<_>>()[..] else { panic!("{report}") };
    assert_eq!((difference.model.as_deref(), difference.database.as_deref()), (Some("n, tags.*"), Some("n, tags")));
    assert_eq!(session.define::<Tagged>().await.unwrap().changes.len(), 1);
    assert!(session.verify::<Tagged>().await.unwrap().is_clean());
}
