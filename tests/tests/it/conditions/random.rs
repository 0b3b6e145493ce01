//! Random conditions match the same records on the server as in Rust.

use proptest::arbitrary::any;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::value::Duration;
use surreal_session_tests::{async_test, place};

const ROWS: usize = 60;
const CONDITIONS: usize = 120;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Row {
    id: Id<Row, i64>,
    number: i64,
    other: Option<i64>,
    small: u8,
    float: f64,
    text: String,
    nick: Option<String>,
    flag: bool,
    tags: Vec<String>,
    scores: Option<Vec<i64>>,
    at: Datetime,
    worked: Duration,
    inner: Option<Inner>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Inner {
    count: i64,
    label: Option<String>,
}

/// A condition in both of its forms.
#[derive(Debug, Clone)]
struct Both {
    surql: Condition<Row>,
    rust: Predicate,
}

#[derive(Clone)]
struct Predicate(std::sync::Arc<dyn Fn(&Row) -> bool + Send + Sync>);

impl std::fmt::Debug for Predicate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Predicate")
    }
}

fn both(surql: Condition<Row>, rust: impl Fn(&Row) -> bool + Send + Sync + 'static) -> Both {
    Both { surql, rust: Predicate(std::sync::Arc::new(rust)) }
}

fn number() -> impl Strategy<Value = i64> {
    -3_i64..4
}

fn real(number: i64) -> f64 {
    f64::from(i32::try_from(number).unwrap())
}

fn unsigned(number: i64) -> u8 {
    u8::try_from(number.unsigned_abs()).unwrap()
}

fn text() -> impl Strategy<Value = String> {
    "[aAbé`'\\\\ ]{0,3}"
}

fn seconds() -> impl Strategy<Value = u64> {
    0_u64..4
}

fn datetime(seconds: u64) -> Datetime {
    format!("2024-01-01T00:00:0{seconds}Z").parse().unwrap()
}

fn row() -> impl Strategy<Value = Row> {
    let numbers = (number(), prop::option::of(number()), 0_u8..4, number(), any::<bool>());
    let texts = (text(), prop::option::of(text()), prop::collection::vec(text(), 0..3));
    let scores = prop::option::of(prop::collection::vec(number(), 0..3));
    let inner = prop::option::of((number(), prop::option::of(text())));
    (numbers, texts, scores, seconds(), seconds(), inner).prop_map(
        |((number, other, small, float, flag), (text, nick, tags), scores, at, worked, inner)| Row {
            id: Id::new(0),
            number,
            other,
            small,
            float: real(float) / 2.0,
            text,
            nick,
            flag,
            tags,
            scores,
            at: datetime(at),
            worked: Duration::from_secs(worked),
            inner: inner.map(|(count, label)| Inner { count, label }),
        },
    )
}

fn u() -> Fields<Row> {
    *Row::fields()
}

fn numbers() -> impl Strategy<Value = Both> {
    (0..20, number(), number()).prop_map(|(which, a, b)| match which {
        0 => both(u().number.eq(a), move |r| r.number == a),
        1 => both(u().number.ne(a), move |r| r.number != a),
        2 => both(u().number.lt(a), move |r| r.number < a),
        3 => both(u().number.lte(a), move |r| r.number <= a),
        4 => both(u().number.gt(a), move |r| r.number > a),
        5 => both(u().number.gte(a), move |r| r.number >= a),
        6 => both(u().other.eq(a), move |r| r.other == Some(a)),
        7 => both(u().other.ne(a), move |r| r.other != Some(a)),
        8 => both(u().other.lt(a), move |r| r.other.is_some_and(|other| other < a)),
        9 => both(u().other.gte(a), move |r| r.other.is_some_and(|other| other >= a)),
        10 => both(u().other.between(a, b), move |r| r.other.is_some_and(|other| (a..=b).contains(&other))),
        11 => both(u().other.is_in([a, b]), move |r| r.other.is_some_and(|other| [a, b].contains(&other))),
        12 => both(u().other.is_in([Some(a), None]), move |r| [Some(a), None].contains(&r.other)),
        13 => both(u().other.eq(None), |r| r.other.is_none()),
        14 => both(u().other.ne(None), |r| r.other.is_some()),
        15 => both(u().other.lt(None), |_| false),
        16 => both(u().number.gt(Some(a).into_iter().sum::<i64>()), move |r| r.number > a),
        17 => both(u().float.lt(real(a)), move |r| r.float < real(a)),
        18 => both(u().float.eq(real(a) / 2.0), move |r| r.float == real(a) / 2.0),
        _ => both(u().small.gte(unsigned(a)), move |r| r.small >= unsigned(a)),
    })
}

fn fields() -> impl Strategy<Value = Both> {
    (0..12, number()).prop_map(|(which, a)| match which {
        0 => both(u().number.eq(u().other), |r| Some(r.number) == r.other),
        1 => both(u().other.ne(u().number), |r| Some(r.number) != r.other),
        2 => both(u().number.gt(u().other), |r| r.other.is_some_and(|other| r.number > other)),
        3 => both(u().other.lte(u().number), |r| r.other.is_some_and(|other| other <= r.number)),
        4 => both(u().nick.eq(u().text), |r| r.nick.as_ref() == Some(&r.text)),
        5 => both(u().nick.eq(u().inner.label), |r| r.nick == r.inner.as_ref().and_then(|inner| inner.label.clone())),
        6 => both(u().number.between(u().other, a), move |r| {
            r.other.is_some_and(|other| (other..=a).contains(&r.number))
        }),
        7 => both(u().inner.count.lt(a), move |r| r.inner.as_ref().is_some_and(|inner| inner.count < a)),
        8 => both(u().inner.count.ne(a), move |r| r.inner.as_ref().is_none_or(|inner| inner.count != a)),
        9 => both(u().inner.label.is_none(), |r| r.inner.as_ref().is_none_or(|inner| inner.label.is_none())),
        10 => both(u().inner.is_some(), |r| r.inner.is_some()),
        _ => both(u().other.is_in([u().number]), |r| r.other == Some(r.number)),
    })
}

fn calculated() -> impl Strategy<Value = Both> {
    (0..10, number(), seconds()).prop_map(|(which, a, s)| match which {
        0 => both(u().number.add(a).gt(1), move |r| r.number + a > 1),
        1 => both(u().other.sub(a).lt(u().number), move |r| r.other.is_some_and(|other| other - a < r.number)),
        2 => {
            both(u().other.mul(2).add(u().number).ne(a), move |r| r.other.is_none_or(|other| other * 2 + r.number != a))
        }
        3 => both(u().number.div(2).eq(a), move |r| r.number / 2 == a),
        4 => both(u().float.div(2.0).lte(real(a)), move |r| r.float / 2.0 <= real(a)),
        5 => both(u().other.add(u().other).is_none(), |r| r.other.is_none()),
        6 => both(u().at.lt(datetime(s)), move |r| r.at < datetime(s)),
        7 => both(u().at.add(u().worked).gte(datetime(s)), move |r| seconds_of(&r.at) + seconds_in(r.worked) >= s),
        8 => both(u().worked.add(std::time::Duration::from_secs(1)).eq(std::time::Duration::from_secs(s)), move |r| {
            seconds_in(r.worked) + 1 == s
        }),
        _ => both(u().small.sub(2).lt(1), |r| i64::from(r.small) - 2 < 1),
    })
}

fn seconds_in(duration: Duration) -> u64 {
    duration.as_std().as_secs()
}

fn seconds_of(at: &Datetime) -> u64 {
    (0..4).find(|&seconds| *at == datetime(seconds)).unwrap()
}

fn texts() -> impl Strategy<Value = Both> {
    (0..12, text()).prop_map(|(which, a)| match which {
        0 => both(u().text.eq(&a), move |r| r.text == a),
        1 => both(u().text.starts_with(&a), move |r| r.text.starts_with(&a)),
        2 => both(u().text.ends_with(&a), move |r| r.text.ends_with(&a)),
        3 => both(u().text.contains(&a), move |r| r.text.contains(&a)),
        4 => both(u().text.lt(&a), move |r| r.text < a),
        5 => both(u().nick.starts_with(a.as_str()), move |r| r.nick.as_ref().is_some_and(|nick| nick.starts_with(&a))),
        6 => both(u().nick.gt(a.as_str()), move |r| r.nick.as_ref().is_some_and(|nick| *nick > a)),
        7 => both(u().nick.lowercase().eq(a.as_str()), move |r| {
            r.nick.as_ref().is_some_and(|nick| nick.to_lowercase() == a)
        }),
        8 => both(u().nick.lowercase().ne(a.as_str()), move |r| {
            r.nick.as_ref().is_none_or(|nick| nick.to_lowercase() != a)
        }),
        9 => both(u().nick.uppercase().contains(a.as_str()), move |r| {
            r.nick.as_ref().is_some_and(|nick| nick.to_uppercase().contains(&a))
        }),
        10 => both(u().nick.ends_with(u().text), |r| r.nick.as_ref().is_some_and(|nick| nick.ends_with(&r.text))),
        _ => both(u().text.contains_any([a.as_str(), "b"]), move |r| r.text.contains(&a) || r.text.contains('b')),
    })
}

fn arrays() -> impl Strategy<Value = Both> {
    let none = |scores: &Option<Vec<i64>>| scores.clone().unwrap_or_default();
    (0..16, text(), number()).prop_map(move |(which, a, n)| match which {
        0 => both(u().tags.contains(&a), move |r| r.tags.contains(&a)),
        1 => both(u().tags.contains_any([&a, "b"].map(String::from)), move |r| {
            r.tags.contains(&a) || r.tags.iter().any(|tag| tag == "b")
        }),
        2 => both(u().tags.contains_all([a.as_str(), "b"]), move |r| {
            r.tags.contains(&a) && r.tags.iter().any(|tag| tag == "b")
        }),
        3 => both(u().scores.contains(n), move |r| none(&r.scores).contains(&n)),
        4 => both(u().scores.contains(u().number), move |r| none(&r.scores).contains(&r.number)),
        5 => both(u().scores.len().eq(n.unsigned_abs()), move |r| none(&r.scores).len() as u64 == n.unsigned_abs()),
        6 => both(u().scores.is_empty(), move |r| none(&r.scores).is_empty()),
        7 => both(u().scores.any(|score| score.lt(n)), move |r| none(&r.scores).iter().any(|score| *score < n)),
        8 => both(u().scores.all(|score| score.ne(n)), move |r| none(&r.scores).iter().all(|score| *score != n)),
        9 => both(u().tags.any(|tag| tag.starts_with(&a) & !tag.eq("b")), move |r| {
            r.tags.iter().any(|tag| tag.starts_with(&a) && tag != "b")
        }),
        10 => both(u().tags.at::<1>().eq(&a), move |r| r.tags.get(1) == Some(&a)),
        11 => both(u().tags.last().ne(&a), move |r| r.tags.last() != Some(&a)),
        12 => both(u().scores.at::<0>().lt(n), move |r| none(&r.scores).first().is_some_and(|score| *score < n)),
        13 => both(u().tags.len().gt(1), |r| r.tags.len() > 1),
        14 => both(u().tags.eq(vec![a.clone()]), move |r| r.tags == [a.as_str()]),
        _ => both(u().scores.all(|score| score.gt(0)) | u().tags.is_empty(), move |r| {
            none(&r.scores).iter().all(|score| *score > 0) || r.tags.is_empty()
        }),
    })
}

fn leaf() -> impl Strategy<Value = Both> {
    let rest = select(vec![0, 1, 2, 3]).prop_map(|which| match which {
        0 => both(u().flag.eq(true), |r| r.flag),
        1 => both(!u().flag, |r| !r.flag),
        2 => both(surreal_session::any([]), |_| false),
        _ => both(all([]), |_| true),
    });
    prop_oneof![5 => numbers(), 3 => fields(), 3 => calculated(), 3 => texts(), 3 => arrays(), 1 => rest]
}

fn condition() -> impl Strategy<Value = Both> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| {
                both(a.surql & b.surql, move |r| (a.rust.0)(r) && (b.rust.0)(r))
            }),
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| {
                both(a.surql | b.surql, move |r| (a.rust.0)(r) || (b.rust.0)(r))
            }),
            1 => inner.clone().prop_map(|a| both(!a.surql, move |r| !(a.rust.0)(r))),
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(|parts| {
                let surql = surreal_session::any(parts.iter().map(|part| part.surql.clone()));
                both(surql, move |r| parts.iter().any(|part| (part.rust.0)(r)))
            }),
            1 => prop::collection::vec(inner, 0..4).prop_map(|parts| {
                let surql = all(parts.iter().map(|part| part.surql.clone()));
                both(surql, move |r| parts.iter().all(|part| (part.rust.0)(r)))
            }),
        ]
    })
}

/// Writes rows; a missing value becomes NULL in every other row.
async fn written(session: &Session, runner: &mut TestRunner) -> Vec<Row> {
    let mut rows = prop::collection::vec(row(), ROWS).new_tree(runner).unwrap().current();
    for (key, row) in (0..).zip(&mut rows) {
        row.id = Id::new(key);
    }
    let write = "INSERT INTO row $rows RETURN NONE;
        UPDATE row SET other = other ?? NULL, nick = nick ?? NULL, scores = scores ?? NULL, inner = inner ?? NULL
            WHERE record::id(id) % 2 = 0 RETURN NONE";
    session.execute(write).bind("rows", &rows).await.unwrap();
    rows
}

#[async_test]
async fn random_conditions_match_the_same_records_as_in_rust() {
    let (_db, session) = place().await;
    let mut runner = TestRunner::new(Config::default());
    for index in [
        "",
        "DEFINE INDEX n ON row FIELDS number; DEFINE INDEX o ON row FIELDS other; DEFINE INDEX t ON row FIELDS nick",
    ] {
        session
            .execute(Surql::dynamic(format!("REMOVE TABLE IF EXISTS row; DEFINE TABLE row; {index}")))
            .await
            .unwrap();
        let rows = written(&session, &mut runner).await;
        assert_eq!(session.select::<Row>().await.unwrap(), rows);
        let nulls = session.select::<Row>().filter(|r| r.other.is_null()).count().await.unwrap();
        assert!(nulls > 0, "no NULL among the rows");
        let mut hits = 0;
        for _ in 0..CONDITIONS {
            let Both { surql, rust } = condition().new_tree(&mut runner).unwrap().current();
            let expected: Vec<i64> = rows.iter().filter(|row| (rust.0)(row)).map(|row| *row.id.key()).collect();
            let select = session.select::<Row>().filter(|_| surql);
            let shown = select.to_surql();
            let found = select.await.unwrap_or_else(|error| panic!("{shown}: {error}"));
            let mut found: Vec<i64> = found.iter().map(|row| *row.id.key()).collect();
            // With an index, rows do not come in the order of ids.
            found.sort_unstable();
            assert_eq!(found, expected, "{shown} of {rows:#?}");
            hits += usize::from(!expected.is_empty() && expected.len() < ROWS);
        }
        assert!(hits > CONDITIONS / 3, "only {hits} conditions matched some rows and not others");
    }
}
