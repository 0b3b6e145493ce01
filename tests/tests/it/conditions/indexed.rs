//! Random conditions, orders and filtered writes agree with plain Rust on tables with indexes of every kind.
//!
//! The seeds are fixed. `INDEXED_SEEDS=500` runs more of them.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::fmt::Write;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::query::Order;
use surreal_session::value::{Decimal, Duration, Set, Uuid};
use surreal_session_tests::{async_test, is_version_in, place};

pub(crate) const ROWS: i64 = 40;
const CONDITIONS: usize = 12;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
pub(crate) struct Row {
    pub(crate) id: Id<Row, i64>,
    pub(crate) k: i64,
    pub(crate) n: i64,
    pub(crate) m: Option<i64>,
    pub(crate) f: f64,
    pub(crate) d: Decimal,
    pub(crate) s: String,
    pub(crate) o: Option<String>,
    pub(crate) b: bool,
    pub(crate) at: Datetime,
    pub(crate) seen: Option<Datetime>,
    pub(crate) took: Duration,
    u: Uuid,
    link: Option<Id<Row, i64>>,
    pub(crate) tags: Vec<String>,
    nums: Option<Vec<i64>>,
    pair: (i64, String),
    marks: Set<i64>,
    sorted: BTreeSet<i64>,
    hashed: Option<HashSet<String>>,
    pub(crate) inner: Option<Inner>,
    pub(crate) touched: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
pub(crate) struct Inner {
    pub(crate) n: i64,
    at: Datetime,
    tags: Vec<String>,
}

/// Some fields of a row, one of them with the name of another field.
#[derive(Debug, PartialEq, Deserialize, View)]
#[record(of = Row)]
struct Brief {
    k: i64,
    #[record(from = "inner.n")]
    n: Option<i64>,
    #[serde(rename = "touched")]
    #[record(from = "at")]
    time: Datetime,
}

impl Brief {
    fn of(row: &Row) -> Self {
        Self { k: row.k, n: row.inner.as_ref().map(|inner| inner.n), time: row.at }
    }
}

/// A generator of random numbers (splitmix64) with a fixed sequence for each seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap()
    }

    fn int(&mut self) -> i64 {
        i64::try_from(self.below(7)).unwrap() - 3
    }

    fn float(&mut self) -> f64 {
        f64::from(i32::try_from(self.int()).unwrap()) / 2.0
    }

    fn bool(&mut self) -> bool {
        self.below(2) == 0
    }

    fn option<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(4) > 0).then(|| value(self))
    }

    fn text(&mut self) -> String {
        let texts = ["", "a", "ab", "b", "B", "é", "a\0", "a\u{1}", "\u{10FFFF}", "`'\\", "a b", "\0", "ab\0c"];
        texts[self.index(texts.len())].to_owned()
    }

    /// Times within three seconds, whole or with a fraction of three, six or nine digits.
    fn time(&mut self) -> Datetime {
        let fractions = ["", ".000000001", ".0000005", ".000001", ".001", ".25", ".5", ".500000001", ".999999999"];
        let second = self.below(3);
        format!("2024-01-01T00:00:0{second}{}Z", fractions[self.index(fractions.len())]).parse().unwrap()
    }

    fn uuid(&mut self) -> Uuid {
        format!("0000000{}-0000-4000-8000-00000000000{}", self.below(3), self.below(2)).parse().unwrap()
    }

    fn list<T>(&mut self, mut value: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(4)).map(|_| value(self)).collect()
    }

    fn inner(&mut self) -> Inner {
        Inner { n: self.int(), at: self.time(), tags: self.list(Self::text) }
    }

    pub(crate) fn row(&mut self, key: i64) -> Row {
        Row {
            id: Id::new(key),
            k: key,
            n: self.int(),
            m: self.option(Self::int),
            f: self.float(),
            d: Decimal::from(self.int()),
            s: self.text(),
            o: self.option(Self::text),
            b: self.bool(),
            at: self.time(),
            seen: self.option(Self::time),
            took: Duration::from_millis(self.below(4) * 700),
            u: self.uuid(),
            link: self.option(|r| Id::new(r.int())),
            tags: self.list(Self::text),
            nums: self.option(|r| r.list(Self::int)),
            pair: (self.int(), self.text()),
            marks: self.list(Self::int).into_iter().collect::<BTreeSet<_>>().into_iter().collect(),
            sorted: self.list(Self::int).into_iter().collect(),
            hashed: self.option(|r| r.list(Self::text).into_iter().collect()),
            inner: self.option(Self::inner),
            touched: 0,
        }
    }
}

/// A condition in both of its forms.
pub(crate) struct Both {
    pub(crate) surql: Condition<Row>,
    pub(crate) rust: Predicate,
}

type Predicate = Arc<dyn Fn(&Row) -> bool + Send + Sync>;

fn both(surql: Condition<Row>, rust: impl Fn(&Row) -> bool + Send + Sync + 'static) -> Both {
    Both { surql, rust: Arc::new(rust) }
}

/// One of the comparisons of a field with two random values.
macro_rules! compared {
    ($random:ident, $field:expr, $of:expr, $value:expr) => {{
        let (field, of) = ($field, $of);
        let (a, b) = ($value, $value);
        let (x, y) = (a.clone(), b.clone());
        match $random.below(9) {
            0 => both(field.eq(a), move |r| of(r).is_some_and(|v| v == x)),
            1 => both(field.ne(a), move |r| !of(r).is_some_and(|v| v == x)),
            2 => both(field.lt(a), move |r| of(r).is_some_and(|v| v < x)),
            3 => both(field.lte(a), move |r| of(r).is_some_and(|v| v <= x)),
            4 => both(field.gt(a), move |r| of(r).is_some_and(|v| v > x)),
            5 => both(field.gte(a), move |r| of(r).is_some_and(|v| v >= x)),
            6 => both(field.between(a, b), move |r| of(r).is_some_and(|v| v >= x && v <= y)),
            7 => both(field.is_in([a, b]), move |r| of(r).is_some_and(|v| v == x || v == y)),
            _ => both(field.is_in([a]), move |r| of(r).is_some_and(|v| v == x)),
        }
    }};
}

fn u() -> Fields<Row> {
    *Row::fields()
}

fn scalar(r: &mut Random) -> Both {
    match r.below(14) {
        0 => compared!(r, u().n, |r: &Row| Some(r.n), r.int()),
        1 => compared!(r, u().m, |r: &Row| r.m, r.int()),
        2 => compared!(r, u().f, |r: &Row| Some(r.f), r.float()),
        3 => compared!(r, u().d, |r: &Row| Some(r.d), Decimal::from(r.int())),
        4 => compared!(r, u().s, |r: &Row| Some(r.s.clone()), r.text()),
        5 => compared!(r, u().o, |r: &Row| r.o.clone(), r.text()),
        6 => compared!(r, u().at, |r: &Row| Some(r.at), r.time()),
        7 => compared!(r, u().seen, |r: &Row| r.seen, r.time()),
        8 => compared!(r, u().took, |r: &Row| Some(r.took), Duration::from_millis(r.below(4) * 700)),
        9 => compared!(r, u().u, |r: &Row| Some(r.u), r.uuid()),
        10 => compared!(r, u().k, |r: &Row| Some(r.k), r.int() + 20),
        11 => compared!(r, u().inner.n, |r: &Row| r.inner.as_ref().map(|inner| inner.n), r.int()),
        12 => compared!(r, u().inner.at, |r: &Row| r.inner.as_ref().map(|inner| inner.at), r.time()),
        _ => {
            let (a, b) = (r.int(), r.int());
            match r.below(3) {
                0 => both(u().link.eq(Id::new(a)), move |r| r.link == Some(Id::new(a))),
                1 => both(u().link.ne(Id::new(a)), move |r| r.link != Some(Id::new(a))),
                _ => both(u().link.is_in([Id::new(a), Id::new(b)]), move |r| {
                    r.link.as_ref().is_some_and(|link| [a, b].contains(link.key()))
                }),
            }
        }
    }
}

fn missing(r: &mut Random) -> Both {
    match r.below(10) {
        0 => both(u().m.is_none(), |r| r.m.is_none()),
        1 => both(u().m.is_some(), |r| r.m.is_some()),
        2 => both(u().o.eq(None), |r| r.o.is_none()),
        3 => both(u().o.ne(None), |r| r.o.is_some()),
        4 => both(u().seen.is_some(), |r| r.seen.is_some()),
        5 => both(u().nums.is_some(), |r| r.nums.is_some()),
        6 => both(u().nums.is_none(), |r| r.nums.is_none()),
        7 => both(u().hashed.is_some(), |r| r.hashed.is_some()),
        8 => both(u().tags.is_some(), |_| true),
        _ => {
            let a = r.int();
            both(u().m.is_in([Some(a), None]), move |r| r.m.is_none_or(|m| m == a))
        }
    }
}

fn array(r: &mut Random) -> Both {
    let (a, b, n) = (r.text(), r.text(), r.int());
    let list = r.list(Random::text);
    let nums = r.list(Random::int);
    let (la, lb, ln) = (list.clone(), list.clone(), nums.clone());
    match r.below(18) {
        0 => compared!(r, u().tags, |r: &Row| Some(r.tags.clone()), r.list(Random::text)),
        1 => compared!(r, u().nums, |r: &Row| r.nums.clone(), r.list(Random::int)),
        2 => compared!(r, u().pair, |r: &Row| Some(r.pair.clone()), (r.int(), r.text())),
        3 => both(u().tags.contains(a.as_str()), move |r| r.tags.contains(&a)),
        4 => both(u().tags.contains_any(list), move |r| la.iter().any(|tag| r.tags.contains(tag))),
        5 => both(u().tags.contains_all(list), move |r| lb.iter().all(|tag| r.tags.contains(tag))),
        6 => both(u().nums.contains(n), move |r| r.nums.as_ref().is_some_and(|nums| nums.contains(&n))),
        7 => both(u().nums.contains_all(nums), move |r| {
            r.nums.as_ref().is_some_and(|nums| ln.iter().all(|n| nums.contains(n)))
        }),
        8 => both(u().nums.contains_any(nums), move |r| {
            r.nums.as_ref().is_some_and(|nums| ln.iter().any(|n| nums.contains(n)))
        }),
        9 => both(u().tags.any(|tag| tag.eq(&a)), move |r| r.tags.contains(&a)),
        10 => both(u().tags.all(|tag| tag.ne(&a)), move |r| !r.tags.contains(&a)),
        11 => both(u().tags.len().eq(2), |r| r.tags.len() == 2),
        12 => both(u().tags.is_empty(), |r| r.tags.is_empty()),
        13 => both(u().tags.at::<0>().eq(a.as_str()), move |r| r.tags.first() == Some(&a)),
        14 => both(u().inner.tags.contains(a.as_str()), move |r| {
            r.inner.as_ref().is_some_and(|inner| inner.tags.contains(&a))
        }),
        15 => both(u().inner.tags.eq(list), move |r| r.inner.as_ref().is_some_and(|inner| inner.tags == la)),
        16 => both(u().s.starts_with(&a), move |r| r.s.starts_with(&a)),
        _ => both(u().s.contains_any([&a, &b]), {
            let (a, b) = (a.clone(), b.clone());
            move |r| r.s.contains(&a) || r.s.contains(&b)
        }),
    }
}

fn set(r: &mut Random) -> Both {
    let (n, a) = (r.int(), r.text());
    let sorted: BTreeSet<i64> = r.list(Random::int).into_iter().collect();
    let hashed: HashSet<String> = r.list(Random::text).into_iter().collect();
    let marks: Set<i64> = sorted.iter().copied().collect();
    let (hashed_too, sorted_too) = (hashed.clone(), sorted.clone());
    match r.below(12) {
        0 => both(u().sorted.eq(&sorted), move |r| r.sorted == sorted_too),
        1 => both(u().sorted.ne(&sorted), move |r| r.sorted != sorted_too),
        2 => both(u().hashed.eq(&hashed), move |r| r.hashed.as_ref() == Some(&hashed_too)),
        3 => both(u().hashed.ne(hashed), move |r| r.hashed.as_ref() != Some(&hashed_too)),
        4 => both(u().sorted.is_in([sorted, BTreeSet::new()]), move |r| r.sorted == sorted_too || r.sorted.is_empty()),
        5 => both(u().hashed.is_in([Some(hashed), None]), move |r| {
            r.hashed.is_none() || r.hashed.as_ref() == Some(&hashed_too)
        }),
        6 => both(u().marks.eq(&marks), move |r| r.marks == marks),
        7 => both(u().marks.contains(n), move |r| r.marks.as_slice().contains(&n)),
        8 => both(u().sorted.contains(n), move |r| r.sorted.contains(&n)),
        9 => both(u().sorted.len().gt(1), |r| r.sorted.len() > 1),
        10 => {
            both(u().hashed.contains(a.as_str()), move |r| r.hashed.as_ref().is_some_and(|hashed| hashed.contains(&a)))
        }
        _ => both(u().sorted.any(|n| n.gt(0)), |r| r.sorted.iter().any(|n| *n > 0)),
    }
}

fn leaf(r: &mut Random) -> Both {
    match r.below(12) {
        0..=5 => scalar(r),
        6 => missing(r),
        7..=9 => array(r),
        10 => set(r),
        _ => match r.bool() {
            true => both(u().b.eq(true), |r| r.b),
            false => both(!u().b, |r| !r.b),
        },
    }
}

pub(crate) fn condition(r: &mut Random, depth: u64) -> Both {
    if depth == 0 || r.below(3) == 0 {
        return leaf(r);
    }
    let (left, right) = (condition(r, depth - 1), condition(r, depth - 1));
    match r.below(5) {
        0..=2 => both(left.surql & right.surql, move |r| (left.rust)(r) && (right.rust)(r)),
        3 => both(left.surql | right.surql, move |r| (left.rust)(r) || (right.rust)(r)),
        _ => both(!left.surql, move |r| !(left.rust)(r)),
    }
}

pub(crate) type Compare = Box<dyn Fn(&Row, &Row) -> Ordering + Send + Sync>;

fn null(is_missing: bool, row: &Row) -> bool {
    is_missing && row.k % 2 == 0
}

/// An order that ends with the key, so that only one result is right.
pub(crate) fn order(r: &mut Random) -> (Vec<Order<Row>>, Compare) {
    let (order, compare): (Order<Row>, Compare) = match r.below(9) {
        0 => (u().n.asc(), Box::new(|a, b| a.n.cmp(&b.n))),
        // NONE comes before NULL.
        1 => (u().m.asc(), Box::new(|a, b| (a.m, null(a.m.is_none(), a)).cmp(&(b.m, null(b.m.is_none(), b))))),
        2 => (u().f.asc(), Box::new(|a, b| a.f.total_cmp(&b.f))),
        3 => (u().s.asc(), Box::new(|a, b| a.s.cmp(&b.s))),
        4 => (u().o.desc(), Box::new(|a, b| (&b.o, null(b.o.is_none(), b)).cmp(&(&a.o, null(a.o.is_none(), a))))),
        5 => (u().k.desc(), Box::new(|a, b| b.k.cmp(&a.k))),
        6 => (u().took.asc(), Box::new(|a, b| a.took.cmp(&b.took))),
        7 => (u().u.desc(), Box::new(|a, b| b.u.cmp(&a.u))),
        _ => (u().n.desc(), Box::new(|a, b| b.n.cmp(&a.n))),
    };
    (vec![order, u().id.asc()], Box::new(move |a, b| compare(a, b).then(a.k.cmp(&b.k))))
}

pub(crate) const LAYOUTS: [&str; 13] = [
    "",
    "n; m; f; d; s; o; b; at; seen; took; u; link; inner.n; inner.at; marks; pair.*",
    "k UNIQUE; n, k UNIQUE; m, k UNIQUE; f, k UNIQUE; s, k UNIQUE; o, k UNIQUE",
    "at, k UNIQUE; seen, k UNIQUE; took, k UNIQUE; u, k UNIQUE; link, k UNIQUE; d, k UNIQUE; b, n, k UNIQUE",
    "n, m; m, n; s, n; o, at; at, n; b, f; inner.n, n; inner.at, s",
    "n, m, k UNIQUE; m, at, k UNIQUE; b, s, k UNIQUE; s, o, k UNIQUE; inner.n, at, k UNIQUE",
    "tags; nums; pair; inner.tags; sorted; hashed; marks",
    "tags.*; nums.*; inner.tags.*; sorted.*; hashed.*",
    "tags.*, n; nums.*, k; n, tags.*; sorted.*, s",
    "sorted.*, k UNIQUE; hashed.*, k UNIQUE; n, sorted.*, k UNIQUE",
    "COUNT",
    "n; n, k UNIQUE; n, s; at; at, k UNIQUE; s; s, n, k UNIQUE; tags.*; COUNT",
    "inner; inner, k UNIQUE; marks, k UNIQUE; pair",
];

/// Index layouts over whole arrays, for which the schema must declare the type (server 3.3.5).
const DECLARED: &str =
    "DEFINE FIELD tags ON row TYPE array<string>; DEFINE FIELD nums ON row TYPE option<array<int> | null>;
    DEFINE FIELD sorted ON row TYPE array<int>; DEFINE FIELD hashed ON row TYPE option<array<string>>;";

pub(crate) async fn define(session: &Session, layout: &str) {
    let mut schema = "REMOVE TABLE IF EXISTS row; DEFINE TABLE row;".to_owned();
    if layout.starts_with("tags; ") {
        schema.push_str(DECLARED);
    }
    for (index, fields) in layout.split("; ").filter(|fields| !fields.is_empty()).enumerate() {
        let clause = if fields == "COUNT" { "COUNT".to_owned() } else { format!("FIELDS {fields}") };
        write!(schema, "DEFINE INDEX i{index} ON row {clause};").unwrap();
    }
    session.execute(Surql::dynamic(schema)).await.unwrap();
}

/// Writes rows; NONE becomes NULL in every other row.
pub(crate) async fn fill(session: &Session, rows: &[Row]) {
    let write = "DELETE row; INSERT INTO row $rows RETURN NONE;
        UPDATE row SET m = m ?? NULL, o = o ?? NULL, seen = seen ?? NULL, nums = nums ?? NULL WHERE k % 2 = 0 RETURN NONE";
    session.execute(write).bind("rows", rows).await.unwrap();
}

/// The positions of the layouts that the server can work with. Before 3.3, an equality over an index of several fields, one
/// of them an array, finds a record once for each element.
pub(crate) async fn layouts() -> impl Iterator<Item = usize> {
    let is_old = is_version_in(.."3.3").await;
    let repeats = |index: &str| index.contains(", ") && index.contains(".*");
    (0..LAYOUTS.len()).filter(move |layout| !is_old || !LAYOUTS[*layout].split("; ").any(repeats))
}

fn keys(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| *row.id.key()).collect()
}

fn sorted(rows: &[Row]) -> Vec<i64> {
    let mut keys = keys(rows);
    keys.sort_unstable();
    keys
}

/// Compares the results of a condition in every kind of read.
async fn read(session: &Session, rows: &[Row], random: &mut Random) -> Result<(), String> {
    let Both { surql, rust } = condition(random, 3);
    let expected: Vec<Row> = rows.iter().filter(|row| rust(row)).cloned().collect();
    let select = session.select::<Row>().filter(|_| surql.clone());
    let shown = select.to_surql();
    let fail = |what: &str, found: &dyn std::fmt::Debug, right: &dyn std::fmt::Debug| {
        Err(format!("{what}: found {found:?}, expected {right:?}: {shown}"))
    };
    let found = select.clone().await.map_err(|error| format!("{shown}: {error}"))?;
    if sorted(&found) != keys(&expected) {
        return fail("select", &sorted(&found), &keys(&expected));
    }
    let count = select.clone().count().await.unwrap();
    if count != expected.len() as u64 {
        return fail("count", &count, &expected.len());
    }
    if select.clone().exists().await.unwrap() == expected.is_empty() {
        return fail("exists", &false, &!expected.is_empty());
    }
    let first = select.clone().first().await.unwrap().map(|row| row.k);
    if first != expected.first().map(|row| row.k) {
        return fail("first", &first, &expected.first().map(|row| row.k));
    }
    let mut views = select.clone().view::<Brief>().await.unwrap();
    views.sort_by_key(|brief| brief.k);
    let right: Vec<Brief> = expected.iter().map(Brief::of).collect();
    if views != right {
        return fail("view", &views, &right);
    }
    let (orders, compare) = order(random);
    let mut ordered = expected.clone();
    ordered.sort_by(&compare);
    let (start, limit) = (random.index(4), random.index(6) + 1);
    let page: Vec<&Row> = ordered.iter().skip(start).take(limit).collect();
    let select = select.order_by(|_| orders.clone()).start(start as u64).limit(limit as u64);
    let found = select.clone().await.unwrap();
    let right: Vec<i64> = page.iter().map(|row| row.k).collect();
    if keys(&found) != right {
        return fail(&format!("page from {start} of {limit} by {orders:?}"), &keys(&found), &right);
    }
    let views = select.view::<Brief>().await.unwrap();
    let right: Vec<Brief> = page.iter().map(|row| Brief::of(row)).collect();
    if views != right {
        return fail(&format!("views from {start} of {limit} by {orders:?}"), &views, &right);
    }
    Ok(())
}

/// Compares the records that a condition updates and deletes.
async fn write(session: &Session, rows: &[Row], random: &mut Random) -> Result<(), String> {
    let Both { surql, rust } = condition(random, 2);
    let expected: Vec<i64> = rows.iter().filter(|row| rust(row)).map(|row| row.k).collect();
    let update = session.update::<Row>().filter(|_| surql.clone()).set(|r| r.touched.add(1));
    let shown = update.to_surql();
    let found = sorted(&update.await.map_err(|error| format!("{shown}: {error}"))?);
    // Once each.
    let rows_after = session.select::<Row>().await.unwrap();
    let touched: Vec<i64> = rows_after.iter().flat_map(|row| (0..row.touched).map(|_| row.k)).collect();
    session.update::<Row>().all().set(|r| r.touched.set(0)).return_none().await.unwrap();
    if found != expected || touched != expected {
        return Err(format!("update: gave {found:?}, changed {touched:?}, expected {expected:?}: {shown}"));
    }
    let deleted = sorted(&session.delete::<Row>().filter(|_| surql).await.unwrap());
    let left = session.select::<Row>().await.unwrap();
    fill(session, rows).await;
    if deleted != expected || left.len() != rows.len() - expected.len() {
        return Err(format!("delete: gave {deleted:?}, left {:?}, expected {expected:?}: {shown}", keys(&left)));
    }
    Ok(())
}

/// The disagreements found on a table with these indexes.
async fn disagreements(seed: u64, layout: usize) -> Vec<String> {
    let (_db, session) = place().await;
    let mut random = Random(seed);
    define(&session, LAYOUTS[layout]).await;
    let rows: Vec<Row> = (0..ROWS).map(|key| random.row(key)).collect();
    fill(&session, &rows).await;
    let mut wrong = Vec::new();
    for round in 0..CONDITIONS {
        let outcome = match round % 6 {
            5 => write(&session, &rows, &mut random).await,
            _ => read(&session, &rows, &mut random).await,
        };
        wrong.extend(outcome.err());
    }
    wrong.iter().map(|wrong| format!("seed {seed}, indexes `{}`: {wrong}", LAYOUTS[layout])).collect()
}

pub(crate) fn seeds() -> u64 {
    std::env::var("INDEXED_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(1)
}

#[async_test]
async fn conditions_agree_with_rust_whatever_indexes_exist() {
    let mut wrong = Vec::new();
    for seed in 0..seeds() {
        for layout in layouts().await {
            wrong.extend(
                disagreements(seed * 100 + layout as u64, layout)
                    .await
                    .into_iter()
                    .inspect(|wrong| println!("{wrong}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong.join("\n"));
}
