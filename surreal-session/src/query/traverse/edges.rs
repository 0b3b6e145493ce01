//! The edges that a step of a traversal follows.

use std::fmt;
use std::marker::PhantomData;

use super::Traverse;
use super::walk::Walk;
use crate::error::Result;
use crate::protocol::Operation;
use crate::query::Response;
use crate::query::condition::{IntoCondition, default_condition};
use crate::query::select::{Fields, Select};
use crate::query::statement::{Call, Fragment, Statement, builder_methods, send};
use crate::record::{LinkTo, Record, Relation};
use crate::session::CallFuture;
use crate::value::Id;

macro_rules! edges {
    ($(#[$doc:meta])+ $name:ident, $arrow:literal, $end:ident) => {
        $(#[$doc])+
        ///
        /// Awaiting it returns the edges, a `Vec<E>`: each once, in no order. [`to`](Self::to) goes on to the records at
        /// their other ends. Errors and cancel safety are those of [`Traverse`].
        #[must_use = "nothing is read until this is awaited"]
        pub struct $name<E, T> {
            walk: Walk,
            marker: PhantomData<fn() -> (E, T)>,
        }

        impl<E: Relation, T: Record> $name<E, T> {
            pub(super) fn new(mut walk: Walk) -> Self {
                walk.follow($arrow, E::TABLE);
                if let Some(scope) = default_condition::<E>() {
                    walk.filter_edges(scope);
                }
                Self { walk, marker: PhantomData }
            }

            /// Follows only edges for which this is true. Several filters all apply.
            pub fn filter<C: IntoCondition<E>>(mut self, condition: impl FnOnce(Fields<E>) -> C) -> Self {
                self.walk.filter_edges(condition(*E::fields()).into_condition());
                self
            }

            /// Adds a filter if there is a value, such as an optional parameter of a search.
            pub fn filter_opt<O, C: IntoCondition<E>>(
                self,
                value: Option<O>,
                condition: impl FnOnce(Fields<E>, O) -> C,
            ) -> Self {
                self.apply_if(value, |builder, value| builder.filter(|fields| condition(fields, value)))
            }

            /// Goes on to the records of type `R` at the other ends of the edges. Records of other tables are left out.
            pub fn to<R: Record>(mut self) -> Traverse<R, T>
            where
                E: Relation<$end: LinkTo<Id<R, R::Key>>>,
            {
                self.walk.arrive(R::TABLE);
                if let Some(scope) = default_condition::<R>() {
                    self.walk.filter_end(scope);
                }
                Traverse::at(self.walk)
            }

            /// Reads the edges through a [`Select`], with its filters, order, limit, views, links and counts.
            ///
            /// With `.fetch(|w| w.out)`, each edge comes with the record that it leads to.
            pub fn edges(self) -> Select<E> {
                Select::from_source(self.walk.call.clone(), self.walk.operation(), self.walk.into_source())
            }

            builder_methods! { walk.call }
        }

        impl<E: Relation, T: Record> Statement for $name<E, T> {
            type Output = Vec<E>;

            fn call(&self) -> &Call {
                &self.walk.call
            }

            fn operation(&self) -> Operation {
                self.walk.operation()
            }

            fn surql(&self) -> Fragment {
                Fragment::new("SELECT * FROM ").then(self.walk.clone().into_source())
            }

            fn read(&self, response: &Response, index: usize) -> Result<Vec<E>> {
                response.take(index)
            }
        }

        impl<E: Relation, T: Record> IntoFuture for $name<E, T> {
            type Output = Result<Vec<E>>;
            type IntoFuture = CallFuture<Vec<E>>;

            fn into_future(self) -> Self::IntoFuture {
                send(self)
            }
        }

        impl<E, T> Clone for $name<E, T> {
            fn clone(&self) -> Self {
                Self { walk: self.walk.clone(), marker: PhantomData }
            }
        }

        /// The ids of the edges as SurrealQL, without the values.
        impl<E, T> fmt::Debug for $name<E, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.walk.clone().into_fragment())
            }
        }
    };
}

edges! {
    /// The edges of type `E` that begin at the records of type `T` of a traversal. Made by [`Traverse::out`].
    OutEdges, "->", Out
}

edges! {
    /// The edges of type `E` that end at the records of type `T` of a traversal. Made by [`Traverse::in_`].
    InEdges, "<-", In
}
