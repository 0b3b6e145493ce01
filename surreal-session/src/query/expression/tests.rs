//! The SurrealQL of conditions and assignments. The tests in `tests/` check their meaning on the server.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use surreal_session_derive::Record;

use crate as surreal_session;
use crate::codec;
use crate::query::condition::{Condition, all, any};
use crate::query::expression::Expression;
use crate::query::{Assignment, IntoCondition, IntoOrder};
use crate::record::{Object, Of};
use crate::value::{Datetime, Decimal, Duration, Id, Set, Uuid, Value};

#[derive(Serialize, Deserialize, Record)]
#[record(crate = "surreal_session")]
struct User {
    id: Id<User>,
    name: String,
    #[serde(rename = "mail")]
    email: String,
    age: u8,
    level: Option<i64>,
    nickname: Option<String>,
    active: bool,
    score: f64,
    price: Decimal,
    seen: Datetime,
    worked: Duration,
    tags: Vec<String>,
    labels: Option<Vec<String>>,
    marks: Set<u8>,
    sorted: BTreeSet<i64>,
    nested: Vec<Vec<u8>>,
    lines: Vec<Value>,
    employer: Option<Id<Company, Uuid>>,
    friends: Vec<Id<User>>,
    #[serde(rename = "explain")]
    keyword: u8,
    #[serde(rename = "a`b. c")]
    hostile: Option<u8>,
    #[serde(with = "doubled")]
    half: i64,
    #[serde(with = "doubled::optional", default)]
    perhaps_half: Option<i64>,
    #[record(readonly)]
    created: Datetime,
}

/// Stands for an adapter: what is stored is not what serde would write.
mod doubled {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over like this")]
    pub(super) fn serialize<S: Serializer>(half: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(half * 2)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        Ok(i64::deserialize(deserializer)? / 2)
    }

    pub(super) mod optional {
        use super::{Deserialize, Deserializer, Serializer};

        #[expect(clippy::ref_option, reason = "serde hands it over like this")]
        pub(in super::super) fn serialize<S: Serializer>(half: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
            match half {
                Some(half) => super::serialize(half, serializer),
                None => serializer.serialize_none(),
            }
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<i64>, D::Error> {
            Ok(Option::<i64>::deserialize(deserializer)?.map(|double| double / 2))
        }
    }
}

#[derive(Serialize, Deserialize, Record)]
#[record(crate = "surreal_session")]
struct Company {
    id: Id<Company, Uuid>,
    name: String,
    boss: Option<Id<User>>,
}

type Fields = <User as Object>::Fields<Of<User>>;

fn surql<C: IntoCondition<User>>(condition: impl FnOnce(Fields) -> C) -> String {
    condition(*User::fields()).into_condition().into_tree().into_fragment().to_string()
}

fn assigned<A: Assignment<User>>(assignment: impl FnOnce(Fields) -> A) -> Vec<String> {
    let mut into = Vec::new();
    assignment(*User::fields()).assign(&mut into);
    into.iter().map(ToString::to_string).collect()
}

fn ordered<O: IntoOrder<User>>(order: impl FnOnce(Fields) -> O) -> Vec<String> {
    let mut into = Vec::new();
    order(*User::fields()).order(&mut into);
    into.iter().map(|key| format!("{}{}", key.path, key.manner)).collect()
}

#[test]
fn literals_take_the_type_of_the_field() {
    let (text, ada) = (String::from("Ada"), Id::new("ada"));
    for (surql, expected) in [
        (surql(|u| u.age.gte(18)), "age >= $_0"),
        (surql(|u| u.level.eq(18)), "level = $_0"),
        (surql(|u| u.level.ne(Some(-3))), "level != $_0"),
        (surql(|u| u.score.gt(0.5)), "(score >= $_0) AND (!(score > $_1))"),
        (surql(|u| u.name.eq("Ada")), "name = $_0"),
        (surql(|u| u.email.eq(String::from("Ada"))), "mail = $_0"),
        (surql(|u| u.email.eq(&text)), "mail = $_0"),
        (surql(|u| u.nickname.eq("Ada")), "nickname = $_0"),
        (surql(|u| u.nickname.eq(String::from("Ada"))), "nickname = $_0"),
        (surql(|u| u.nickname.eq(&text)), "nickname = $_0"),
        (surql(|u| u.id.eq(&ada)), "id = $_0"),
        (surql(|u| u.id.eq(Id::new("ada"))), "id = $_0"),
        (surql(|u| u.employer.eq(Id::new(Uuid::new_v4()))), "employer = $_0"),
        (surql(|u| u.price.eq(Decimal::from(3))), "price = $_0"),
        (surql(|u| u.worked.eq(std::time::Duration::ZERO)), "worked = $_0"),
        (surql(|u| u.tags.eq(vec!["a".to_owned()])), "(tags ?? NONE) = $_0"),
        (surql(|u| u.active), "active"),
        (surql(|u| !u.active), "!(active)"),
        (surql(|u| u.active.eq(true)), "active = $_0"),
    ] {
        assert_eq!(surql, expected);
    }
}

#[test]
fn borrowed_values_stand_for_owned_ones() {
    use std::borrow::Cow;
    use std::sync::Arc;

    let (names, owned): (&[&str], Vec<String>) = (&["a", "b"], vec!["a".into()]);
    for (surql, expected) in [
        (surql(|u| u.name.is_in(names)), "name IN $_0"),
        (surql(|u| u.nickname.is_in(names)), "nickname IN $_0"),
        (surql(|u| u.name.is_in(&["a", "b"])), "name IN $_0"),
        (surql(|u| u.tags.contains_any(names)), "tags CONTAINSANY $_0"),
        (surql(|u| u.tags.contains_all(&["a"])), "tags CONTAINSALL $_0"),
        (surql(|u| u.tags.eq(["a", "b"])), "(tags ?? NONE) = $_0"),
        (surql(|u| u.tags.eq(names)), "(tags ?? NONE) = $_0"),
        (surql(|u| u.tags.eq(&owned[..])), "(tags ?? NONE) = $_0"),
        (surql(|u| u.labels.eq(["a"])), "(labels ?? NONE) = $_0"),
        (surql(|u| u.name.eq(Cow::from("a"))), "name = $_0"),
        (surql(|u| u.nickname.eq(Arc::<str>::from("a"))), "nickname = $_0"),
        (surql(|u| u.nickname.eq(Box::<str>::from("a"))), "nickname = $_0"),
    ] {
        assert_eq!(surql, expected);
    }
    assert_eq!(assigned(|u| u.tags.set(["a", "b"])), ["tags = $_0"]);
}

#[test]
fn indexes_do_not_change_what_is_compared() {
    let at: Datetime = "2024-01-01T00:00:01.5Z".parse().unwrap();
    let set = BTreeSet::from([1]);
    for (text, expected) in [
        (surql(|u| u.price.gt(Decimal::from(3))), "(price > $_0) AND (price != $_1)"),
        (surql(|u| u.price.lte(Decimal::from(3))), "((price > NULL) AND (price < $_0)) OR (price = $_1)"),
        (surql(|u| u.seen.gte(at)), "(seen >= $_0) AND (!(seen < $_1))"),
        (surql(|u| u.seen.lte(at)), "(seen > NULL) AND (seen < $_0) AND (!(seen > $_1))"),
        (surql(|u| u.seen.lt(Datetime::MAX)), "((seen ?? NONE) > NULL) AND ((seen ?? NONE) < $_0)"),
        (surql(|u| u.score.lt(1.0)), "(score > NULL) AND (score < $_0) AND (!(score < $_1))"),
        (surql(|u| u.score.lt(f64::NAN)), "false"),
        (surql(|u| u.score.ne(f64::NAN)), "!(false)"),
        (surql(|u| u.tags.gt(vec!["a".to_owned()])), "(tags ?? NONE) > $_0"),
        (surql(|u| u.labels.is_some()), "!(labels <= NULL)"),
        (surql(|u| u.labels.contains_all(Vec::<String>::new())), "!(labels <= NULL)"),
        (
            surql(|u| u.sorted.eq(&set)),
            "(IF type::is_array(sorted) { <set>sorted } ELSE { sorted ?? NONE }) = <set>$_0",
        ),
    ] {
        assert_eq!(text, expected);
    }
    let write = |tree: Condition<User>| tree.into_tree().for_write().into_fragment().to_string();
    let u: Fields = *User::fields();
    assert_eq!(write(u.age.is_in([1, 2])), "(age = $_0) OR (age = $_1)");
    assert_eq!(write(!u.age.is_in(0..40)), "!((age ?? NONE) IN $_0)");
    assert_eq!(write(u.tags.contains_any(["a", "b"])), "(tags CONTAINS $_0) OR (tags CONTAINS $_1)");
    assert_eq!(assigned(|u| u.sorted.push(1)), ["sorted -= [$_0], sorted += [$_1]"]);
}

#[test]
fn values_are_written_as_the_field_is() {
    let stored = |condition: Condition<User>| {
        let fragment = condition.into_tree().into_fragment();
        fragment.values().map(|value| codec::decode::<Value>(&value).unwrap()).collect::<Vec<_>>()
    };
    let (u, fours): (Fields, Vec<i64>) = (*User::fields(), vec![4]);
    for (condition, expected) in [
        (u.half.eq(4), Value::Int(8)),
        (u.perhaps_half.eq(4), Value::Int(8)),
        (u.perhaps_half.is_in(&fours), Value::Array(vec![Value::Int(8)])),
        (u.perhaps_half.eq(None), Value::None),
        (u.half.is_in([4]), Value::Array(vec![Value::Int(8)])),
        (u.age.eq(4), Value::Int(4)),
    ] {
        assert_eq!(stored(condition), [expected]);
    }
    assert_eq!(stored(u.half.eq(u.half)), []);
}

#[test]
fn missing_values_make_comparisons_false() {
    for (text, expected) in [
        (surql(|u| u.age.lt(18)), "(age > NULL) AND (age < $_0)"),
        (surql(|u| u.age.lte(18)), "(age > NULL) AND (age < $_0)"),
        (surql(|u| u.age.gt(18)), "age >= $_0"),
        (surql(|u| u.level.gt(u.level)), "(level > NULL) AND (level > level)"),
        (surql(|u| u.age.between(18, 20)), "(age >= $_0) AND (age > NULL) AND (age < $_1)"),
        (surql(|u| u.nickname.eq(u.name)), "(nickname ?? NONE) = (name ?? NONE)"),
        (surql(|u| u.name.ne(u.nickname)), "!((name ?? NONE) = (nickname ?? NONE))"),
        (surql(|u| u.nickname.eq(None)), "(nickname ?? NONE) = $_0"),
        (surql(|u| u.nickname.is_none()), "nickname <= NULL"),
        (surql(|u| u.nickname.is_some()), "nickname > NULL"),
        (surql(|u| u.nickname.is_null()), "nickname = NULL"),
        (surql(|u| u.nickname.is_in(["a", "b"])), "nickname IN $_0"),
        (surql(|u| u.level.is_in([Some(1), None])), "(level ?? NONE) IN $_0"),
        (surql(|u| u.age.is_in(Vec::<u8>::new())), "age IN $_0"),
        (surql(|u| u.age.is_in([u.keyword])), "(age ?? NONE) IN [(`explain` ?? NONE)]"),
        (surql(|u| u.name.starts_with("A")), "(type::is_string(name)) AND (string::starts_with(name, $_0))"),
        (
            surql(|u| u.nickname.lowercase().contains("a")),
            "(type::is_string(nickname)) AND (string::lowercase(nickname) CONTAINS $_0)",
        ),
    ] {
        assert_eq!(text, expected);
    }
}

#[test]
fn paths_go_through_objects_links_and_arrays() {
    for (text, expected) in [
        (surql(|u| u.employer.name.eq("Initech")), "employer.name = $_0"),
        (surql(|u| u.employer.boss.nickname.eq(u.nickname)), "(employer.boss.nickname ?? NONE) = (nickname ?? NONE)"),
        (surql(|u| u.tags.at::<0>().eq("a")), "tags[0] = $_0"),
        (surql(|u| u.tags.last().eq("a")), "tags[$] = $_0"),
        (surql(|u| u.friends.at::<1>().name.eq("a")), "friends[1].name = $_0"),
        (surql(|u| u.hostile.eq(u.keyword)), "(`a\\`b. c` ?? NONE) = (`explain` ?? NONE)"),
        (surql(|u| u.friends.each(|f| f.name).contains("Ada")), "(friends[*].name) CONTAINS $_0"),
        (surql(|u| u.tags.contains("a")), "tags CONTAINS $_0"),
        (surql(|u| u.labels.contains_any(["a", "b"])), "labels CONTAINSANY $_0"),
        (surql(|u| u.sorted.contains_all([1, 2])), "sorted CONTAINSALL $_0"),
        (surql(|u| u.marks.contains(u.age)), "marks CONTAINS age"),
        (surql(|u| u.labels.len().gte(2)), "(labels ?? []).len() >= $_0"),
        (surql(|u| u.tags.any(|tag| tag.eq("x"))), "((tags ?? [])[WHERE $this = $_0]).len() > 0"),
        (
            surql(|u| u.sorted.any(|number| number.eq(1))),
            "(((IF type::is_set(sorted) { <array>sorted } ELSE { sorted }) ?? [])[WHERE $this = $_0]).len() > 0",
        ),
        (
            surql(|u| u.friends.all(|f| f.age.gte(3) & f.active)),
            "((friends ?? [])[WHERE !(($this.age >= $_0) AND ($this.active))]).len() = 0",
        ),
    ] {
        assert_eq!(text, expected);
    }
}

#[test]
fn calculations_wait_for_what_they_need() {
    for (text, expected) in [
        (surql(|u| u.age.add(1).gt(18)), "(age > NULL) AND ((age + $_0) > $_1)"),
        (
            surql(|u| u.age.add(u.keyword).mul(2).eq(u.age)),
            "(age > NULL) AND (`explain` > NULL) AND (((age + `explain`) * $_0) = age)",
        ),
        (surql(|u| u.level.sub(1).ne(3)), "!((level > NULL) AND ((level - $_0) = $_1))"),
        (surql(|u| u.seen.add(u.worked).lt(u.seen)), "(seen > NULL) AND (worked > NULL) AND ((seen + worked) < seen)"),
        (surql(|u| u.score.div(2.0).is_none()), "!(score > NULL)"),
    ] {
        assert_eq!(text, expected);
    }
}

#[test]
fn conditions_combine_and_keep_their_values_in_place() {
    let either = surql(|u| (u.age.gt(1) | u.age.eq(2)) & !u.name.eq("a") & u.active);
    assert_eq!(either, "((age >= $_0) OR (age = $_1)) AND (!(name = $_2)) AND (active)");
    assert_eq!(surql(|u| u.active & u.active | u.age.eq(1)), "((active) AND (active)) OR (age = $_0)");
    assert_eq!(surql(|u| any([1, 2].map(|age| u.age.eq(age)))), "(age = $_0) OR (age = $_1)");
    assert_eq!(surql(|_| any([])), "false");
    assert_eq!(surql(|u| all([u.age.eq(1)])), "age = $_0");
    let raw = surql(|u| u.age.eq(1) & Condition::raw("string::len(name) > $min").bind("min", 3));
    assert_eq!(raw, "(age = $_0) AND ((string::len(name) > $min))");
}

#[test]
fn assignments_are_as_after_set() {
    let happened = assigned(|u| {
        (
            (u.age.set(37), u.age.add(1), u.age.mul(2), u.level.sub(1)),
            (u.nickname.unset(), u.nickname.set("x"), u.nickname.set(None), u.name.set(u.email)),
            (u.tags.push("a"), u.marks.push(1), u.nested.push(vec![1]), u.labels.remove("a")),
            vec![u.age.set(1), u.age.add(1).into()],
            Some(u.seen.add(Duration::from_secs(1))),
            u.age.set(u.age.add(1).mul(2)),
        )
    });
    let expected = [
        "age = $_0",
        "age += $_0",
        "age = IF age > NULL { age * $_0 } ELSE { age }",
        "level -= $_0",
        "nickname = NONE",
        "nickname = $_0",
        "nickname = $_0",
        "name = mail",
        "tags += [$_0]",
        "marks += {$_0,}",
        "nested += [$_0]",
        "labels -= [$_0]",
        "age = $_0",
        "age += $_0",
        "seen += $_0",
        "age = ((age + $_0) * $_1)",
    ];
    assert_eq!(happened, expected);
}

#[test]
fn orders_are_as_after_order_by() {
    assert_eq!(ordered(|u| u.name), ["name ASC"]);
    let several = ordered(|u| (u.employer.name.desc(), u.email.asc().collate().numeric(), u.keyword));
    assert_eq!(several, ["employer.name DESC", "mail COLLATE NUMERIC ASC", "`explain` ASC"]);
    assert_eq!(ordered(|u| vec![u.name.asc(), u.age.desc()]), ["name ASC", "age DESC"]);
}
