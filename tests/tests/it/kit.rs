//! `#[surreal_session_embedded::test]`: a database for each test.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use serde::{Deserialize, Serialize};
use surreal_session::blocking::Wait;
use surreal_session::prelude::*;
use surreal_session::{Error, Result};
use surreal_session_embedded::Embedded;
use surreal_session_tests::login;
use tokio::runtime::{Handle, RuntimeFlavor};

async fn seed(db: Session) -> Result<()> {
    db.execute("CREATE person:bob SET name = 'Bob'").await
}

fn seed_blocking(db: Session) -> Result<()> {
    db.execute("CREATE person:bob SET name = 'Bob'").wait()
}

async fn names(db: &Session) -> Result<Vec<String>> {
    db.query("SELECT VALUE name FROM person ORDER BY name").await?.take(0)
}

#[surreal_session_embedded::test]
async fn test_has_a_database(db: Session) -> Result<()> {
    assert_eq!(db.namespace().as_deref(), Some("surreal_session_test"));
    assert!(db.database().unwrap().starts_with("it_kit_test_has_a_database_"), "{db:?}");
    db.execute("CREATE person SET name = 'Ada'").await?;
    assert_eq!(names(&db).await?, ["Ada"]);
    assert_eq!(Handle::current().runtime_flavor(), RuntimeFlavor::CurrentThread);
    Ok(())
}

#[surreal_session_embedded::test(flavor = "multi_thread", worker_threads = 3)]
async fn arguments_are_in_one_database(db: Session, other: Session, own: Surreal) {
    assert_ne!(db.id(), other.id());
    other.execute("CREATE person SET name = 'Ada'").await.unwrap();
    assert_eq!((names(&db).await.unwrap(), names(&own).await.unwrap()), (vec!["Ada".into()], vec!["Ada".into()]));
    own.close().await.unwrap();
    db.ping().await.unwrap();
    assert_eq!(Handle::current().metrics().num_workers(), 3);
}

#[surreal_session_embedded::test(fixtures("kit/people.surql", seed))]
async fn fixtures_come_first(db: Session) -> Result<()> {
    assert_eq!(names(&db).await?, ["Ada", "Bob"]);
    Ok(())
}

#[derive(Debug, Serialize, Deserialize, Record)]
#[record(schemafull)]
struct Person {
    id: Id<Person>,
    #[record(unique)]
    name: String,
}

#[surreal_session_embedded::test(fixtures(seed), schema = Person)]
async fn schema_comes_before_fixtures(db: Session) -> Result<()> {
    assert!(db.verify::<Person>().await?.is_clean());
    let error = db.create::<Person>().content(NewPerson { name: "Bob".into() }).await.unwrap_err();
    assert!(error.is_unique_violation(), "{error}");
    Ok(())
}

#[surreal_session_embedded::test(blocking, schema = (Person,))]
fn schema_of_a_blocking_test(db: Session) -> Result<()> {
    assert!(db.verify::<Person>().wait()?.is_clean());
    Ok(())
}

#[surreal_session_embedded::test(blocking, fixtures("kit/people.surql", seed_blocking))]
fn blocking_test_needs_no_runtime(db: Session, own: Surreal) -> Result<()> {
    assert!(Handle::try_current().is_err());
    assert_eq!(names(&db).wait()?, ["Ada", "Bob"]);
    own.execute("DELETE person").wait()
}

#[surreal_session_embedded::test(server = "own")]
async fn server_of_a_test_may_be_stopped(db: Session, server: Embedded) {
    db.execute("CREATE person").await.unwrap();
    server.shutdown().await;
    let error = db.execute("CREATE person").fail_fast().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
    assert_ne!(Embedded::shared().unwrap().url(), "");
}

#[surreal_session_embedded::test]
#[should_panic(expected = "as it should")]
async fn panic_may_be_expected(db: Session) {
    db.ping().await.unwrap();
    panic!("as it should");
}

/// The children of the next tests.
mod child {
    use super::*;

    #[surreal_session_embedded::test]
    #[ignore = "fails, in a process of its own"]
    async fn fails_with_an_error(db: Session) -> Result<()> {
        db.execute("CREATE kept").await?;
        Err(db.query("SELECT nonsense FROM").await.unwrap_err())
    }

    #[surreal_session_embedded::test]
    #[ignore = "fails, in a process of its own"]
    async fn panics(db: Session) {
        db.execute("CREATE kept").await.unwrap();
        panic!("it fails");
    }

    #[surreal_session_embedded::test(fixtures("kit/broken.surql"))]
    #[ignore = "fails, in a process of its own"]
    async fn has_a_broken_fixture(db: Session) {
        db.ping().await.unwrap();
    }

    /// Says which writes were answered, until it is killed.
    #[test]
    #[ignore = "runs in a process of its own, and never ends"]
    fn writes_to_a_disk() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let server = Embedded::builder().path(std::env::var("KIT_PATH")?).start().wait()?;
        let db = server.connect().wait()?;
        db.use_ns("kit").use_db("kit").wait()?;
        for number in 0.. {
            db.query("CREATE written SET number = $n").bind("n", number).wait()?.check()?.take::<Value>(0)?;
            println!("written {number}");
        }
        Ok(())
    }

    #[surreal_session_embedded::test]
    #[ignore = "runs in a process of its own"]
    async fn passes(db: Session) {
        db.execute("CREATE person").await.unwrap();
    }

    #[surreal_session_embedded::test]
    #[ignore = "runs in a process of its own"]
    async fn passes_too(db: Session) {
        db.ping().await.unwrap();
    }
}

fn run(child: &str, url: &str) -> Output {
    let test = format!("kit::child::{child}");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &test, "--ignored", "--nocapture"]).env("SURREAL_URL", url);
    command.output().unwrap()
}

/// The databases of a server whose names begin like this, and a session there.
fn databases(prefix: &str) -> (Session, Vec<String>) {
    let find = async {
        let login = login().await;
        let root = Root::new(login.username, login.password);
        let session =
            Surreal::connect(login.url).await?.new_session().signin(root).use_ns("surreal_session_test").await?;
        let Value::Object(info) = session.query("INFO FOR NS").await?.take(0)? else { panic!("no object") };
        let Some(Value::Object(databases)) = info.get("databases") else { panic!("{info:?}") };
        Ok::<_, Error>((session, databases.keys().filter(|name| name.starts_with(prefix)).cloned().collect()))
    };
    find.wait().unwrap()
}

#[test]
fn database_of_a_failed_test_is_kept_and_named() {
    let url = async { Ok::<_, Error>(login().await.url) }.wait().unwrap();
    for (child, reason) in [
        ("fails_with_an_error", "the text is not valid"),
        ("panics", "it fails"),
        ("has_a_broken_fixture", "kit/broken.surql"),
    ] {
        let output = run(child, &url);
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!output.status.success(), "{text}");
        let prefix = format!("it_kit_child_{child}_");
        let (_, kept) = databases(&prefix);
        assert_eq!(kept.len(), 1, "{child}: {text}");
        assert!(text.contains(&kept[0]) && text.contains(&url), "{text}");
        assert!(text.contains(reason) || child == "fails_with_an_error", "{text}");
    }
    assert!(run("passes", &url).status.success());
    let left = databases("it_kit_child_passes_").1;
    assert!(left.iter().all(|name| name.starts_with("it_kit_child_passes_too_")), "{left:?}");
}

#[test]
fn old_databases_are_removed_by_a_later_run() {
    let url = async { Ok::<_, Error>(login().await.url) }.wait().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let (session, _) = databases("old");
    let (old, young) = (format!("old_{}_7_0", now - 90_000), format!("old_{}_7_0", now - 80_000));
    for database in [&old, &young, &"old_one".to_owned()] {
        session.query("DEFINE DATABASE $name").bind("name", database).wait().ok();
        session.use_db(database).wait().unwrap();
    }
    assert!(run("passes_too", &url).status.success());
    assert_eq!(databases("old_").1, [young, "old_one".to_owned()]);
}

/// What the server on a disk has answered is there after its process was killed.
#[test]
fn data_on_a_disk_survive_the_end_of_the_process() {
    let path = std::env::temp_dir().join(format!("surreal-session-kit-{}", std::process::id()));
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "kit::child::writes_to_a_disk", "--ignored", "--nocapture"]).env("KIT_PATH", &path);
    let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let written = lines.map(|line| line.unwrap()).filter(|line| line.contains("written ")).take(50).count();
    child.kill().unwrap();
    child.wait().unwrap();

    let server = Embedded::builder().path(&path).start().wait().unwrap();
    let db = server.connect().wait().unwrap();
    db.use_ns("kit").use_db("kit").wait().unwrap();
    let count: usize = db.query("RETURN count(SELECT * FROM written)").wait().unwrap().take(0).unwrap();
    assert!(written == 50 && count >= written, "{count} of {written}");
    drop(server);
    std::fs::remove_dir_all(path).ok();
}
