//! An enum of ids is a link: it is written and read as the id that it holds, and told by its table.

use serde::{Deserialize, Serialize};
use serde_json::json;
use surreal_session::LinkTo;
use surreal_session::prelude::*;
use surreal_session::value::Uuid;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Company {
    id: Id<Company, Uuid>,
    owner: Option<Owner>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, LinkTo)]
enum Only {
    Company(Id<Company, Uuid>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, LinkTo)]
enum Owner {
    User(Id<User>),
    Company(Id<Company, Uuid>),
}

/// An edge between any records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Owns {
    id: Id<Owns>,
    r#in: Owner,
    #[serde(rename = "out")]
    what: RecordId,
}

fn leads_to<I>(_: &impl LinkTo<I>) {}

fn main() {
    let ada: Owner = Id::<User>::new("ada").into();
    assert_eq!(serde_json::to_value(&ada).unwrap(), json!("user:ada"));
    assert_eq!(serde_json::from_value::<Owner>(json!("user:ada")).unwrap(), ada);
    leads_to::<Id<User>>(&ada);
    leads_to::<Id<Company, Uuid>>(&ada);
    leads_to::<Id<Company, Uuid>>(&RecordId::from(ada.clone()));
    let company: Id<Company, Uuid> = Id::generate();
    let untyped = RecordId::from(Owner::from(company));
    assert_eq!(Owner::try_from(untyped.clone()).unwrap(), Owner::Company(company));
    assert_eq!(Only::try_from(untyped).unwrap(), Only::Company(company));
    for wrong in ["company:ada", "post:1", "text"] {
        assert!(serde_json::from_value::<Owner>(json!(wrong)).is_err(), "{wrong}");
    }
    let owns = NewOwns { r#in: ada, what: RecordId::new("house", 1) };
    assert_eq!(serde_json::to_value(owns).unwrap(), json!({ "in": "user:ada", "out": "house:1" }));
}
