//! A patch is a plain struct of changes, which shows what it does and no value.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
#[record(patch = "AddressChanges")]
struct Address {
    city: String,
    zip: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    nickname: Option<String>,
    address: Option<Address>,
    #[serde(flatten)]
    other: Address,
    #[serde(skip_serializing)]
    score: f64,
    #[serde(skip_deserializing)]
    secret: String,
    #[serde(skip)]
    cached: u8,
}

/// The fields need not implement anything for that.
#[derive(Clone, Serialize, Deserialize, Object)]
struct Bare<T> {
    value: T,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Opaque;

fn main() {
    let patch = UserPatch {
        name: set("Ada".into()),
        nickname: unset(),
        address: merge(AddressChanges { zip: set(None), ..keep() }),
        other: merge(AddressChanges { zip: unset(), ..keep() }),
        ..keep()
    };
    let shown = "UserPatch { name: Set(..), nickname: Unset, address: Merge(..), other: Merge(..), secret: Keep }";
    assert_eq!(format!("{patch:?}"), shown);
    assert_eq!(format!("{:?}", BarePatch::<Opaque>::default()), "BarePatch { value: Keep }");
    assert_eq!(format!("{:?}", BarePatch { value: set(Opaque) }), "BarePatch { value: Set(..) }");

    let address = Address { city: "London".into(), zip: None };
    let before = User {
        id: Id::new("ada"),
        name: "Ada".into(),
        nickname: None,
        address: Some(address.clone()),
        other: address,
        score: 0.5,
        secret: String::new(),
        cached: 1,
    };
    let mut after = User { id: Id::new("bob"), score: 1.5, cached: 2, ..before.clone() };
    let nothing = "UserPatch { name: Keep, nickname: Keep, address: Keep, other: Keep, secret: Keep }";
    assert_eq!(format!("{:?}", UserPatch::diff(&before, &after)), nothing);
    after.nickname = Some("A".into());
    after.other.zip = Some("1".into());
    let something = "UserPatch { name: Keep, nickname: Merge(..), address: Keep, other: Merge(..), secret: Keep }";
    assert_eq!(format!("{:?}", UserPatch::diff(&before, &after)), something);
}
