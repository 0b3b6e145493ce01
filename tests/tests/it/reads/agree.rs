//! Columns, groups, pages, streams and sub-queries agree with plain Rust on tables with indexes of every kind.
//!
//! The seeds are fixed. `INDEXED_SEEDS=500` runs more of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use futures_util::TryStreamExt;
use surreal_session::prelude::*;
use surreal_session::query::Select;
use surreal_session::value::Duration;
use surreal_session_tests::{async_test, place};

use crate::conditions::indexed::{Both, LAYOUTS, ROWS, Random, Row, condition, define, fill, layouts, order, seeds};

const ROUNDS: usize = 11;

type Outcome = Result<(), String>;

fn same<T: Debug + PartialEq>(what: &str, found: T, expected: T, surql: &str) -> Outcome {
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found:?}, expected {expected:?}: {surql}")) }
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort();
    values
}

fn keys(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| row.k).collect()
}

async fn columns(select: Select<Row>, rows: &[Row]) -> Outcome {
    let values = select.values(|r| (r.k, r.m, r.inner.n, r.s.lowercase(), r.o.is_some()));
    let shown = values.to_surql();
    let found = sorted(values.await.unwrap());
    let expected = rows.iter().map(|row| {
        let inner = row.inner.as_ref().map(|inner| inner.n);
        (row.k, row.m, inner, row.s.to_lowercase(), row.o.is_some())
    });
    same("values", found, sorted(expected.collect()), &shown)
}

async fn distinct(select: Select<Row>, rows: &[Row], random: &mut Random) -> Outcome {
    let (orders, compare) = order(random);
    let (start, limit) = (random.index(3), random.index(5) + 1);
    let select = select.order_by(|_| orders).start(start as u64).limit(limit as u64);
    let values = select.values(|r| (r.n, r.b)).distinct();
    let shown = values.to_surql();
    let mut ordered = rows.to_vec();
    ordered.sort_by(compare);
    let mut expected = Vec::new();
    for row in &ordered {
        if !expected.contains(&(row.n, row.b)) {
            expected.push((row.n, row.b));
        }
    }
    let expected = expected.into_iter().skip(start).take(limit).collect();
    same("distinct", values.await.unwrap(), expected, &shown)
}

/// The aggregates of some rows, as Rust computes them.
#[derive(Debug, PartialEq, Clone)]
struct Totals {
    count: u64,
    sum: i64,
    least: Option<i64>,
    greatest: Option<String>,
    mean: f64,
    decimals: surreal_session::value::Decimal,
    took: Duration,
    latest: Option<Datetime>,
    some: u64,
    distinct: u64,
    true_: u64,
    keys: Vec<i64>,
}

impl Totals {
    fn of<'a>(rows: impl IntoIterator<Item = &'a Row> + Clone) -> Self {
        let rows = || rows.clone().into_iter();
        let count = rows().count() as u64;
        let floats: f64 = rows().map(|row| row.f).sum();
        let count_of_floats = f64::from(u32::try_from(count).unwrap());
        Self {
            count,
            sum: rows().filter_map(|row| row.m).sum(),
            least: rows().filter_map(|row| row.m).min(),
            greatest: rows().filter_map(|row| row.o.clone()).max(),
            mean: floats / count_of_floats,
            decimals: rows().map(|row| row.d.to_string().parse::<i64>().unwrap()).sum::<i64>().into(),
            took: Duration::from(rows().map(|row| row.took.as_std()).sum::<std::time::Duration>()),
            latest: rows().filter_map(|row| row.seen).max(),
            some: rows().filter(|row| row.o.is_some()).count() as u64,
            distinct: rows().filter_map(|row| row.m).collect::<BTreeSet<_>>().len() as u64,
            true_: rows().filter(|row| row.b).count() as u64,
            keys: sorted(rows().map(|row| row.k).collect()),
        }
    }
}

type Computed = (
    u64,
    i64,
    Option<i64>,
    Option<String>,
    f64,
    surreal_session::value::Decimal,
    Duration,
    Option<Datetime>,
    u64,
    u64,
    u64,
    Vec<i64>,
);

fn totals(computed: Computed) -> Totals {
    let (count, sum, least, greatest, mean, decimals, took, latest, some, distinct, true_, keys) = computed;
    let keys = sorted(keys);
    Totals { count, sum, least, greatest, mean, decimals, took, latest, some, distinct, true_, keys }
}

macro_rules! aggregates {
    ($r:ident) => {
        (
            count(),
            $r.m.sum(),
            $r.m.min(),
            $r.o.max(),
            $r.f.mean(),
            $r.d.sum(),
            $r.took.sum(),
            $r.seen.max(),
            $r.o.count_some(),
            $r.m.count_distinct(),
            count_if($r.b),
            $r.k.collect(),
        )
    };
}

async fn all(select: Select<Row>, rows: &[Row]) -> Outcome {
    let aggregated = select.aggregate(|r| aggregates!(r));
    let shown = aggregated.to_surql();
    let found = totals(aggregated.await.unwrap());
    let expected = Totals::of(rows);
    if rows.is_empty() {
        let is_nan = found.mean.is_nan();
        return same("no rows", (is_nan, found.count, found.sum, found.keys), (true, 0, 0, Vec::new()), &shown);
    }
    same("aggregate", found, expected, &shown)
}

async fn groups(select: Select<Row>, rows: &[Row]) -> Outcome {
    let grouped = select.group_by(|r| (r.b, r.m)).aggregate(|r| aggregates!(r));
    let shown = grouped.to_surql();
    let found = grouped.await.unwrap().into_iter().map(|(key, computed)| (key, totals(computed))).collect::<Vec<_>>();
    let mut expected: BTreeMap<(bool, Option<i64>), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        expected.entry((row.b, row.m)).or_default().push(row);
    }
    let expected = expected.into_iter().map(|(key, rows)| (key, Totals::of(rows.iter().copied()))).collect();
    same("groups", found, expected, &shown)
}

async fn having(select: Select<Row>, rows: &[Row], random: &mut Random) -> Outcome {
    let (least, limit) = (random.below(4), random.index(4) + 1);
    let grouped = select.group_by(|r| r.n).aggregate(|r| (count(), r.k.sum()));
    let grouped = grouped.having(|_, (count, _)| count.gte(least)).having(|n, _| n.ne(0));
    let grouped = grouped.order_by(|n, (count, _)| (count.desc(), n.asc())).limit(limit as u64).start(1);
    let shown = grouped.to_surql();
    let mut counts: BTreeMap<i64, (u64, i64)> = BTreeMap::new();
    for row in rows {
        let entry = counts.entry(row.n).or_default();
        *entry = (entry.0 + 1, entry.1 + row.k);
    }
    let mut expected: Vec<_> = counts.into_iter().filter(|(n, (count, _))| *count >= least && *n != 0).collect();
    expected.sort_by_key(|(n, (count, _))| (std::cmp::Reverse(*count), *n));
    same("having", grouped.await.unwrap(), expected.into_iter().skip(1).take(limit).collect(), &shown)
}

async fn split(select: Select<Row>, rows: &[Row]) -> Outcome {
    let grouped = select.clone().group_by(|r| r.tags.split()).aggregate(|r| (count(), r.k.sum()));
    let shown = grouped.to_surql();
    let mut expected: BTreeMap<String, (u64, i64)> = BTreeMap::new();
    for (row, tag) in rows.iter().flat_map(|row| row.tags.iter().map(move |tag| (row, tag))) {
        let entry = expected.entry(tag.clone()).or_default();
        *entry = (entry.0 + 1, entry.1 + row.k);
    }
    same("split groups", grouped.await.unwrap(), expected.into_iter().collect(), &shown)?;
    let values = select.values(|r| (r.k, r.tags.split()));
    let shown = values.to_surql();
    let expected = rows.iter().flat_map(|row| row.tags.iter().map(move |tag| (row.k, tag.clone()))).collect();
    same("split values", sorted(values.await.unwrap()), sorted(expected), &shown)
}

async fn pages(select: Select<Row>, rows: &[Row], random: &mut Random) -> Outcome {
    let (orders, compare) = order(random);
    let size = random.index(6) + 1;
    let mut expected = rows.to_vec();
    let select = match random.below(4) {
        0 => select,
        _ => {
            expected.sort_by(compare);
            select.order_by(|_| orders)
        }
    };
    let shown = select.clone().page(size as u64, None).to_surql();
    let mut cursor = None;
    let mut found = Vec::new();
    let mut last = None;
    loop {
        let page = select.clone().page(size as u64, cursor).await.unwrap();
        found.extend(keys(&page.rows));
        cursor = page.next.clone().map(|cursor| cursor.to_string().parse().unwrap());
        last = Some(page).filter(|page| !page.rows.is_empty()).or(last);
        if cursor.is_none() {
            break;
        }
    }
    same("pages", found, keys(&expected), &shown)?;
    let Some(mut page) = last else { return Ok(()) };
    let mut found = vec![keys(&page.rows)];
    while let Some(previous) = page.previous {
        page = select.clone().page(size as u64, Some(previous)).await.unwrap();
        found.push(keys(&page.rows));
    }
    found.reverse();
    same("pages backwards", found.concat(), keys(&expected), &shown)?;
    let number = random.index(4) + 1;
    let page = select.page_at(size as u64, number as u64).await.unwrap();
    let expected_rows: Vec<i64> = keys(&expected).into_iter().skip((number - 1) * size).take(size).collect();
    same("page at", (keys(&page.rows), page.total), (expected_rows, expected.len() as u64), &shown)
}

async fn streams(select: Select<Row>, rows: &[Row], random: &mut Random) -> Outcome {
    let (orders, compare) = order(random);
    let mut expected = rows.to_vec();
    expected.sort_by(compare);
    let (start, limit) = (random.index(4), random.index(30) + 1);
    let stream = select.order_by(|_| orders).start(start as u64).limit(limit as u64).stream();
    let stream = stream.chunk(random.index(5) + 1);
    let shown = stream.to_surql();
    let found: Vec<Row> = stream.try_collect().await.unwrap();
    let expected: Vec<i64> = keys(&expected).into_iter().skip(start).take(limit).collect();
    same("stream", keys(&found), expected, &shown)
}

async fn sub_queries(
    session: &Session,
    select: Select<Row>,
    rows: &[Row],
    all: &[Row],
    random: &mut Random,
) -> Outcome {
    let Both { surql, rust } = condition(random, 2);
    let chosen = session.select::<Row>().filter(|_| surql).values(|r| r.m);
    let select = select.filter(|r| r.n.is_in_select(chosen.clone()));
    let shown = select.to_surql();
    let values: BTreeSet<i64> = all.iter().filter(|row| rust(row)).filter_map(|row| row.m).collect();
    let expected: Vec<i64> = rows.iter().filter(|row| values.contains(&row.n)).map(|row| row.k).collect();
    same("sub-query", sorted(keys(&select.clone().await.unwrap())), expected.clone(), &shown)?;
    same("sub-query count", select.count().await.unwrap(), expected.len() as u64, &shown)
}

async fn disagreements(seed: u64, layout: usize) -> Vec<String> {
    let (_db, session) = place().await;
    let mut random = Random(seed);
    define(&session, LAYOUTS[layout]).await;
    let all_rows: Vec<Row> = (0..ROWS).map(|key| random.row(key)).collect();
    fill(&session, &all_rows).await;
    let mut wrong = Vec::new();
    for round in 0..ROUNDS {
        let Both { surql, rust } = condition(&mut random, 2);
        let (select, rows) = match random.below(3) {
            0 => (session.select::<Row>(), all_rows.clone()),
            _ => {
                let rows = all_rows.iter().filter(|row| rust(row)).cloned().collect();
                (session.select::<Row>().filter(|_| surql), rows)
            }
        };
        let outcome = match round {
            0 => columns(select, &rows).await,
            1 => distinct(select, &rows, &mut random).await,
            2 => all(select, &rows).await,
            3 => groups(select, &rows).await,
            4 => having(select, &rows, &mut random).await,
            5 => split(select, &rows).await,
            6 | 7 => pages(select, &rows, &mut random).await,
            8 | 9 => streams(select, &rows, &mut random).await,
            _ => sub_queries(&session, select, &rows, &all_rows, &mut random).await,
        };
        wrong.extend(outcome.err());
    }
    wrong.iter().map(|wrong| format!("seed {seed}, indexes `{}`: {wrong}", LAYOUTS[layout])).collect()
}

#[async_test]
async fn clauses_agree_with_rust_whatever_indexes_exist() {
    let mut wrong = Vec::new();
    for seed in 0..seeds() {
        for layout in layouts().await {
            let found = disagreements(seed * 1000 + layout as u64, layout).await;
            wrong.extend(found.into_iter().inspect(|wrong| println!("{wrong}")));
        }
    }
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong.join("\n"));
}
