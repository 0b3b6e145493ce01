//! Where a walk through the graph starts.

use crate::protocol::Target;
use crate::query::fragment::Fragment;
use crate::query::select::{Select, state};
use crate::query::statement::Statement;
use crate::record::{Key, Record};
use crate::value::Id;

/// What a walk can start from: an id, several of them, or the records that a [`Select`] finds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say from which records to start",
    label = "expected an `Id<_>`, a list of them, or a select",
    note = "a record is given by its id: `session.traverse(&user.id)`",
    note = "a select starts a walk as `session.traverse(session.select::<User>().filter(..))`, without `.id(..)`, `.first()` or `.one()`"
)]
pub trait Origin {
    /// The record that it starts from.
    type Record: Record;

    /// The name of these records in messages.
    #[doc(hidden)]
    fn target(&self) -> Target {
        Target::Name(Self::Record::TABLE)
    }

    /// The ids, as an array.
    #[doc(hidden)]
    fn ids(self) -> Fragment;
}

impl<T: Record<Key = K>, K: Key> Origin for Id<T, K> {
    type Record = T;

    fn target(&self) -> Target {
        Target::shown(self.clone())
    }

    fn ids(self) -> Fragment {
        Fragment::of(&[self])
    }
}

impl<T: Record<Key = K>, K: Key> Origin for &Id<T, K> {
    type Record = T;

    fn target(&self) -> Target {
        Target::shown((*self).clone())
    }

    fn ids(self) -> Fragment {
        Fragment::of(&[self])
    }
}

impl<T: Record<Key = K>, K: Key> Origin for &[Id<T, K>] {
    type Record = T;

    fn ids(self) -> Fragment {
        Fragment::of(self)
    }
}

macro_rules! lists {
    ($([$($size:tt)*] $list:ty;)+) => {$(
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

/// Its deadline is that of the walk.
#[diagnostic::do_not_recommend]
#[expect(clippy::mismatching_type_param_order, reason = "the rows are records")]
impl<T: Record, S: state::Pages> Origin for Select<T, T, S> {
    type Record = T;

    fn ids(self) -> Fragment {
        Fragment::new("(SELECT VALUE id FROM (").then(self.surql()).text("))")
    }
}
