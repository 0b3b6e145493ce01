//! Fields that serde writes by functions of their own.

use super::{Operand, Optional, Ordered, Term};
use crate::record::{Converted, Converts, Shows};

impl<R, T, O: Converts<T, INDEX>, const INDEX: usize> Operand<R, Converted<T, O, INDEX>> for T {
    fn term(self) -> Term {
        Term::encoded(O::converted(&self))
    }
}

impl<R, T, O: Converts<T, INDEX>, const INDEX: usize> Operand<R, Converted<T, O, INDEX>> for &T {
    fn term(self) -> Term {
        Term::encoded(O::converted(self))
    }
}

impl<R, T, O: Converts<Option<T>, INDEX>, const INDEX: usize> Operand<R, Converted<Option<T>, O, INDEX>> for T {
    fn term(self) -> Term {
        Term::encoded(O::converted(&Some(self)))
    }
}

impl<R, T: Clone, O: Converts<Option<T>, INDEX>, const INDEX: usize> Operand<R, Converted<Option<T>, O, INDEX>> for &T {
    fn term(self) -> Term {
        Term::encoded(O::converted(&Some(self.clone())))
    }
}

impl<T: Ordered, O, const INDEX: usize> Ordered for Converted<T, O, INDEX> {}

impl<T: Optional, O, const INDEX: usize> Optional for Converted<T, O, INDEX> {}

impl<T, O, const INDEX: usize> Shows<Converted<T, O, INDEX>> for T {}

impl<T, O, const INDEX: usize> Shows<Converted<T, O, INDEX>> for Option<T> {}
