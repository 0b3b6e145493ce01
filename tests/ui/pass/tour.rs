//! Every public name that most programs use, as they use it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::value::{Bytes, Decimal, File, Geometry, Null, Range, Set, Uuid};
use surreal_session::Result;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Address {
    city: String,
    zip: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "company")]
struct Company {
    id: Id<Company>,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "user")]
struct User {
    id: Id<User>,
    name: String,
    #[serde(rename = "mail")]
    email: String,
    age: u8,
    nickname: Option<String>,
    address: Address,
    #[record(readonly)]
    created_at: Datetime,
    employer: Option<Id<Company>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Post {
    id: Id<Post, Uuid>,
    title: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading, (String, i64)>,
    celsius: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Wrote {
    id: Id<Wrote>,
    r#in: Id<User>,
    out: Id<Post, Uuid>,
    at: Datetime,
}

#[expect(dead_code, reason = "read by nobody here")]
#[derive(Debug, Deserialize, View)]
#[record(of = User)]
struct Card {
    id: Id<User>,
    name: String,
}

#[derive(Serialize)]
struct Params {
    email: String,
}

fn new_user() -> NewUser {
    let address = Address { city: "London".into(), zip: None };
    NewUser { name: "Ada".into(), email: "a@x.io".into(), age: 36, nickname: None, address, employer: None }
}

async fn audit(db: &impl Queryable) -> Result<i64> {
    db.query("RETURN 1").await?.take(0)
}

async fn sessions(login: (String, String)) -> Result<Session> {
    let db = Surreal::connect("ws://127.0.0.1:8000").deadline(Duration::from_secs(5)).await?;
    let session = db.new_session().await?;
    let chained = db.new_session().signin(Root::new("root", "root")).use_ns("shop").use_db("inventory").await?;
    let twin = session.fork().await?;
    session.use_ns("shop").use_db("inventory").await?;
    let tokens: Tokens = session.signin(Root::new(login.0, login.1)).await?;
    session.signin(Namespace::new("shop", "user", "pass")).await?;
    session.signin(Database::new("shop", "inventory", "user", "pass")).await?;
    let account = || RecordAccess::new("shop", "inventory", "account", Params { email: "a@x.io".into() });
    session.signup(account()).await?;
    session.signin(account()).await?;
    session.authenticate(tokens.access.clone()).await?;
    session.invalidate().await?;
    let Tokens { access: _, refresh: _, .. } = session.refresh(tokens).await?;
    session.set("name", [1, 2]).await?;
    session.unset("name").await?;
    let _: Option<User> = session.info::<Option<User>>().await?;
    let (_, ()) = (db.version().await?, db.ping().await?);
    let _ = (session.id(), db.sessions().await?);
    println!("{}", audit(&db).await? + audit(&session).await?);
    twin.close_session().await?;
    session.close_session().await?;
    db.close().await?;
    Ok(chained)
}

async fn reads(session: &Session, ada: &User, domain: Option<&str>) -> Result<()> {
    let response = session.query("SELECT * FROM user WHERE age > $a").bind("a", 18).await?.check()?;
    let _: (Vec<User>, usize) = (response.take(0)?, response.len());
    let _: String = session.run::<String>("fn::greet").args(("Ada",)).await?;
    let _: f64 = session.run("ml::house").version("1.0.0").args((1, 2)).await?;
    let _: Vec<User> = session.select::<User>().await?;
    let _: Option<User> = session.select::<User>().id("ada").await?;
    let _: Vec<User> = session.select::<User>().ids([&ada.id]).await?;
    let select = session.select::<User>().filter(|u| u.age.gte(18) & u.email.ends_with("@x.io"));
    let _: Vec<User> = select.order_by(|u| u.name.asc()).limit(20).start(40).await?;
    let cities = ["Paris", "London"].map(|city| User::fields_of(city));
    let _: Vec<User> = session.select::<User>().filter(|_| any(cities)).await?;
    let select = session.select::<User>().filter_opt(domain, |u, domain| u.email.ends_with(domain));
    let _: u64 = select.clone().count().await?;
    let _: bool = select.clone().exists().await?;
    let _: Option<User> = select.clone().first().await?;
    let _: User = select.one().await?;
    let _: Vec<Card> = session.select::<User>().view::<Card>().await?;
    let _: Vec<(User, Option<Link<Company>>)> =
        session.select::<User>().filter(|u| u.employer.name.eq("ACME")).fetch(|u| u.employer).await?;
    let _: Vec<User> = session.select::<User>().filter(|u| !u.nickname.is_none() | u.name.eq(u.email)).await?;
    let _: Option<Reading> = session.select::<Reading>().id(("attic".to_owned(), 1)).await?;
    let _: Vec<Post> = session.traverse(&ada.id).out::<Wrote>().to::<Post>().await?;
    println!("{}", session.select::<User>().timeout(Duration::from_secs(1)).to_surql());
    Ok(())
}

impl User {
    fn fields_of(city: &str) -> Condition<User> {
        Condition::raw("address.city = $city").bind("city", city)
    }
}

async fn writes(session: &Session, ada: &User, post: &Post) -> Result<()> {
    let _: User = session.create::<User>().content(new_user()).await?;
    let _: User = session.create::<User>().id("ada").content(new_user()).await?;
    let _: User = session.update::<User>().id(&ada.id).merge(UserPatch { age: set(37), ..keep() }).await?;
    let _: User = session.update::<User>().id("ada").content(new_user()).await?;
    let _: User = session.update::<User>().id("ada").replace(new_user()).await?;
    let _: User = session.update::<User>().id("ada").patch(|u| [PatchOp::replace(u.age, 37)]).await?;
    let _: User = session.update::<User>().id("ada").set(|u| (u.age.add(1), u.nickname.unset())).await?;
    let _: Vec<User> = session.update::<User>().filter(|u| u.age.lt(18)).set(|u| u.age.set(18)).await?;
    let _: Vec<User> = session.update::<User>().all().merge(UserPatch { nickname: unset(), ..keep() }).await?;
    let _: User = session.upsert::<User>().id("ada").content(new_user()).await?;
    let _: User = session.delete::<User>().id("ada").await?;
    let _: Option<User> = session.delete::<User>().id("ada").optional().await?;
    let _: Vec<User> = session.delete::<User>().all().await?;
    let _: Vec<User> = session.insert(vec![new_user(), new_user()]).await?;
    let _: Vec<User> = session.insert(vec![new_user()]).ignore().await?;
    let _: Vec<User> = session.insert(vec![new_user()]).on_duplicate(|u| u.age.add(1)).await?;
    let wrote = || NewWrote { r#in: ada.id.clone(), out: post.id.clone(), at: Datetime::now() };
    let _: Vec<Wrote> = session.insert(vec![wrote()]).relation().await?;
    let _: Wrote = session.relate(wrote()).await?;
    let () = session.update::<User>().id("ada").set(|u| u.age.add(1)).return_none().await?;
    let _: User = session.update::<User>().id("ada").set(|u| u.age.add(1)).return_before().await?;
    let _: Vec<PatchOp> = session.update::<User>().id("ada").set(|u| u.age.add(1)).return_diff().await?;
    let patch = UserPatch::diff(ada, ada);
    let update = session.update::<User>().id("ada").merge(patch).timeout(Duration::from_secs(1));
    println!("{}", update.to_surql());
    let db = session.untyped();
    let _: Value = db.create(RecordId::new("user", "ada")).content([("a", 1)].into_iter().collect::<Value>()).await?;
    let _: Vec<User> = db.select(Table::new("user")).decode::<User>().await?;
    let _: Vec<Value> = db.insert(Table::new("wrote"), [Value::None]).relation().await?;
    Ok(())
}

async fn transactions(session: &Session, ada: User) -> Result<Post> {
    let tx = session.begin_transaction().await?;
    tx.create::<User>().content(new_user()).await?;
    audit(&tx).await?;
    tx.commit().await?;
    session.begin_transaction().await?.cancel().await?;
    let (a, b) = (session.select::<User>().id("a"), session.create::<User>().content(new_user()));
    let _: (Option<User>, User) = session.batch((a, b)).atomic().await?;
    let post = session
        .transaction()
        .retries(5)
        .run(async |tx| {
            tx.update::<User>().id(&ada.id).set(|u| u.age.add(1)).await?;
            let post = tx.create::<Post>().id(Id::generate()).content(NewPost { title: "On engines".into() }).await?;
            Ok(post)
        })
        .await?;
    Ok(post)
}

async fn live(session: &Session, text: LiveId) -> Result<()> {
    let mut users: LiveStream<User> = session.live::<User>().filter(|u| u.age.gte(18)).capacity(64).await?;
    while let Some(event) = users.next().await {
        match event? {
            LiveEvent::Change(n) => println!("{:?} {} {}", n.action, n.id, n.data.name),
            LiveEvent::Gap(gap) => println!("{gap:?}"),
            LiveEvent::Ended(reason) => println!("{reason:?}"),
            _ => {}
        }
    }
    let id = users.id();
    users.kill().await?;
    session.kill(id).await?;
    let _: LiveStream<User> = session.subscribe_live::<User>(text).await?;
    let _: LiveStream<User, Vec<PatchOp>> = session.live::<User>().diff().await?;
    let _: LiveStream<User, Card> = session.live::<User>().view::<Card>().await?;
    let _: LiveStream<User, (User, Option<Link<Company>>)> = session.live::<User>().fetch(|u| u.employer).await?;
    let (_, _) = session.live::<User>().filter(|u| u.age.gte(18)).as_set().snapshot().await?;
    let (_, _): (Vec<User>, LiveStream<User, Vec<PatchOp>>) = session.live::<User>().diff().snapshot().await?;
    let (_, _): (Vec<User>, LiveStream<User>) = session.live::<User>().snapshot().await?;
    Ok(())
}

fn errors(error: &Error) -> bool {
    let _ = (error.kind() == ErrorKind::NotFound, error.delivery() == Delivery::NotSent, error.statement());
    let _ =
        error.server().map(|server| (server.code(), server.message(), server.kind(), server.details(), server.cause()));
    error.is_conflict()
        | error.is_unique_violation()
        | error.is_not_found()
        | error.is_already_exists()
        | error.is_auth()
        | error.is_retryable()
}

fn values(
    _: (Bytes, Decimal, File, Geometry, Null, Range<i64>, Set<i64>, surreal_session::value::Duration),
) -> RecordKey {
    RecordKey::from("ada")
}

fn spawned(session: Session, ada: User) -> impl Future<Output = Result<Post>> + Send + 'static {
    async move { transactions(&session, ada).await }
}

fn main() {
    let _ = (sessions, reads, writes, live, errors, values, spawned);
}
