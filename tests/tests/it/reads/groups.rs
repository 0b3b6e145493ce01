//! Aggregates: their types, missing values, and the limits of numbers.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::query::TimeUnit;
use surreal_session::value::{Decimal, Duration};
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Sale {
    id: Id<Sale, i64>,
    state: State,
    amount: i64,
    tip: Option<u8>,
    price: Decimal,
    rate: Option<f64>,
    took: Option<Duration>,
    at: Datetime,
    place: Option<Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Stored)]
#[serde(rename_all = "lowercase")]
enum State {
    Open,
    Paid,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Place {
    city: String,
}

fn sale(state: State, amount: i64) -> NewSale {
    let at = Datetime::from_timestamp(1_700_000_000 + amount * 86_400, 7).unwrap();
    NewSale { state, amount, tip: None, price: Decimal::from(amount), rate: None, took: None, at, place: None }
}

async fn with_sales() -> (Surreal, Session) {
    let (db, session) = place().await;
    let sales = vec![
        (
            1,
            NewSale {
                tip: Some(5),
                rate: Some(0.5),
                place: Some(Place { city: "Rome".into() }),
                ..sale(State::Open, 1)
            },
        ),
        (2, NewSale { tip: Some(255), took: Some(Duration::from_secs(90)), ..sale(State::Paid, 20) }),
        (3, NewSale { tip: Some(255), took: Some(Duration::from_millis(1)), ..sale(State::Paid, -3) }),
    ];
    session.insert(sales).await.unwrap();
    (db, session)
}

#[async_test]
async fn types_of_aggregates_follow_their_fields() {
    let (_db, session) = with_sales().await;
    let sales = session
        .select::<Sale>()
        .group_by(|s| s.state)
        .aggregate(|s| (s.tip.sum(), s.tip.max(), s.price.sum(), s.took.sum()));
    let sales = sales.await.unwrap();
    let open = (State::Open, (5, Some(5), Decimal::from(1), Duration::from_secs(0)));
    assert_eq!(sales, [open, (State::Paid, (510, Some(255), Decimal::from(17), Duration::from_millis(90_001)))]);
    let one: Vec<(State, f64)> =
        session.select::<Sale>().group_by(|s| s.state).aggregate(|s| s.amount.mean()).await.unwrap();
    assert_eq!(one, [(State::Open, 1.0), (State::Paid, 8.5)]);
    let (min, max): (Option<Datetime>, Option<Datetime>) =
        session.select::<Sale>().aggregate(|s| (s.at.min(), s.at.max())).await.unwrap();
    assert_eq!((min, max), (Some(sale(State::Open, -3).at), Some(sale(State::Open, 20).at)));
    let by_place =
        session.select::<Sale>().group_by(|s| (s.place.city, s.amount.gt(0))).aggregate(|_| count()).await.unwrap();
    assert_eq!(by_place, [((None, false), 1), ((None, true), 1), ((Some("Rome".to_owned()), true), 1)]);
}

#[async_test]
async fn statistics_are_those_of_samples() {
    let (_db, session) = with_sales().await;
    let all = session
        .select::<Sale>()
        .aggregate(|s| (s.amount.mean(), s.amount.median(), s.amount.variance(), s.amount.stddev()));
    let (mean, median, variance, stddev) = all.await.unwrap();
    assert_eq!((mean, median, variance), (6.0, 1.0, 151.0));
    assert!((stddev * stddev - variance).abs() < 1e-9);
    let decimals =
        session.select::<Sale>().aggregate(|s| (s.price.mean(), s.price.median(), s.price.variance())).await.unwrap();
    assert_eq!(decimals, (6.0, 1.0, 151.0));
    let one = session
        .select::<Sale>()
        .filter(|s| s.amount.eq(20))
        .aggregate(|s| (s.amount.stddev(), s.amount.variance()))
        .await
        .unwrap();
    assert_eq!(one, (0.0, 0.0));
    let none = session
        .select::<Sale>()
        .filter(|s| s.amount.eq(21))
        .aggregate(|s| (s.amount.stddev(), s.rate.mean(), s.rate.max(), s.took.sum()));
    let (stddev, mean, max, sum) = none.await.unwrap();
    assert!(stddev.is_nan() && mean.is_nan());
    assert_eq!((max, sum), (None, Duration::from_secs(0)));
}

#[async_test]
async fn sum_that_does_not_fit_is_an_error_and_no_other_number() {
    let (_db, session) = with_sales().await;
    session
        .create::<Sale>()
        .id(4)
        .content(NewSale { price: Decimal::from(0), at: Datetime::now(), ..sale(State::Open, 1) })
        .await
        .unwrap();
    session.update::<Sale>().id(4).set(|s| s.amount.set(i64::MAX)).await.unwrap();
    let error = session.select::<Sale>().aggregate(|s| s.amount.sum()).await.unwrap_err();
    assert!(error.to_string().contains("int"), "{error}");
    let exact = session
        .select::<Sale>()
        .filter(|s| s.id.ne(Id::new(2)) & s.id.ne(Id::new(1)))
        .aggregate(|s| s.amount.sum())
        .await
        .unwrap();
    assert_eq!(exact, i64::MAX - 3);
}

#[async_test]
async fn limit_before_groups_counts_records_and_behind_them_groups() {
    let (_db, session) = with_sales().await;
    let first =
        session.select::<Sale>().order_by(|s| s.amount.desc()).limit(2).group_by(|s| s.state).aggregate(|_| count());
    assert_eq!(first.await.unwrap(), [(State::Open, 1), (State::Paid, 1)]);
    let groups = session
        .select::<Sale>()
        .group_by(|s| s.state)
        .aggregate(|_| count())
        .order_by(|_, count| count.desc())
        .limit(1);
    assert_eq!(groups.await.unwrap(), [(State::Paid, 2)]);
    let last = session.select::<Sale>().limit(2).aggregate(|s| (count(), s.amount.sum())).await.unwrap();
    assert_eq!(last, (2, 21));
    let ids = session.select::<Sale>().range(2..).aggregate(|_| count()).await.unwrap();
    assert_eq!(ids, 2);
}

#[async_test]
async fn times_are_grouped_by_their_units() {
    let (_db, session) = with_sales().await;
    let days = session
        .select::<Sale>()
        .group_by(|s| s.at.truncate(TimeUnit::Day))
        .aggregate(|s| s.amount.collect())
        .await
        .unwrap();
    let day = |text: &str| text.parse::<Datetime>().unwrap();
    let expected = [("2023-11-11T00:00:00Z", -3), ("2023-11-15T00:00:00Z", 1), ("2023-12-04T00:00:00Z", 20)];
    assert_eq!(days, expected.map(|(text, amount)| (day(text), vec![amount])));
    let years = session.select::<Sale>().values(|s| s.at.truncate(TimeUnit::Year)).distinct().await.unwrap();
    assert_eq!(years, [day("2023-01-01T00:00:00Z")]);
}

#[async_test]
async fn missing_table_is_an_error_and_an_empty_one_is_not() {
    let (_db, session) = place().await;
    assert!(session.select::<Sale>().group_by(|s| s.state).aggregate(|_| count()).await.unwrap_err().is_not_found());
    session.execute("DEFINE TABLE sale").await.unwrap();
    assert!(session.select::<Sale>().group_by(|s| s.state).aggregate(|_| count()).await.unwrap().is_empty());
    assert_eq!(session.select::<Sale>().aggregate(|s| (count(), s.amount.min())).await.unwrap(), (0, None));
}
