//! Reports of a shop: totals by group, columns, pages by key and by number, and a sub-query.
//!
//! `cargo run --example reports` starts a server in this process. Set `SURREAL_URL` to use your own server.

use std::error::Error;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::query::TimeUnit;
use surreal_session::value::Decimal;
use surreal_session_examples::Server;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Customer {
    id: Id<Customer>,
    name: String,
    country: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Order {
    id: Id<Order, i64>,
    customer: Id<Customer>,
    state: State,
    total: Decimal,
    items: u32,
    tags: Vec<String>,
    at: Datetime,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Stored)]
#[serde(rename_all = "lowercase")]
enum State {
    Open,
    Paid,
    Returned,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;
    let session = db.new_session().signin(server.root.clone()).use_ns("examples").use_db("reports").await?;
    fill(&session).await?;

    println!("Orders by state:");
    let states = session
        .select::<Order>()
        .group_by(|o| o.state)
        .aggregate(|o| (count(), o.total.sum(), o.items.mean()))
        .order_by(|_, (count, ..)| count.desc())
        .await?;
    for (state, (count, total, items)) in &states {
        println!("  {state:?}: {count} orders, {total}, {items:.1} items each");
    }
    assert_eq!(states.iter().map(|(_, (count, ..))| count).sum::<u64>(), 60);

    println!("Turnover by country and month, above 400:");
    let turnover = session
        .select::<Order>()
        .filter(|o| o.state.eq(State::Paid))
        .group_by(|o| (o.customer.country, o.at.truncate(TimeUnit::Month)))
        .aggregate(|o| o.total.sum())
        .having(|_, total| total.gt(Decimal::from(400)))
        .await?;
    for ((country, month), total) in turnover {
        println!("  {} {}: {total}", country.as_deref().unwrap_or("?"), &month.to_string()[..7]);
    }

    let tags = session.select::<Order>().group_by(|o| o.tags.split()).aggregate(|_| count()).await?;
    println!("Orders by tag: {tags:?}");
    let (orders, largest) = session.select::<Order>().aggregate(|o| (count(), o.total.max())).await?;
    println!("{orders} orders, the largest {largest:?}");

    let large = session.select::<Order>().filter(|o| o.total.gt(Decimal::from(90))).values(|o| o.customer);
    let customers = session.select::<Customer>().filter(|c| c.id.is_in_select(large)).values(|c| (c.name, c.country));
    println!("Customers with large orders: {:?}", customers.await?);

    println!("Pages by total, the largest first:");
    let by_total = session.select::<Order>().order_by(|o| o.total.desc());
    let (mut cursor, mut pages, mut seen) = (None, 0, 0);
    loop {
        // The cursor of a web page comes back as text: `text.parse()?`.
        let page = by_total.clone().page(25, cursor).await?;
        (pages, seen) = (pages + 1, seen + page.rows.len());
        println!("  page {pages}: {} orders, from {}", page.rows.len(), page.rows[0].total);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((pages, seen), (3, 60));

    let last = by_total.page_at(25, 3).await?;
    println!("page {} of {}: {} orders of {}", last.number, last.pages(), last.rows.len(), last.total);
    Ok(())
}

async fn fill(session: &Session) -> surreal_session::Result<()> {
    session.execute("REMOVE TABLE IF EXISTS order; REMOVE TABLE IF EXISTS customer").await?;
    let customer = |name: &str, country: &str| NewCustomer { name: name.into(), country: country.into() };
    let customers = [("ada", customer("Ada", "gb")), ("bob", customer("Bob", "fr")), ("cy", customer("Cy", "fr"))];
    session.insert(customers).await?;
    let order = |number: i64| {
        let index = usize::try_from(number).unwrap_or_default();
        let tags = ["gift", "express"].iter().take(index % 3).map(|tag| (*tag).to_owned()).collect();
        let order = NewOrder {
            customer: Id::new(["ada", "bob", "cy"][index % 3]),
            state: [State::Paid, State::Open, State::Paid, State::Returned][index % 4],
            total: Decimal::from(number * 37 % 101),
            items: u32::try_from(index % 7).unwrap_or_default() + 1,
            tags,
            at: Datetime::from_timestamp(1_767_225_600 + number * 86_400, 0).unwrap_or_else(Datetime::now),
        };
        (number, order)
    };
    session.insert((0..60).map(order).collect::<Vec<_>>()).await?;
    Ok(())
}
