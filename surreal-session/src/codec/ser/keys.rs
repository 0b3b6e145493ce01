//! Detects duplicate keys in an object.

use std::collections::HashSet;

use crate::codec::reader::Reader;

/// The keys that an object has so far, by their positions in the buffer.
#[derive(Default)]
pub(super) struct SeenKeys {
    few: [usize; FEW],
    count: usize,
    /// All keys, once there are more than `FEW`.
    many: Option<HashSet<Box<[u8]>>>,
}

/// The number of keys that are compared one by one, without an allocation.
const FEW: usize = 16;

impl SeenKeys {
    /// Adds the key that begins at `at` and ends the buffer. Returns `false` if the object already has it.
    pub(super) fn add(&mut self, buffer: &[u8], at: usize) -> bool {
        let key = &buffer[at..];
        if let Some(many) = &mut self.many {
            return many.insert(key.into());
        }
        // The header of a text contains its length, so no key is the beginning of another, and most begin with another byte.
        let few = &self.few[..self.count];
        if few.iter().any(|&other| buffer[other] == buffer[at] && buffer[other..at].starts_with(key)) {
            return false;
        }
        match self.few.get_mut(self.count) {
            Some(place) => {
                *place = at;
                self.count += 1;
            }
            None => self.many = Some(self.read_all(buffer, key)),
        }
        true
    }

    fn read_all(&self, buffer: &[u8], last: &[u8]) -> HashSet<Box<[u8]>> {
        // This crate wrote the keys, so they can be read.
        let text = |&at: &usize| Reader::new(&buffer[at..]).skip().unwrap_or_default().into();
        self.few.iter().map(text).chain([last.into()]).collect()
    }
}
