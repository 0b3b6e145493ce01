//! Types that serde reads through a buffer.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use super::*;
use crate::value::Value;

/// Each value reads back equal, or is refused when it is written.
#[test]
fn values_that_serdes_buffer_loses_are_refused() {
    type Counts = BTreeMap<i64, u8>;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Internal {
        Named { counts: Option<Counts> },
        Deep { all: Vec<Plain> },
        Big { number: i128 },
        Inner(Plain),
        Map(BTreeMap<String, Counts>),
        Text { names: BTreeMap<String, u8>, number: i64 },
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "t", content = "c")]
    enum ContentFirst {
        A(Counts),
        B { number: u128 },
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "c", content = "t")]
    enum TagFirst {
        A(Counts),
        B { number: u128 },
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum External {
        A(Counts),
        B { number: u128 },
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Plain {
        counts: Counts,
        number: u128,
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Flat {
        counts: Counts,
        #[serde(flatten)]
        rest: BTreeMap<String, Counts>,
        later: Counts,
    }
    fn case<T: Serialize + for<'de> Deserialize<'de> + PartialEq + Debug>(value: T, is_refused: bool) {
        match encode(&value) {
            // The server sorts entries by name.
            Ok(bytes) => {
                let sorted = encode(&decode::<Value>(&bytes).unwrap()).unwrap();
                assert_eq!(decode::<T>(&sorted).unwrap(), value);
                assert!(!is_refused, "{value:?}");
            }
            Err(error) => assert!(is_refused && error.message().starts_with("serde cannot read"), "{value:?}: {error}"),
        }
    }

    let counts = || Counts::from([(1, 2)]);
    let plain = || Plain { counts: counts(), number: 7 };
    case(Internal::Named { counts: Some(counts()) }, true);
    case(Internal::Deep { all: vec![plain()] }, true);
    case(Internal::Big { number: 1 }, true);
    case(Internal::Inner(plain()), true);
    case(Internal::Map(BTreeMap::from([("a".into(), counts())])), true);
    case(Internal::Text { names: BTreeMap::from([("1".into(), 1)]), number: 1 }, false);
    case(Internal::Named { counts: Some(Counts::new()) }, false);
    case(ContentFirst::A(counts()), true);
    case(ContentFirst::B { number: 1 }, true);
    case(TagFirst::A(counts()), false);
    case(TagFirst::B { number: 1 }, false);
    case(External::A(counts()), false);
    case(External::B { number: 1 }, false);
    case(plain(), false);
    case(Flat { counts: counts(), rest: BTreeMap::new(), later: counts() }, false);
    case(Flat { counts: counts(), rest: BTreeMap::from([("a".into(), counts())]), later: counts() }, true);
}
