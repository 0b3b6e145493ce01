//! The databases of `#[surreal_session_embedded::test]`.
//!
//! The tests of a process share a server and a connection. The connection runs on the thread for connections of
//! [`surreal_session::blocking`], so that it does not end with the runtime of the test that was first.

use std::cell::RefCell;
use std::env;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use surreal_session::auth::Root;
use surreal_session::blocking::{Queryable, Wait};
use surreal_session::schema::Definitions;
use surreal_session::value::Value;
use surreal_session::{Result, Session, Surql, Surreal};
use tokio::runtime;

use crate::Embedded;
use crate::once::Once;

/// A test, as its attribute describes it.
#[derive(Debug)]
pub struct Test {
    /// With the path of its module.
    pub name: &'static str,
    /// It passes if it panics.
    pub expects_panic: bool,
    /// It may stop its server.
    pub has_own_server: bool,
    /// The number of threads of its runtime, or zero for one for each core; `None` for the thread of the test.
    pub workers: Option<usize>,
}

/// The database of one test.
#[derive(Debug)]
pub struct Place {
    server: Server,
    database: String,
    own_server: Option<OwnServer>,
}

/// A server, and a session of root in the namespace of the tests.
#[derive(Debug, Clone)]
struct Server {
    url: String,
    credentials: Root,
    root: Session,
}

/// The server of one test alone, until the test takes it. Everything ends with it.
type OwnServer = RefCell<Option<Embedded>>;

/// The outcome of a test.
#[diagnostic::on_unimplemented(message = "a test returns nothing or a `Result`, not `{Self}`")]
pub trait Outcome {
    /// Returns true if the test has failed.
    fn has_failed(&self) -> bool;
}

impl Outcome for () {
    fn has_failed(&self) -> bool {
        false
    }
}

impl<T, E> Outcome for Result<T, E> {
    fn has_failed(&self) -> bool {
        self.is_err()
    }
}

/// An argument of a test.
#[diagnostic::on_unimplemented(
    message = "a test cannot have an argument of type `{Self}`",
    note = "the arguments of a test are a `Session` or several, a `Surreal`, and with `server = \"own\"` the `Embedded`"
)]
pub trait Argument: Sized {
    /// Makes it for the test.
    fn of(place: &Place) -> impl Future<Output = Result<Self>>;
}

/// A session in the test's database.
impl Argument for Session {
    async fn of(place: &Place) -> Result<Self> {
        // With the token of that session: checking a password takes the server longer than all else.
        let session = place.server.root.fork().await?;
        session.use_db(&place.database).await?;
        Ok(session)
    }
}

/// A connection of the test's own, whose default session is in the test's database.
impl Argument for Surreal {
    async fn of(place: &Place) -> Result<Self> {
        let db = Self::connect(&place.server.url).await?;
        db.signin(place.server.credentials.clone()).await?;
        db.use_ns(NAMESPACE).use_db(&place.database).await?;
        Ok(db)
    }
}

/// The server of the test alone.
impl Argument for Embedded {
    #[expect(clippy::panic, reason = "the test is wrong")]
    async fn of(place: &Place) -> Result<Self> {
        let server = place.own_server.as_ref().and_then(|server| server.borrow_mut().take());
        Ok(server.unwrap_or_else(|| panic!("a test gets a server with `server = \"own\"`, and once")))
    }
}

impl Place {
    fn new(test: &Test) -> Result<Self> {
        let database = name_of(test.name);
        if test.has_own_server {
            let server = Embedded::blocking()?;
            let (of, own_server) = (Server::of(&server)?, Some(RefCell::new(Some(server))));
            return Ok(Self { server: of, database, own_server });
        }
        Ok(Self { server: shared()?.clone(), database, own_server: None })
    }

    /// Makes an argument of the test.
    ///
    /// # Errors
    ///
    /// If the server refuses it.
    pub async fn argument<T: Argument>(&self) -> Result<T> {
        T::of(self).await
    }

    /// Defines the schema of models.
    pub async fn define<M: Definitions>(&self) -> Result<()> {
        let session: Session = self.argument().await?;
        session.define::<M>().await?.check().map(drop)
    }

    /// Executes the text of a fixture in the test's database.
    ///
    /// # Errors
    ///
    /// If a statement fails.
    pub async fn execute(&self, text: &'static str) -> Result<()> {
        self.argument::<Session>().await?.execute(text).await
    }

    /// Returns the value.
    ///
    /// # Panics
    ///
    /// If there is an error.
    #[expect(clippy::panic, reason = "the test fails by it")]
    pub fn check<T, E: Debug>(&self, what: &str, outcome: Result<T, E>) -> T {
        outcome.unwrap_or_else(|error| panic!("{what}: {error:?}"))
    }

    /// Removes the database, or says where it is.
    #[expect(clippy::print_stderr, reason = "the harness shows it with a failed test")]
    fn end(self, has_failed: bool) {
        if self.own_server.is_some() {
            return;
        }
        if has_failed {
            eprintln!(
                "the database of this test: namespace `{NAMESPACE}`, database `{}`, {}",
                self.database, self.server.url
            );
            return;
        }
        if let Err(error) = remove(&self.server.root, &self.database) {
            eprintln!("the database `{}` of this test was not removed: {error}", self.database);
        }
    }
}

/// Runs a test in a database of its own.
///
/// # Panics
///
/// If the test does, or its database cannot be made.
#[expect(clippy::panic, reason = "a test that cannot run must fail")]
pub fn run<T: Outcome>(test: Test, body: impl AsyncFnOnce(&Place) -> T) -> T {
    let workers = test.workers;
    run_blocking(test, |place| {
        let mut builder = match workers {
            None => runtime::Builder::new_current_thread(),
            Some(_) => runtime::Builder::new_multi_thread(),
        };
        if let Some(workers @ 1..) = workers {
            builder.worker_threads(workers);
        }
        let runtime = builder.enable_all().build().unwrap_or_else(|error| panic!("no runtime: {error}"));
        runtime.block_on(body(place))
    })
}

/// Runs a test without `async` in a database of its own.
///
/// # Panics
///
/// If the test does, or its database cannot be made.
#[expect(clippy::panic, reason = "a test that cannot run must fail")]
pub fn run_blocking<T: Outcome>(test: Test, body: impl FnOnce(&Place) -> T) -> T {
    let place = Place::new(&test).unwrap_or_else(|error| panic!("no database for the test: {error:?}"));
    let outcome = catch_unwind(AssertUnwindSafe(|| body(&place)));
    place.end(outcome.as_ref().map_or(!test.expects_panic, Outcome::has_failed));
    outcome.unwrap_or_else(|panic| resume_unwind(panic))
}

impl Server {
    fn connect(url: String, credentials: Root) -> Result<Self> {
        let db = Surreal::connect(&url).wait()?;
        let root = db.new_session().signin(credentials.clone()).use_ns(NAMESPACE).wait()?;
        Ok(Self { url, credentials, root })
    }

    fn of(server: &Embedded) -> Result<Self> {
        Self::connect(server.url().to_owned(), Root::new(server.username(), server.password()))
    }

    /// The server that the environment names.
    fn outside(url: String) -> Result<Self> {
        let variable = |name| env::var(name).unwrap_or_else(|_| "root".to_owned());
        let server = Self::connect(url, Root::new(variable("SURREAL_USER"), variable("SURREAL_PASS")))?;
        remove_old(&server.root)?;
        Ok(server)
    }
}

/// The server of all tests of this process.
fn shared() -> Result<&'static Server> {
    static SHARED: Once<Server> = Once::new();
    SHARED.get_or_start(|| match env::var("SURREAL_URL") {
        Ok(url) => Server::outside(url),
        Err(_) => Server::of(Embedded::shared()?),
    })
}

/// The name of the database of a test: that of the test, the time, the process, and a number.
fn name_of(test: &str) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let test: String = test.replace("::", "_").chars().map(plain).collect();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{}_{}_{}_{number}", &test[test.len().saturating_sub(80)..], now().as_secs(), process::id())
}

/// The time of the run whose test had this database. `None` for a name that is not one of [`name_of`].
fn time_of(database: &str) -> Option<Duration> {
    let is_plain = database.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let time = database.rsplit('_').nth(2).filter(|_| is_plain)?;
    time.parse().ok().map(Duration::from_secs)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Removes what earlier runs have left on a server that stays: databases of failed tests, and of runs that were killed.
fn remove_old(root: &Session) -> Result<()> {
    let Value::Object(info) = root.query("INFO FOR NS").wait()?.take(0)? else { return Ok(()) };
    let Some(Value::Object(databases)) = info.get("databases") else { return Ok(()) };
    let is_old = |time: Duration| now().saturating_sub(time) > KEPT;
    let mut old = databases.keys().filter(|database| time_of(database).is_some_and(is_old));
    old.try_for_each(|database| remove(root, database))
}

fn remove(root: &Session, database: &str) -> Result<()> {
    root.execute(Surql::dynamic(format!("REMOVE DATABASE IF EXISTS `{database}`"))).wait()
}

/// The namespace of the databases of all tests.
const NAMESPACE: &str = "surreal_session_test";

/// The time after which a database that a run has left is removed.
const KEPT: Duration = Duration::from_hours(24);
