//! Random models are defined, and then clean.

use std::sync::{Mutex, MutexGuard, PoisonError};

use proptest::collection::btree_set;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use surreal_session::__private::{Item, Member, Rules, TableModel};
use surreal_session::model::Kind;
use surreal_session::schema::Schema;
use surreal_session_tests::async_test;

use super::empty;

/// The fields of the model that is made at the moment.
static MEMBERS: Mutex<&[Member]> = Mutex::new(&[]);

fn members() -> MutexGuard<'static, &'static [Member]> {
    MEMBERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn kind() -> impl Strategy<Value = Kind> {
    let leaf = prop::sample::select(vec![
        Kind::Any,
        Kind::Null,
        Kind::Bool,
        Kind::Int,
        Kind::Float,
        Kind::Decimal,
        Kind::Number,
        Kind::String,
        Kind::Datetime,
        Kind::Duration,
        Kind::Uuid,
        Kind::Bytes,
        Kind::Object,
        Kind::Geometry,
        Kind::GeometryOf("multipolygon"),
        Kind::Range,
        Kind::Record(&[]),
        Kind::Record(&["b", "a b", "`", "select"]),
        Kind::Literal(&["it's", "a | b", "\"", "<x>"]),
        Kind::Literal(&["one"]),
    ]);
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|kind| Kind::Option(leaked(kind))),
            (inner.clone(), prop::option::of(0..5_usize)).prop_map(|(kind, length)| Kind::Array(leaked(kind), length)),
            inner.prop_map(|kind| Kind::Set(leaked(kind))),
        ]
    })
}

fn rules(kind: Kind) -> impl Strategy<Value = Rules> {
    (any::<bool>(), any::<bool>(), any::<bool>(), prop::option::of("[a-z'\"\\\\`]{1,5}")).prop_map(
        move |(readonly, assert, value, comment)| Rules {
            readonly,
            assert: assert.then_some("$value != 'never' AND type::is_string(<string>$value)"),
            value: (value && matches!(kind, Kind::Any)).then_some("$value ?? 1d"),
            default: matches!(kind, Kind::Int).then_some("1+2*3"),
            comment: comment.map(|text| &**leaked(text)),
            ..Rules::NONE
        },
    )
}

fn member(name: String) -> impl Strategy<Value = Member> {
    let name: &'static str = leaked(name);
    (kind(), any::<bool>()).prop_flat_map(move |(kind, optional)| {
        rules(kind).prop_map(move |rules| {
            let member = Member::new(name, kind).ruled(rules);
            if optional { member.optional() } else { member }
        })
    })
}

fn model() -> impl Strategy<Value = (TableModel, Vec<Member>)> {
    let name = || prop_oneof!["[a-z]{1,4}", "[ -~]{1,6}", "select|from|value|in|null|none|true|type|ä|1a|[*]"];
    let fields = btree_set(name(), 0..6).prop_flat_map(|names| {
        let names = names.into_iter().filter(|name| !["id", "in", "out"].contains(&name.as_str()));
        names.map(member).collect::<Vec<_>>()
    });
    (name(), prop::option::of(any::<bool>()), prop::option::of(name()), fields).prop_map(
        |(name, schemafull, comment, members)| {
            let model = TableModel {
                name: leaked(name),
                schemafull,
                relation: None,
                enforced: false,
                members: || *self::members(),
                indexes: &[],
                permissions: None,
                changefeed: None,
                comment: comment.map(|text| &**leaked(text)),
            };
            (model, members)
        },
    )
}

#[async_test(not_send)]
async fn random_models_are_clean_once_they_are_defined() {
    let mut runner = TestRunner::deterministic();
    let models = model();
    for _ in 0..60 {
        let session = empty().await;
        let (model, fields) = models.new_tree(&mut runner).unwrap().current();
        let schema = {
            *members() = leaked(fields);
            Schema::of_items(&[Item::table(model)])
        };
        let defined = schema.define(&session).await.unwrap_or_else(|error| panic!("{error}\n{schema}"));
        assert!(defined.is_complete(), "{defined}");
        let report = schema.verify(&session).await.unwrap();
        assert!(report.is_clean(), "{report}\n{schema}");
        let again = schema.define(&session).await.unwrap();
        assert!(again.changes.is_empty() && again.is_complete(), "{again}\n{schema}");
    }
}
