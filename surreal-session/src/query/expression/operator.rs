//! Rust's operators on fields: they do not compile, and the message names the method to call.
//!
//! `==` and `<` of Rust give a `bool` at once, before the database has seen the record. The impls below exist for their
//! message alone: no type that a program can write is an [`OperatorOperand`].

use std::cmp::Ordering;
use std::convert::Infallible;
use std::ops::{Add, Div, Mul, Sub};

use super::Computed;
use crate::record::{FieldRef, Path};

/// The right side of an operator on a field of type `F`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "fields have methods instead of operators: write `u.age.gte(18)` for `u.age >= 18`, `u.age.add(1)` for \
               `u.age + 1`",
    label = "use `.eq(..)`, `.ne(..)`, `.lt(..)`, `.lte(..)`, `.gt(..)`, `.gte(..)`, `.add(..)`, `.sub(..)`, `.mul(..)` or \
             `.div(..)`",
    note = "dereference a reference to a field before you call a method: `(*field).eq(..)`"
)]
pub trait OperatorOperand<F> {
    /// Returns anything: no value has a type that is an operand.
    fn refuse<T>(&self) -> T;
}

// Two impls: with one, the compiler would take its type for the type of the right side.
#[diagnostic::do_not_recommend]
impl<F> OperatorOperand<F> for Infallible {
    fn refuse<T>(&self) -> T {
        match *self {}
    }
}

#[diagnostic::do_not_recommend]
impl<F> OperatorOperand<F> for &Infallible {
    fn refuse<T>(&self) -> T {
        match **self {}
    }
}

macro_rules! refused {
    ($([$($generics:tt)*] $ty:ty => $output:ty;)+) => {$(
        impl<V: OperatorOperand<Self>, $($generics)*> PartialEq<V> for $ty {
            fn eq(&self, other: &V) -> bool {
                other.refuse()
            }
        }

        impl<V: OperatorOperand<Self>, $($generics)*> PartialOrd<V> for $ty {
            fn partial_cmp(&self, other: &V) -> Option<Ordering> {
                other.refuse()
            }
        }

        refused! { @ Add add [$($generics)*] $ty => $output }
        refused! { @ Sub sub [$($generics)*] $ty => $output }
        refused! { @ Mul mul [$($generics)*] $ty => $output }
        refused! { @ Div div [$($generics)*] $ty => $output }
    )+};
    (@ $trait:ident $method:ident [$($generics:tt)*] $ty:ty => $output:ty) => {
        impl<V: OperatorOperand<Self>, $($generics)*> $trait<V> for $ty {
            type Output = $output;

            fn $method(self, other: V) -> Self::Output {
                other.refuse()
            }
        }
    };
}

refused! {
    [P: Path, T] FieldRef<P, T> => Computed<P::Root, T, P>;
    [R, T, P] Computed<R, T, P> => Computed<R, T>;
}
