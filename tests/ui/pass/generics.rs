//! Generic records: the bounds are the struct's, and the generated struct has the parameters that its fields use.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use surreal_session::model::Key;
use surreal_session::prelude::*;

trait Payload: Serialize + DeserializeOwned + 'static {
    type Extra: Serialize + DeserializeOwned + Clone + std::fmt::Debug;
}

impl Payload for u8 {
    type Extra = bool;
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[serde(bound = "")]
struct Event<T: Payload = u8>
where
    T: Clone,
{
    id: Id<Event<T>>,
    data: T,
    extra: T::Extra,
    cause: Option<Id<Self>>,
    #[serde(skip_serializing_if = "Self::is_default")]
    weight: u32,
}

impl<T: Payload + Clone> Event<T> {
    fn is_default(weight: &u32) -> bool {
        *weight == 0
    }
}

/// The key is not written, so `NewDocument` has neither `K` nor what is said about it.
#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[serde(bound = "K: Key, S: Send")]
struct Document<K: Key, S: Send + 'static = K, const N: usize = 2>
where
    Vec<S>: Into<Vec<S>>,
{
    id: Id<Document<K, S, N>, K>,
    text: String,
    #[serde(skip)]
    state: PhantomData<[S; N]>,
}

/// The bounds that serde is told are carried over.
#[derive(Serialize, Deserialize, Record)]
#[serde(bound = "T: Serialize + DeserializeOwned + 'static")]
struct Bounded<T> {
    id: Id<Bounded<T>>,
    data: T,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Sized4<const N: usize> {
    id: Id<Sized4<N>>,
    count: u8,
}

fn new_of<T: Record>(new: &T::New) -> serde_json::Value {
    serde_json::to_value(new).unwrap()
}

fn main() {
    let event: NewEvent = NewEvent { data: 1, extra: true, cause: Some(Id::new("a")), weight: 0 };
    assert_eq!(new_of::<Event>(&event), json!({ "data": 1, "extra": true, "cause": "event:a" }));
    let document = NewDocument { text: "t".into() };
    assert_eq!(new_of::<Document<String>>(&document), json!({ "text": "t" }));
    assert_eq!(new_of::<Bounded<u8>>(&NewBounded { data: 1 }), json!({ "data": 1 }));
    assert_eq!(new_of::<Sized4<4>>(&NewSized4 { count: 1 }), json!({ "count": 1 }));
    assert_eq!((Event::<u8>::TABLE, Sized4::<4>::TABLE), ("event", "sized4"));
}
