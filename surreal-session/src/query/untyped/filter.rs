//! The conditions of programs without models.

use crate::query::condition::Condition;
use crate::query::surql::Surql;
use crate::value::Value;

/// A condition on records without a model: a literal of SurrealQL, [`surql!`](crate::surql!) with its values,
/// [`Surql::dynamic`], or a [`Condition`] of [`raw`](Condition::raw) texts. Sealed.
///
/// # Examples
///
/// ```
/// # use surreal_session::prelude::*;
/// # surreal_session_embedded::example(async |session| {
/// # session.execute("CREATE user:ada SET age = 36, active = true").await?;
/// let users = session.untyped().select(Table::new("user"));
/// let min = 18;
/// let adults = users.clone().filter("active").filter(surql!("age >= $min", min)).await?;
/// let minors = users.filter(!Condition::raw("age >= $min").bind("min", min)).await?;
/// assert_eq!((adults.len(), minors.len()), (1, 0));
/// # Ok(()) });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a condition",
    label = "expected SurrealQL: a literal, `surql!(..)` or `Condition::raw(..)`",
    note = "for text that is made at run time use `Surql::dynamic(text)`, and bind the values: `.bind(\"min\", 18)`"
)]
pub trait UntypedFilter: private::Sealed {
    /// Returns the condition.
    fn into_filter(self) -> Condition<Value>;
}

#[diagnostic::do_not_recommend]
impl UntypedFilter for Condition<Value> {
    fn into_filter(self) -> Self {
        self
    }
}

#[diagnostic::do_not_recommend]
impl UntypedFilter for Surql {
    fn into_filter(self) -> Condition<Value> {
        Condition::raw(self)
    }
}

#[diagnostic::do_not_recommend]
impl UntypedFilter for &'static str {
    fn into_filter(self) -> Condition<Value> {
        Condition::raw(self)
    }
}

mod private {
    use crate::query::condition::Condition;
    use crate::query::surql::Surql;
    use crate::value::Value;

    pub trait Sealed {}
    impl Sealed for Condition<Value> {}
    impl Sealed for Surql {}
    impl Sealed for &'static str {}
}
