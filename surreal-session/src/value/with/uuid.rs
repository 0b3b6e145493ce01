//! [`uuid::Uuid`] as [`Uuid`](crate::value::Uuid), which holds exactly the same.

use super::adapted::adapter;

adapter! {
    "uuid";
    uuid::Uuid as "uuid::Uuid" => Uuid, not "a string";
}
