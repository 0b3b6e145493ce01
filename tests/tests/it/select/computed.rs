//! COMPUTED fields that a select does not need are not computed.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, is_version_in, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Gauge {
    id: Id<Gauge, i64>,
    n: i64,
    spot: Spot,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Spot {
    #[serde(rename = "the `x`.y")]
    x: i64,
}

#[derive(Debug, PartialEq, Deserialize, View)]
#[record(of = Gauge)]
struct OnlyId {
    id: Id<Gauge, i64>,
}

/// A view whose field has the name of another field of the record.
#[derive(Debug, PartialEq, Deserialize, View)]
#[record(of = Gauge)]
struct Renamed {
    #[record(from = "spot.x")]
    n: i64,
}

async fn with_gauges() -> (Surreal, Session) {
    let (db, session) = place().await;
    let gauges = (0..3).map(|key| (key, NewGauge { n: key % 2, spot: Spot { x: 10 - key } }));
    session.insert(gauges.collect::<Vec<_>>()).await.unwrap();
    // Computing it fails.
    session.execute("DEFINE FIELD boom ON gauge COMPUTED <int> 'x'").await.unwrap();
    assert!(session.select::<Gauge>().await.is_err());
    (db, session)
}

#[async_test]
async fn view_in_an_order_computes_only_what_it_needs() {
    let (_db, session) = with_gauges().await;
    let gauges = session.select::<Gauge>();
    let ids = gauges.clone().view::<OnlyId>().order_by(|g| (g.n.desc(), g.spot.x.asc())).await.unwrap();
    assert_eq!(ids.iter().map(|view| *view.id.key()).collect::<Vec<_>>(), [1, 2, 0]);
    let renamed = gauges.clone().order_by(|g| (g.n.asc(), g.id.desc())).limit(2).view::<Renamed>().await.unwrap();
    assert_eq!(renamed, [Renamed { n: 8 }, Renamed { n: 10 }]);
    let range = gauges.clone().range(1..).order_by(|g| g.spot.x).first().view::<OnlyId>().await.unwrap().unwrap();
    assert_eq!(range.id, Id::new(2));
    if is_version_in(.."4.0").await {
        assert_eq!(gauges.clone().id(1).view::<Renamed>().await.unwrap(), Some(Renamed { n: 9 }));
    }
    assert_eq!(gauges.clone().count().await.unwrap(), 3);
    assert!(gauges.exists().await.unwrap());
}

/// Facts of the server (3.3.5) that the documentation of `Select` names.
#[async_test]
async fn server_computes_all_fields_for_bound_filters_and_lists_of_ids() {
    let (_db, session) = with_gauges().await;
    let gauges = session.select::<Gauge>();
    assert!(gauges.clone().filter(|g| g.n.eq(1)).view::<OnlyId>().await.is_err());
    assert!(gauges.clone().filter(|g| g.n.eq(1)).count().await.is_err());
    assert!(gauges.clone().filter(|g| g.n.eq(1)).exists().await.is_err());
    assert!(gauges.clone().ids([1]).view::<OnlyId>().await.is_err());
    let literal = gauges.filter(|_| Condition::raw("n = 1")).view::<OnlyId>().await.unwrap();
    assert_eq!(literal, [OnlyId { id: Id::new(1) }]);
}
