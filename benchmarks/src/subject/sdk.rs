use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::BoxStream;
use surrealdb::engine::remote::ws::{Client, Ws};
use surrealdb::opt::auth::Root;
use surrealdb::types::{RecordId, SurrealValue, Value};
use surrealdb::{Notification, Result, Surreal};

use super::{ROWS, Subject, UPDATED, Work};
use crate::item;
use crate::server::Server;

/// The official SDK, used as its documentation shows.
#[derive(Debug)]
pub struct Sdk {
    db: Surreal<Client>,
}

#[derive(Debug, SurrealValue)]
struct NewItem {
    name: String,
    email: String,
    age: i64,
    score: f64,
    active: bool,
    tags: Vec<String>,
    note: Option<String>,
}

#[derive(Debug, SurrealValue)]
struct Item {
    id: RecordId,
    name: String,
    email: String,
    age: i64,
    score: f64,
    active: bool,
    tags: Vec<String>,
    note: Option<String>,
}

#[derive(Debug, SurrealValue)]
struct Card {
    id: RecordId,
    name: String,
    age: i64,
}

#[derive(Debug, SurrealValue)]
struct ItemPatch {
    age: i64,
    active: bool,
}

impl NewItem {
    fn numbered(number: u64) -> Self {
        let item::NewItem { name, email, age, score, active, tags, note } = item::NewItem::numbered(number);
        Self { name, email, age, score, active, tags, note }
    }
}

impl Sdk {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Those of the SDK.
    pub async fn connect(server: &Server, namespace: &str, database: &str) -> Result<Self> {
        let db = Surreal::new::<Ws>(server.address()).await?;
        db.signin(Root { username: server.user.clone(), password: server.password.clone() }).await?;
        db.use_ns(namespace).use_db(database).await?;
        Ok(Self { db })
    }

    /// The client itself.
    #[must_use]
    pub fn db(&self) -> &Surreal<Client> {
        &self.db
    }

    /// Opens another session that is signed in like this one; it is there when its first query is answered.
    ///
    /// # Errors
    ///
    /// Those of the SDK.
    pub async fn copy(&self) -> Result<Self> {
        let copy = Self { db: self.db.clone() };
        copy.return_value(1).await?;
        Ok(copy)
    }

    /// Whether a query succeeds.
    pub async fn answers(&self) -> bool {
        self.return_value(1).await.is_ok()
    }

    /// Changes of the table; with a number, under a condition that has it.
    ///
    /// # Errors
    ///
    /// Those of the SDK.
    pub async fn live(&self, number: Option<i64>) -> Result<BoxStream<'static, Result<()>>> {
        let Some(number) = number else {
            let stream = self.db.select::<Vec<Item>>("item").live().await?;
            return Ok(stream.map(|change| change.map(drop)).boxed());
        };
        let query = self.db.query("LIVE SELECT * FROM item WHERE age >= $least").bind(("least", -number));
        let stream = query.await?.stream::<Notification<Item>>(0)?;
        Ok(stream.map(|change| change.map(drop)).boxed())
    }

    async fn work(self: Arc<Self>, work: Work, times: u64) -> Result<()> {
        match work {
            Work::CreateInFlight(calls) => self.create_in_flight(calls, times).await,
            Work::Create => self.create(0..times).await,
            Work::Return => self.return_value(times).await,
            Work::Select => self.select(times).await,
            Work::SelectValue => self.select_value(times).await,
            Work::SelectView => self.select_view(times).await,
            Work::Update => self.update(times).await,
            Work::Transaction => self.transaction(times).await,
            Work::Batch => self.batch(times).await,
            Work::Insert => self.insert(times).await,
            Work::Fork => self.fork(times).await,
            Work::Session => unreachable!("it has no session without a query"),
        }
    }

    async fn create(&self, numbers: impl Iterator<Item = u64>) -> Result<()> {
        for number in numbers {
            let created: Option<Item> = self.db.create("item").content(NewItem::numbered(number)).await?;
            assert!(created.is_some());
        }
        Ok(())
    }

    /// With one handle: a clone of it is another session.
    async fn create_in_flight(self: Arc<Self>, calls: u64, times: u64) -> Result<()> {
        let tasks = (0..calls).map(|first| {
            let subject = Arc::clone(&self);
            let numbers = (first..times).step_by(usize::try_from(calls).unwrap_or(usize::MAX));
            tokio::spawn(async move { subject.create(numbers).await })
        });
        join_all(tasks).await.into_iter().try_for_each(|ended| ended.expect("no task panics"))
    }

    async fn return_value(&self, times: u64) -> Result<()> {
        for number in 0..times.cast_signed() {
            let returned: Option<i64> = self.db.query("RETURN $x").bind(("x", number)).await?.take(0)?;
            assert_eq!(returned, Some(number));
        }
        Ok(())
    }

    async fn select(&self, times: u64) -> Result<()> {
        for _ in 0..times {
            let items: Vec<Item> = self.db.select("item").await?;
            assert_eq!(items.len() as u64, ROWS);
        }
        Ok(())
    }

    async fn select_value(&self, times: u64) -> Result<()> {
        for _ in 0..times {
            let items: Value = self.db.query("SELECT * FROM item").await?.take(0)?;
            assert!(matches!(items, Value::Array(items) if items.len() as u64 == ROWS));
        }
        Ok(())
    }

    async fn select_view(&self, times: u64) -> Result<()> {
        for _ in 0..times {
            let cards: Vec<Card> = self.db.query("SELECT id, name, age FROM item").await?.take(0)?;
            assert_eq!(cards.len() as u64, ROWS);
        }
        Ok(())
    }

    async fn update(&self, times: u64) -> Result<()> {
        for number in 0..times {
            let id = ("item", format!("number{}", number % UPDATED));
            let patch = ItemPatch { age: number.cast_signed(), active: true };
            let updated: Option<Item> = self.db.update(id).merge(patch).await?;
            assert!(updated.is_some());
        }
        Ok(())
    }

    async fn transaction(&self, times: u64) -> Result<()> {
        for number in 0..times {
            // `begin` wants the handle itself, and a clone is a new session.
            let tx = self.db.clone().begin().await?;
            let _: Option<Item> = tx.create("item").content(NewItem::numbered(number)).await?;
            let patch = ItemPatch { age: number.cast_signed(), active: true };
            let _: Option<Item> = tx.update(("item", "number0")).merge(patch).await?;
            let _: Option<Item> = tx.create("item").content(NewItem::numbered(number)).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn batch(&self, times: u64) -> Result<()> {
        for number in 0..times {
            let mut query = self.db.query(BATCH);
            for n in 0..10 {
                query = query.bind((format!("_{n}"), NewItem::numbered(10 * number + n)));
            }
            let mut results = query.await?.check()?;
            for index in 0..10 {
                let created: Option<Item> = results.take(index)?;
                assert!(created.is_some());
            }
        }
        Ok(())
    }

    /// A clone is a session; it is opened in the background, and closed when it is dropped.
    async fn fork(&self, times: u64) -> Result<()> {
        for _ in 0..times {
            self.copy().await?;
        }
        Ok(())
    }

    async fn insert(&self, times: u64) -> Result<()> {
        for _ in 0..times {
            let new: Vec<_> = (0..ROWS).map(NewItem::numbered).collect();
            let items: Vec<Item> = self.db.insert("item").content(new).await?;
            assert_eq!(items.len() as u64, ROWS);
        }
        Ok(())
    }
}

impl Subject for Sdk {
    fn run(self: Arc<Self>, work: Work, times: u64) -> Option<BoxFuture<'static, ()>> {
        if work == Work::Session {
            return None;
        }
        Some(Box::pin(async move { self.work(work, times).await.expect("the work is done") }))
    }
}

const BATCH: &str = "CREATE item CONTENT $_0; CREATE item CONTENT $_1; CREATE item CONTENT $_2; CREATE item CONTENT $_3; \
    CREATE item CONTENT $_4; CREATE item CONTENT $_5; CREATE item CONTENT $_6; CREATE item CONTENT $_7; \
    CREATE item CONTENT $_8; CREATE item CONTENT $_9";
