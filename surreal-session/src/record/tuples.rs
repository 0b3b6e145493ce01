//! Implementations for tuples of one to twelve elements.

/// Calls the macro `$each` once for each length, with its elements: `$each! { [A A2 a 0] [B B2 b 1] }`.
///
/// An element has two names for types, a name for a variable, and its index.
macro_rules! tuples {
    ($each:ident) => {
        $crate::record::tuples! {
            $each ()
            [A A2 a 0] [B B2 b 1] [C C2 c 2] [D D2 d 3] [E E2 e 4] [F F2 f 5]
            [G G2 g 6] [H H2 h 7] [I I2 i 8] [J J2 j 9] [K K2 k 10] [L L2 l 11]
        }
    };
    ($each:ident ($($shorter:tt)*)) => {};
    ($each:ident ($($shorter:tt)*) $next:tt $($rest:tt)*) => {
        $each! { $($shorter)* $next }
        $crate::record::tuples! { $each ($($shorter)* $next) $($rest)* }
    };
}

pub(crate) use tuples;
