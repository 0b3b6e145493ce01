//! The start of a traversal.

use crate::protocol::Target;
use crate::query::select::Select;
use crate::query::statement::{Fragment, Statement};
use crate::record::{Key, Record};
use crate::value::Id;

/// The start of a traversal: an id, several ids, or the records that a [`Select`] finds.
#[diagnostic::on_unimplemented(
    message = "a traversal cannot start from `{Self}`",
    label = "expected an `Id<_>`, a list of them, or a select",
    note = "pass the id of a record: `session.traverse(&user.id)`",
    note = "or a select of several records: `session.traverse(session.select::<User>().filter(..))`"
)]
pub trait Origin {
    /// The type of the records that it starts from.
    type Record: Record;

    /// Returns the name of these records in messages.
    #[doc(hidden)]
    fn target(&self) -> Target {
        Target::Name(Self::Record::TABLE)
    }

    /// Returns the ids, as an array.
    #[doc(hidden)]
    fn ids(self) -> Fragment;
}

#[diagnostic::do_not_recommend]
impl<T: Record<Key = K>, K: Key> Origin for Id<T, K> {
    type Record = T;

    fn target(&self) -> Target {
        Target::shown(self.clone())
    }

    fn ids(self) -> Fragment {
        Fragment::of(&[self])
    }
}

#[diagnostic::do_not_recommend]
impl<T: Record<Key = K>, K: Key> Origin for &Id<T, K> {
    type Record = T;

    fn target(&self) -> Target {
        Target::shown((*self).clone())
    }

    fn ids(self) -> Fragment {
        Fragment::of(&[self])
    }
}

#[diagnostic::do_not_recommend]
impl<T: Record<Key = K>, K: Key> Origin for &[Id<T, K>] {
    type Record = T;

    fn ids(self) -> Fragment {
        Fragment::of(self)
    }
}

macro_rules! lists {
    ($([$($size:tt)*] $list:ty;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: Record<Key = K>, K: Key, $($size)*> Origin for $list {
            type Record = T;

            fn ids(self) -> Fragment {
                self[..].ids()
            }
        }
    )+};
}

lists! {
    [] Vec<Id<T, K>>;
    [] &Vec<Id<T, K>>;
    [const N: usize] [Id<T, K>; N];
    [const N: usize] &[Id<T, K>; N];
}

/// Its deadline does not count: the traversal has its own.
#[diagnostic::do_not_recommend]
impl<T: Record> Origin for Select<T> {
    type Record = T;

    fn ids(self) -> Fragment {
        Fragment::new("(SELECT VALUE id FROM (").then(self.surql()).text("))")
    }
}
