//! The keys that an object has so far.

use std::collections::HashSet;

use crate::codec::reader::Reader;

/// Finds a key that stands twice in an object, from where in the buffer its keys begin.
#[derive(Default)]
pub(super) struct Seen {
    few: [usize; FEW],
    count: usize,
    /// All keys, once there are many.
    many: Option<HashSet<Box<[u8]>>>,
}

/// So many keys are compared one by one, without an allocation.
const FEW: usize = 16;

impl Seen {
    /// Adds the key that is the end of the buffer, from `at` on. Gives false if it is there already.
    pub(super) fn add(&mut self, buffer: &[u8], at: usize) -> bool {
        let key = &buffer[at..];
        if let Some(many) = &mut self.many {
            return many.insert(key.into());
        }
        // The header of a text says how long it is, so that a key cannot be the beginning of another.
        let few = &self.few[..self.count];
        if few.iter().any(|&other| buffer[other..at].starts_with(key)) {
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
        // What was written here can be read here.
        let text = |&at: &usize| Reader::new(&buffer[at..]).skip().unwrap_or_default().into();
        self.few.iter().map(text).chain([last.into()]).collect()
    }
}
