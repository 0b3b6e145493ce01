use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};
use surreal_session::prelude::{Queryable, Session, Table, Value, keep, set};
use surreal_session::{Result, Surreal};

use super::{ROWS, Subject, UPDATED, Work};
use crate::item::{Card, Item, ItemPatch, NewItem};
use crate::server::Server;

/// This library.
#[derive(Debug, Clone)]
pub struct Ours {
    db: Surreal,
    /// The connection's default session.
    session: Session,
}

impl Ours {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Those of the client.
    pub async fn connect(server: &Server, database: &str) -> Result<Self> {
        Self::connect_to(&server.url, server, database).await
    }

    /// Connects with this number of sockets, and opens a session on each.
    ///
    /// # Errors
    ///
    /// Those of the client.
    pub async fn on_sockets(server: &Server, database: &str, sockets: usize) -> Result<Vec<Self>> {
        let db = Surreal::connect(&server.url).sockets(sockets..=sockets).await?;
        db.signin(server.root()).await?;
        db.use_ns("benchmarks").use_db(database).await?;
        let mut clients = Vec::new();
        for _ in 0..sockets {
            clients.push(Self { db: db.clone(), session: db.fork().await? });
        }
        Ok(clients)
    }

    /// Connects to another URL than that of the server.
    pub(super) async fn connect_to(url: &str, server: &Server, database: &str) -> Result<Self> {
        let db = Surreal::connect(url).await?;
        let session = Session::from(db.clone());
        session.signin(server.root()).await?;
        session.use_ns("benchmarks").use_db(database).await?;
        Ok(Self { db, session })
    }

    pub(super) async fn work(&self, work: Work, times: u64) -> Result<()> {
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
            Work::Session => self.open_and_close(times).await,
            Work::Fork => self.fork(times).await,
        }
    }

    async fn create(&self, numbers: impl Iterator<Item = u64>) -> Result<()> {
        for number in numbers {
            self.session.create::<Item>().content(NewItem::numbered(number)).await?;
        }
        Ok(())
    }

    async fn create_in_flight(&self, calls: u64, times: u64) -> Result<()> {
        let tasks = (0..calls).map(|first| {
            let subject = self.clone();
            let numbers = (first..times).step_by(usize::try_from(calls).unwrap_or(usize::MAX));
            tokio::spawn(async move { subject.create(numbers).await })
        });
        join_all(tasks).await.into_iter().try_for_each(|ended| ended.expect("no task panics"))
    }

    async fn return_value(&self, times: u64) -> Result<()> {
        for number in 0..times {
            let returned: u64 = self.session.query("RETURN $x").bind("x", number).await?.take(0)?;
            assert_eq!(returned, number);
        }
        Ok(())
    }

    async fn select(&self, times: u64) -> Result<()> {
        for _ in 0..times {
            let items: Vec<Item> = self.session.select::<Item>().await?;
            assert_eq!(items.len() as u64, ROWS);
        }
        Ok(())
    }

    async fn select_value(&self, times: u64) -> Result<()> {
        for _ in 0..times {
            let items: Vec<Value> = self.session.untyped().select(Table::new("item")).await?;
            assert_eq!(items.len() as u64, ROWS);
        }
        Ok(())
    }

    async fn select_view(&self, times: u64) -> Result<()> {
        for _ in 0..times {
            let cards: Vec<Card> = self.session.select::<Item>().view().await?;
            assert_eq!(cards.len() as u64, ROWS);
        }
        Ok(())
    }

    async fn update(&self, times: u64) -> Result<()> {
        for number in 0..times {
            let patch = ItemPatch { age: set(number.cast_signed()), active: set(true), ..keep() };
            self.session.update::<Item>().id(format!("number{}", number % UPDATED)).merge(patch).await?;
        }
        Ok(())
    }

    async fn transaction(&self, times: u64) -> Result<()> {
        for number in 0..times {
            let tx = self.session.begin_transaction().await?;
            let item = tx.create::<Item>().content(NewItem::numbered(number)).await?;
            drop(item);
            let patch = ItemPatch { age: set(number.cast_signed()), active: set(true), ..keep() };
            tx.update::<Item>().id("number0").merge(patch).await?;
            tx.create::<Item>().content(NewItem::numbered(number)).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn batch(&self, times: u64) -> Result<()> {
        for number in 0..times {
            let creates = (0..10).map(|n| self.session.create::<Item>().content(NewItem::numbered(10 * number + n)));
            let items = self.session.batch(creates.collect::<Vec<_>>()).await?;
            assert_eq!(items.len(), 10);
        }
        Ok(())
    }

    async fn insert(&self, times: u64) -> Result<()> {
        for _ in 0..times {
            let items = self.session.insert((0..ROWS).map(NewItem::numbered).collect::<Vec<_>>()).await?;
            assert_eq!(items.len() as u64, ROWS);
        }
        Ok(())
    }

    async fn open_and_close(&self, times: u64) -> Result<()> {
        for _ in 0..times {
            self.db.new_session().await?.close_session().await?;
        }
        Ok(())
    }

    async fn fork(&self, times: u64) -> Result<()> {
        for number in 0..times {
            let session = self.session.fork().await?;
            let returned: u64 = session.query("RETURN $x").bind("x", number).await?.take(0)?;
            assert_eq!(returned, number);
            session.close_session().await?;
        }
        Ok(())
    }

    /// Empties the table; with records, and those that updates change, if this is asked for.
    ///
    /// # Errors
    ///
    /// Those of the client.
    pub async fn prepare(&self, work: Work) -> Result<()> {
        self.session.execute("REMOVE TABLE IF EXISTS item; DEFINE TABLE item").await?;
        if work.reads() {
            self.insert(1).await?;
        }
        if matches!(work, Work::Update | Work::Transaction) {
            for number in 0..UPDATED {
                let id = format!("number{number}");
                self.session.create::<Item>().id(id).content(NewItem::numbered(number)).return_none().await?;
            }
        }
        Ok(())
    }
}

impl Subject for Ours {
    fn run(self: Arc<Self>, work: Work, times: u64) -> Option<BoxFuture<'static, ()>> {
        Some(Box::pin(async move { self.work(work, times).await.expect("the work is done") }))
    }
}
