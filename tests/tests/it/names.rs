//! Field names that SurrealQL could read as something else, in every clause that contains names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use surreal_session::Response;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};

/// Every keyword of the server (3.3.5), and names with a special meaning that are not keywords.
const WORDS: &str = "
    access after algorithm all allinside alter always analyzer and andkw any anyinside api ar ara arabic array as
    asc ascending ascii assert async at audience authenticate auto backend batch bearer before begin blank bm25 bool
    break bucket by bytes camel cancel capacity cascade changefeed changes chebyshev chinese class collate
    collection columns comment commit compact computed concurrently config contains containsall containsany
    containsnone containsnot content context continue cosine cosine_normalized count create da dan danish database
    datetime db de decimal default define delete desc descending deu diff dimension dist distance drop duplicate
    duration dutch eddsa edgengram edges efc el ell else en end enforced eng english es es256 es384 es512 euclidean
    event exclude exists expired explain expunge extend_candidates f16 f32 f64 false feature fetch fi field fields
    file filters fin finnish flex flexi flexible float fn for fr fra french from full fulltext function functions
    geometry german get grant graphql graphql_alias graphql_deprecated greek group hamming hashed_vector headers
    highlights hnsw hs256 hs384 hs512 hu hun hungarian i16 i32 i64 i8 if ignore in include index info inline
    inner_product insert inside int intersects into is issuer it ita italian jaccard japanese jwks jwt
    keep_pruned_connections key kill korean kv let lightweight limit line live lm lowercase m m0 manhattan mapper
    maxdepth merge middleware minkowski ml mod model module multiline multipoint multipolygon namespace ngram nl nld
    no noindex none noneinside nor normal norwegian not notinside ns null number numeric object omit on only option
    or order original out outside overwrite parallel param passhash passscram password patch pearson permissions
    point polygon por portuguese post postings_cache postings_order prepare ps256 ps384 ps512 pt punct purge put
    rand range readonly rebuild record reference references refresh regex reject relate relation remove replace
    retry return revoke revoked ro roles romanian ron root rs256 rs384 rs512 ru rus russian sc schemaful schemafull
    schemaless segment select sequence session set show signin signup silo since sleep snowball spa spanish split
    start strict string structure sv swe swedish system ta table tables tam tamil tb tempfiles terms_cache
    terms_order then throw timeout to token tokenizers tr trace transaction true tur turkish type u8 ulid unique
    unset unsigned update uppercase upsert url use user uuid value values version vs when where with nan infinity
    math time meta search vector parent this input e1 inf _ __ h u r b s f dec 1 1d 1e5 0x1 2024";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "select")]
struct Hostile {
    id: Id<Hostile>,
    #[serde(rename = "a`b")]
    backtick: i64,
    #[serde(rename = "a.b")]
    dot: i64,
    #[serde(rename = "")]
    empty: i64,
    #[serde(rename = "1")]
    digit: i64,
    #[serde(rename = "back\\slash")]
    backslash: i64,
    #[serde(rename = "new\nline")]
    newline: i64,
    #[serde(rename = "⟨é⟩")]
    unicode: i64,
    #[serde(rename = "$this")]
    parameter: i64,
    #[serde(rename = "*")]
    star: i64,
    #[serde(rename = "a[0]")]
    index: i64,
    #[serde(rename = "x; DELETE select; --")]
    statement: i64,
    #[serde(rename = "explain")]
    explain: i64,
    #[serde(rename = "VALUE")]
    value: i64,
    #[serde(rename = "none")]
    none: i64,
    #[serde(rename = "in")]
    r#in: i64,
    #[serde(rename = "where")]
    nested: Nested,
    #[serde(rename = "from")]
    list: Vec<Nested>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Nested {
    #[serde(rename = "select")]
    select: i64,
    #[serde(rename = "a`.b")]
    odd: i64,
}

#[derive(Debug, PartialEq, Deserialize, View)]
#[record(of = Hostile)]
struct Few {
    #[serde(rename = "a`b")]
    backtick: i64,
    #[serde(rename = "")]
    empty: i64,
    explain: i64,
}

fn hostile(value: i64) -> NewHostile {
    let nested = Nested { select: value, odd: value };
    NewHostile {
        backtick: value,
        dot: value,
        empty: value,
        digit: value,
        backslash: value,
        newline: value,
        unicode: value,
        parameter: value,
        star: value,
        index: value,
        statement: value,
        explain: value,
        value,
        none: value,
        r#in: value,
        list: vec![nested.clone()],
        nested,
    }
}

#[async_test]
async fn hostile_names_stay_names_in_every_clause() {
    let (_db, session) = place().await;
    let first = session.create::<Hostile>().id("a").content(hostile(1)).await.unwrap();
    let second = session.create::<Hostile>().id("b").content(hostile(2)).await.unwrap();
    let h: Fields<Hostile> = *Hostile::fields();
    macro_rules! each {
        ($($field:ident$(.$inner:ident)*),+) => {[$((
            h.$field$(.$inner)*.eq(1),
            h.$field$(.$inner)*.lt(h.$field$(.$inner)*.add(1)) & h.$field$(.$inner)*.is_some(),
            h.$field$(.$inner)*.desc(),
        )),+]};
    }
    let fields = each! {
        backtick, dot, empty, digit, backslash, newline, unicode, parameter, star, index, statement, explain, value,
        none, r#in, nested.select, nested.odd
    };
    for (equal, less, order) in fields {
        let shown = format!("{equal:?}");
        assert_eq!(session.select::<Hostile>().filter(|_| equal).one().await.unwrap(), first, "{shown}");
        let ordered = session.select::<Hostile>().filter(|_| less).order_by(|_| order).await.unwrap();
        assert_eq!(ordered, [second.clone(), first.clone()], "{shown}");
    }
    let any = session.select::<Hostile>().filter(|h| h.list.any(|nested| nested.odd.eq(2) & nested.select.gt(1)));
    assert_eq!(any.await.unwrap(), [second]);
    let each = session.select::<Hostile>().filter(|h| h.list.each(|nested| nested.odd).contains(1)).count();
    assert_eq!(each.await.unwrap(), 1);
    let view = session.select::<Hostile>().id("a").view::<Few>().await.unwrap();
    assert_eq!(view, Some(Few { backtick: 1, empty: 1, explain: 1 }));
}

/// The statements that the typed builders write around a name.
const STATEMENTS: [&str; 4] = [
    "SELECT {w} AS {w}, id AS id FROM word WHERE ({w} = 1) AND !({w} != 1) AND ({w} > NULL) AND (({w} + 1) = 2) AND \
     (({w} ?? NONE) = (o.{w} ?? NONE)) AND ({w} IN [1]) AND ((list[WHERE $this.{w} = 1] ?? []).len() > 0) AND \
     ((list[*].{w}) CONTAINS 1) AND ({w}[0] <= NULL) AND (!(type::is_string({w}))) \
     ORDER BY {w} ASC, o.{w} COLLATE DESC",
    "SELECT VALUE [$this, [{w}, {w}.*]] FROM (SELECT * FROM word WHERE {w} = 1)",
    "UPDATE word SET {w} += 1, o.{w} = {w} * 2, {w} -= 1 WHERE {w} = 1 AND o.{w} = 1",
    "UPDATE word SET {w} = NONE, o.{w} = 1 WHERE {w} = 1 AND o.{w} = 2",
];

#[async_test]
async fn every_keyword_can_name_a_field() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE word").await.unwrap();
    // The server sets these, or reads them as a record.
    for word in WORDS.split_ascii_whitespace().filter(|word| !["id", "in", "out"].contains(word)) {
        let one = || BTreeMap::from([(word.to_owned(), Value::Int(1))]);
        let mut row = one();
        row.insert("o".to_owned(), Value::Object(one()));
        row.insert("list".to_owned(), Value::Array(vec![Value::Object(one())]));
        // A table prints as its identifier.
        let identifier = Table::new(word).to_string();
        let statements = STATEMENTS.map(|statement| statement.replace("{w}", &identifier));
        let text = format!("INSERT INTO word $row; {}; DELETE word", statements.join("; "));
        let response = session.query(Surql::dynamic(text)).bind("row", &row).await;
        let response = response.and_then(Response::check).unwrap_or_else(|error| panic!("{word}: {error}"));
        for (index, statement) in statements.iter().enumerate() {
            let rows: Vec<Value> = response.take(index + 1).unwrap();
            assert_eq!(rows.len(), 1, "{statement}");
        }
    }
}
