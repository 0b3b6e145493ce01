//! Ids that a program makes itself.

use super::{HasTable, Key};
use crate::value::{Id, RecordKey, Uuid};

/// A type of key that can be made without asking the server.
#[diagnostic::on_unimplemented(
    message = "keys of type `{Self}` are not made out of nothing",
    label = "no key can be made here",
    note = "ids with keys of type `String`, `Uuid` and `RecordKey` can; any other is given a key with `Id::new(key)`"
)]
pub trait GenerateKey: Key {
    /// A key that no other record has, and that sorts after those that were made before.
    fn generate() -> Self;
}

/// A uuid of version 7, as the server's `rand::uuid::v7()`.
#[diagnostic::do_not_recommend]
impl GenerateKey for Uuid {
    fn generate() -> Self {
        Self::new_v7()
    }
}

/// A ULID, as the server's `rand::ulid()`: 26 digits and capital letters that sort by the time.
#[diagnostic::do_not_recommend]
impl GenerateKey for String {
    fn generate() -> Self {
        // A ULID and a version 7 UUID begin with the same bits: the time in milliseconds.
        ulid(u128::from_be_bytes(*Uuid::new_v7().as_bytes()))
    }
}

/// A uuid of version 7.
#[diagnostic::do_not_recommend]
impl GenerateKey for RecordKey {
    fn generate() -> Self {
        Self::Uuid(Uuid::new_v7())
    }
}

impl<T: HasTable, K: Key> Id<T, K> {
    /// Makes an id that no other record has.
    ///
    /// It begins with the time, so that ids sort in the order in which one program made them; those of several programs
    /// sort as their clocks say. A record created with it can be created again after a lost reply: the second time is
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists).
    ///
    /// # Examples
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// use surreal_session::prelude::*;
    /// use surreal_session::value::Uuid;
    ///
    /// #[derive(Serialize, Deserialize, Record)]
    /// struct Order {
    ///     id: Id<Order, Uuid>,
    ///     total: u32,
    /// }
    ///
    /// let first = Id::<Order, Uuid>::generate();
    /// assert!(first < Id::generate());
    /// ```
    pub fn generate() -> Self
    where
        K: GenerateKey,
    {
        Self::new(K::generate())
    }
}

fn ulid(bits: u128) -> String {
    let digit = |place: u32| char::from(DIGITS[(bits >> (5 * place)) as usize % DIGITS.len()]);
    (0..26).rev().map(digit).collect()
}

/// Without I, L, O and U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulids_have_all_their_bits() {
        for (bits, expected) in [
            (0, "00000000000000000000000000"),
            (31, "0000000000000000000000000Z"),
            (32, "00000000000000000000000010"),
            (u128::MAX, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"),
            // The time 1469918176385 of the ULID specification, with nothing behind it.
            (1_469_918_176_385 << 80, "01ARYZ6S410000000000000000"),
        ] {
            assert_eq!(ulid(bits), expected);
        }
    }

    #[test]
    fn generated_keys_ascend() {
        let keys: Vec<String> = (0..1000).map(|_| String::generate()).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
        let keys: Vec<Uuid> = (0..1000).map(|_| Uuid::generate()).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
