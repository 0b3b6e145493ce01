//! The records that a synced stream knows, and those that it has to read again.
//!
//! For each record that the program has seen, [`Board`] keeps the key and a digest of the data. It compares them with each
//! read, so that only true changes are reported. Events say no more than that a record may have changed: they mark it.
//!
//! A sweep reads all records, page by page. It gives them its number; the records that still have an older one at its end
//! are marked, and read once more before their deletion is reported.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;

use super::pages::ReadRow;

/// The state of a synced stream. Its memory is the keys, 24 bytes for each of them, and the marks.
#[derive(Debug, Default)]
pub(super) struct Board {
    known: HashMap<Box<[u8]>, Known>,
    marked: Marked,
    sweep: u32,
    hashers: [RandomState; 2],
}

#[derive(Debug, Clone, Copy)]
struct Known {
    digest: Digest,
    /// The number of the last sweep that was under way when the record was read.
    sweep: u32,
}

/// 128 bits of hashes under two random keys: two states have the same digest by accident only, once in 2^128.
type Digest = [u64; 2];

/// A change that the program has not seen yet.
#[derive(Debug)]
pub(super) enum BoardChange {
    Created(ReadRow),
    Updated(ReadRow),
    /// The id of the record, encoded.
    Deleted(Bytes),
}

impl Board {
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Marks a record that may have changed. Returns false if there are too many marks: then a sweep has to find the changes.
    pub(super) fn mark(&mut self, id: &[u8]) -> bool {
        self.marked.insert(id);
        let is_full = self.marked.ids.len() > MAX_MARKS;
        if is_full {
            self.marked = Marked::default();
        }
        !is_full
    }

    pub(super) fn is_marked(&self) -> bool {
        self.marks() > 0
    }

    pub(super) fn marks(&self) -> usize {
        self.marked.queue.len()
    }

    /// Takes the marks of at most `size` records, those with the oldest marks first.
    pub(super) fn take_marked(&mut self, size: usize) -> Vec<Bytes> {
        let count = size.min(self.marked.queue.len());
        let taken: Vec<_> = self.marked.queue.drain(..count).collect();
        for id in &taken {
            self.marked.ids.remove(id);
        }
        taken
    }

    /// Marks the records again, whose read has failed.
    pub(super) fn mark_again(&mut self, ids: Vec<Bytes>) -> bool {
        ids.iter().filter(|id| !self.mark(id)).count() == 0
    }

    pub(super) fn begin_sweep(&mut self) {
        self.sweep = self.sweep.wrapping_add(1);
    }

    /// Marks the records that this sweep has not found. There are as many marks as known records at most.
    pub(super) fn end_sweep(&mut self) {
        let old = self.known.iter().filter(|(_, known)| known.sweep != self.sweep);
        old.for_each(|(id, _)| self.marked.insert(id));
    }

    /// Notes a record that was read. Returns the change, unless it is as it was.
    pub(super) fn note(&mut self, row: ReadRow) -> Option<BoardChange> {
        let digest = self.hashers.each_ref().map(|hasher| hasher.hash_one(&row.data));
        let now = Known { digest, sweep: self.sweep };
        match self.known.get_mut(&*row.id) {
            Some(known) => {
                let is_same = known.digest == digest;
                *known = now;
                (!is_same).then_some(BoardChange::Updated(row))
            }
            None => {
                self.known.insert(Box::from(&*row.id), now);
                Some(BoardChange::Created(row))
            }
        }
    }

    /// Notes the result of reading the records with these ids.
    pub(super) fn note_all(&mut self, ids: Vec<Bytes>, rows: Vec<ReadRow>) -> Vec<BoardChange> {
        let found: HashSet<Bytes> = rows.iter().map(|row| row.id.clone()).collect();
        let missing: Vec<_> = ids.into_iter().filter(|id| !found.contains(id)).collect();
        let mut changes: Vec<_> = rows.into_iter().filter_map(|row| self.note(row)).collect();
        let gone = missing.into_iter().filter(|id| self.known.remove(&**id).is_some());
        changes.extend(gone.map(BoardChange::Deleted));
        changes
    }
}

/// Records to read again, in the order of their marks.
#[derive(Debug, Default)]
struct Marked {
    /// Invariant: the same ids as in `queue`.
    ids: HashSet<Bytes>,
    queue: VecDeque<Bytes>,
}

impl Marked {
    fn insert(&mut self, id: &[u8]) {
        if !self.ids.contains(id) {
            // Copied: a slice would keep the whole frame.
            let id = Bytes::copy_from_slice(id);
            self.ids.insert(id.clone());
            self.queue.push_back(id);
        }
    }
}

/// The maximum number of marks; beyond it, a sweep is cheaper.
const MAX_MARKS: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::super::history::StateHash;
    use super::*;

    fn row(id: &'static str, data: &'static str) -> ReadRow {
        let (id, data) = (Bytes::from_static(id.as_bytes()), Bytes::from_static(data.as_bytes()));
        ReadRow { state: StateHash::of(&data), id, data }
    }

    fn shown(changes: impl IntoIterator<Item = BoardChange>) -> Vec<String> {
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let shown = |change| match change {
            BoardChange::Created(row) => format!("+{}{}", text(&row.id), text(&row.data)),
            BoardChange::Updated(row) => format!("~{}{}", text(&row.id), text(&row.data)),
            BoardChange::Deleted(id) => format!("-{}", text(&id)),
        };
        changes.into_iter().map(shown).collect()
    }

    fn ids(ids: &[&'static str]) -> Vec<Bytes> {
        ids.iter().map(|id| Bytes::from_static(id.as_bytes())).collect()
    }

    #[test]
    fn only_true_changes_are_reported() {
        let mut board = Board::default();
        assert_eq!(shown(board.note(row("a", "1"))), ["+a1"]);
        assert_eq!(shown(board.note(row("a", "1"))), [""; 0]);
        assert_eq!(shown(board.note(row("a", "2"))), ["~a2"]);
        assert_eq!(shown(board.note_all(ids(&["a", "b", "c"]), vec![row("b", "1")])), ["+b1", "-a"]);
        assert_eq!(shown(board.note_all(ids(&["a", "b"]), vec![])), ["-b"]);
        assert_eq!(board.len(), 0);
    }

    #[test]
    fn sweep_marks_what_it_has_not_found() {
        let mut board = Board::default();
        board.begin_sweep();
        for id in ["a", "b", "c"] {
            assert!(board.note(row(id, "1")).is_some());
        }
        board.end_sweep();
        assert!(!board.is_marked());
        board.begin_sweep();
        // Read by its mark, while the sweep goes on.
        assert!(board.note_all(ids(&["b"]), vec![row("b", "1")]).is_empty());
        assert!(board.note(row("c", "1")).is_none());
        board.end_sweep();
        assert_eq!(board.take_marked(10), ids(&["a"]));
        assert!(!board.is_marked());
    }

    #[test]
    fn marks_are_bounded_and_taken_in_their_order() {
        let mut board = Board::default();
        for id in ["a", "b", "a", "c"] {
            assert!(board.mark(id.as_bytes()));
        }
        assert_eq!(board.take_marked(2), ids(&["a", "b"]));
        assert!(board.mark(b"a"));
        assert_eq!(board.take_marked(2), ids(&["c", "a"]));
        let full = (0..=MAX_MARKS).map(|id| board.mark(&id.to_be_bytes())).filter(|fits| !fits).count();
        assert_eq!((full, board.is_marked()), (1, false));
    }
}
