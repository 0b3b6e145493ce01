//! Random values.

use std::collections::BTreeMap;
use std::ops::Bound;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::value::{
    Bytes, Datetime, Decimal, Duration, File, Geometry, Range, RecordId, RecordKey, Table, Uuid, Value,
};

/// A value of any type and some depth.
pub(super) fn value() -> BoxedStrategy<Value> {
    leaf()
        .prop_recursive(3, 48, 6, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..6).prop_map(Value::Array),
                vec(inner.clone(), 0..4).prop_map(|elements| Value::Set(elements.into())),
                object(inner.clone()).prop_map(Value::Object),
                (text(), record_key(inner.clone())).prop_map(|(table, key)| RecordId::new(table, key).into()),
                range(inner).prop_map(Value::from),
            ]
        })
        .boxed()
}

/// The id of a record, with a key of any type.
pub(super) fn record_id() -> impl Strategy<Value = RecordId> {
    (text(), record_key(value())).prop_map(|(table, key)| RecordId::new(table, key))
}

fn record_key(value: BoxedStrategy<Value>) -> BoxedStrategy<RecordKey> {
    let single = prop_oneof![
        any::<i64>().prop_map(RecordKey::Int),
        text().prop_map(RecordKey::String),
        uuid().prop_map(RecordKey::Uuid),
        vec(value.clone(), 0..3).prop_map(RecordKey::Array),
        object(value).prop_map(RecordKey::Object),
    ]
    .boxed();
    prop_oneof![4 => single.clone(), 1 => range(single).prop_map(RecordKey::from)].boxed()
}

fn range<T: std::fmt::Debug + Clone + 'static>(value: BoxedStrategy<T>) -> BoxedStrategy<Range<T>> {
    let bound =
        prop_oneof![Just(Bound::Unbounded), value.clone().prop_map(Bound::Included), value.prop_map(Bound::Excluded)]
            .boxed();
    (bound.clone(), bound).prop_map(|(start, end)| Range::new(start, end)).boxed()
}

fn object(value: BoxedStrategy<Value>) -> BoxedStrategy<BTreeMap<String, Value>> {
    btree_map(text(), value, 0..4).boxed()
}

fn leaf() -> BoxedStrategy<Value> {
    prop_oneof![
        Just(Value::None),
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        int().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        prop_oneof![Just(0.0), Just(f64::NAN), Just(f64::INFINITY), Just(1e300)].prop_map(Value::Float),
        (any::<i64>(), any::<i32>(), 0..=28_u32).prop_map(|(high, low, scale)| {
            let decimal = Decimal::new((i128::from(high) << 32) + i128::from(low), scale);
            Value::Decimal(decimal.unwrap_or_default())
        }),
        text().prop_map(Value::String),
        vec(any::<u8>(), 0..40).prop_map(|bytes| Bytes::from(bytes).into()),
        (Datetime::MIN.timestamp()..=Datetime::MAX.timestamp(), 0..1_000_000_000_u32).prop_map(
            |(seconds, nanoseconds)| {
                Datetime::from_timestamp(seconds, nanoseconds).map_or(Value::None, Value::Datetime)
            }
        ),
        (any::<u64>(), prop_oneof![Just(0), 0..1_000_000_000_u32]).prop_map(|(seconds, nanoseconds)| {
            Duration::from(std::time::Duration::new(seconds, nanoseconds)).into()
        }),
        uuid().prop_map(Value::Uuid),
        text().prop_map(|name| Table::new(name).into()),
        (text(), text()).prop_map(|(bucket, key)| File::new(bucket, key).into()),
        geometry().prop_map(Value::Geometry),
    ]
    .boxed()
}

fn geometry() -> BoxedStrategy<Geometry> {
    let point = || [any::<f64>(), any::<f64>()];
    let line = move || vec(point(), 0..4);
    let polygon = move || vec(line(), 0..3);
    let single = prop_oneof![
        point().prop_map(Geometry::Point),
        line().prop_map(Geometry::Line),
        polygon().prop_map(Geometry::Polygon),
        line().prop_map(Geometry::MultiPoint),
        polygon().prop_map(Geometry::MultiLine),
        vec(polygon(), 0..3).prop_map(Geometry::MultiPolygon),
    ]
    .boxed();
    prop_oneof![4 => single.clone(), 1 => vec(single, 0..3).prop_map(Geometry::Collection)].boxed()
}

fn int() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), -300..300_i64, Just(i64::MIN), Just(i64::MAX)]
}

fn uuid() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(|number| uuid::Uuid::from_u128(number).into())
}

/// Text in which everything that needs escaping is frequent.
fn text() -> BoxedStrategy<String> {
    prop_oneof!["[a-z_0-9]{0,8}", "[-`'\"\\\\⟨⟩:.{}\\[\\]()\n\0 aeNx1\u{e9}]{0,8}", any::<String>()].boxed()
}
