//! Random typed writes to random records, each compared with what the same change does to a plain Rust value.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    Plain,
    Sized { size: i64 },
    Maybe(Option<i64>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Geo {
    lat: i64,
    label: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Addr {
    city: String,
    zip: Option<String>,
    geo: Option<Geo>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Audit {
    by: String,
    reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Item {
    id: Id<Item, i64>,
    n: i64,
    parent: Option<Id<Item, i64>>,
    addr: Option<Addr>,
    kind: Kind,
    #[serde(flatten)]
    audit: Option<Audit>,
    marks: BTreeSet<i64>,
    scores: BTreeMap<String, Option<i64>>,
    tags: Vec<String>,
    #[record(default)]
    level: i64,
    #[record(readonly)]
    made: i64,
}

/// A small random generator with the same numbers in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % end).unwrap()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(2) == 0).then(|| make(self))
    }

    fn text(&mut self) -> String {
        ["a", "b", "c"][usize::try_from(self.below(3)).unwrap()].to_owned()
    }

    fn geo(&mut self) -> Geo {
        Geo { lat: self.below(9), label: self.maybe(Self::text) }
    }

    fn addr(&mut self) -> Addr {
        Addr { city: self.text(), zip: self.maybe(Self::text), geo: self.maybe(Self::geo) }
    }

    fn audit(&mut self) -> Audit {
        Audit { by: self.text(), reason: self.maybe(Self::text) }
    }

    fn kind(&mut self) -> Kind {
        match self.below(3) {
            0 => Kind::Plain,
            1 => Kind::Sized { size: self.below(9) },
            _ => Kind::Maybe(self.maybe(|random| random.below(9))),
        }
    }

    fn new_item(&mut self) -> NewItem {
        NewItem {
            n: self.below(5),
            parent: self.maybe(|random| Id::new(random.below(KEYS))),
            addr: self.maybe(Self::addr),
            kind: self.kind(),
            audit: self.maybe(Self::audit),
            marks: (0..self.below(3)).collect(),
            scores: (0..self.below(3)).map(|_| (self.text(), self.maybe(|random| random.below(9)))).collect(),
            tags: (0..self.below(3)).map(|_| self.text()).collect(),
            level: self.maybe(|random| random.below(3)),
        }
    }
}

const KEYS: u64 = 8;

type Table = BTreeMap<i64, Item>;

/// The expected record: an omitted default becomes 7 in a new record, and keeps its value in an existing one.
fn item(key: i64, new: NewItem, before: Option<&Item>) -> Item {
    let NewItem { n, parent, addr, kind, audit, marks, scores, tags, level } = new;
    let level = level.or(before.map(|item| item.level)).unwrap_or(7);
    Item { id: Id::new(key), n, parent, addr, kind, audit, marks, scores, tags, level, made: 3 }
}

/// The number of the record that the link leads to.
fn through(table: &Table, item: &Item) -> Option<i64> {
    Some(table.get(item.parent.as_ref()?.key())?.n)
}

#[expect(clippy::too_many_lines, reason = "one arm for each kind of write, beside what it does to the model")]
async fn write(session: &Session, table: &mut Table, random: &mut Random) -> String {
    let key = random.below(KEYS);
    let present = table.get(&key).cloned();
    let one = || session.update::<Item>().id(key);
    let change = |table: &mut Table, change: &dyn Fn(&mut Item)| table.get_mut(&key).into_iter().for_each(change);
    match random.below(13) {
        0 => {
            let new = random.new_item();
            session.upsert::<Item>().id(key).content(new.clone()).await.unwrap();
            table.insert(key, item(key, new, present.as_ref()));
            format!("upsert {key}")
        }
        1 => {
            let new = random.new_item();
            one().content(new.clone()).optional().await.unwrap();
            change(table, &|old| *old = item(key, new.clone(), Some(old)));
            format!("content {key}")
        }
        2 => {
            let new = random.new_item();
            one().replace(new.clone()).optional().await.unwrap();
            change(table, &|old| *old = item(key, new.clone(), Some(old)));
            format!("replace {key}")
        }
        3 => {
            let (city, lat) = (random.text(), random.below(9));
            let geo = merge(GeoPatch { lat: set(lat), ..keep() });
            let patch = ItemPatch { addr: merge(AddrPatch { city: set(city.clone()), geo, ..keep() }), ..keep() };
            one().merge(patch).optional().await.unwrap();
            change(table, &|old| {
                if let Some(addr) = &mut old.addr {
                    addr.city.clone_from(&city);
                    addr.geo.iter_mut().for_each(|geo| geo.lat = lat);
                }
            });
            format!("merge {key}")
        }
        4 => {
            let (zip, label) = (random.text(), random.text());
            let update = session.update::<Item>().all();
            update
                .set(|i| (i.addr.zip.set(zip.as_str()), i.addr.geo.label.set(label.as_str()), i.n.add(1)))
                .await
                .unwrap();
            for old in table.values_mut() {
                old.n += 1;
                if let Some(addr) = &mut old.addr {
                    addr.zip = Some(zip.clone());
                    addr.geo.iter_mut().for_each(|geo| geo.label = Some(label.clone()));
                }
            }
            "set all".to_owned()
        }
        5 => {
            let (by, level) = (random.text(), random.below(3));
            let audit = merge(AuditPatch { by: set(by.clone()), reason: unset() });
            one().merge(ItemPatch { audit, level: set(level), ..keep() }).optional().await.unwrap();
            change(table, &|old| {
                old.level = level;
                old.audit.iter_mut().for_each(|audit| *audit = Audit { by: by.clone(), reason: None });
            });
            format!("merge audit {key}")
        }
        6 => {
            let audit = random.maybe(Random::audit);
            one().merge(ItemPatch { audit: set(audit.clone()), ..keep() }).optional().await.unwrap();
            change(table, &|old| old.audit.clone_from(&audit));
            format!("set audit {key}")
        }
        7 | 8 => {
            let Some(before) = present else { return "nothing".to_owned() };
            let after = Item { made: 3, ..item(key, random.new_item(), Some(&before)) };
            let patch = ItemPatch::diff(&before, &after);
            assert_eq!(one().merge(patch).await.unwrap(), after);
            table.insert(key, after);
            format!("diff {key}")
        }
        9 => {
            let (kind, city) = (random.kind(), random.text());
            let patch =
                one().patch(|i| [PatchOp::replace(i.kind, kind.clone()), PatchOp::replace(i.addr.city, &*city)]);
            let result = patch.await;
            let has_addr = present.is_some_and(|item| item.addr.is_some());
            assert_eq!(result.is_ok(), has_addr, "{result:?}");
            if has_addr {
                change(table, &|old| {
                    old.kind = kind.clone();
                    old.addr.iter_mut().for_each(|addr| addr.city.clone_from(&city));
                });
            }
            format!("patch {key}")
        }
        10 => {
            let new = random.new_item();
            let insert = session.insert(vec![(key, new.clone())]);
            insert
                .on_duplicate_with(|i, new| (i.n.add(new.n), i.addr.zip.unset(), i.addr.geo.lat.add(1)))
                .await
                .unwrap();
            match table.get_mut(&key) {
                Some(old) => {
                    old.n += new.n;
                    if let Some(addr) = &mut old.addr {
                        addr.zip = None;
                        addr.geo.iter_mut().for_each(|geo| geo.lat += 1);
                    }
                }
                None => drop(table.insert(key, item(key, new, None))),
            }
            format!("duplicate {key}")
        }
        11 => {
            let n = random.below(5);
            let before = table.clone();
            session.update::<Item>().filter(|i| i.parent.n.eq(n)).set(|i| i.n.set(n + 1)).await.unwrap();
            table.values_mut().filter(|item| through(&before, item) == Some(n)).for_each(|item| item.n = n + 1);
            format!("update through links {n}")
        }
        _ => {
            let n = random.below(5);
            let before = table.clone();
            let matches = |item: &Item| item.n == n && through(&before, item).is_none();
            let deleted = session.delete::<Item>().filter(|i| i.n.eq(n) & i.parent.n.is_none()).await.unwrap();
            assert_eq!(deleted.len(), before.values().filter(|item| matches(item)).count());
            table.retain(|_, item| !matches(item));
            format!("delete through links {n}")
        }
    }
}

#[async_test]
async fn random_writes_agree_with_rust() {
    for seed in 1..=4 {
        let (_db, session) = place().await;
        let schema = "DEFINE TABLE item; DEFINE FIELD level ON item DEFAULT 7; DEFINE FIELD made ON item DEFAULT 3";
        session.execute(schema).await.unwrap();
        let (mut table, mut random) = (Table::new(), Random(seed));
        let mut log = Vec::new();
        for _ in 0..150 {
            log.push(write(&session, &mut table, &mut random).await);
            let stored = session.select::<Item>().await;
            let stored = stored.unwrap_or_else(|error| panic!("seed {seed}, {log:?}: {error}"));
            let expected: Vec<Item> = table.values().cloned().collect();
            assert_eq!(stored, expected, "seed {seed}, {:?}", log.last());
        }
    }
}
