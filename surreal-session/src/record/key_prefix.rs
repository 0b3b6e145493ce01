//! Prefixes of keys that are tuples.

use super::KeyPart;
use crate::value::Value;

/// The first parts of a key of type `K`, which is a tuple of up to six: `("de",)` of `(String, i64)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the beginning of a key of type `{K}`",
    label = "expected a tuple with the first parts of the key",
    note = "a tuple of one part is written with a comma: `(\"de\",)`"
)]
pub trait KeyPrefix<K> {
    /// Returns the parts.
    #[doc(hidden)]
    fn parts(self) -> Vec<Value>;
}

macro_rules! prefixes {
    ($([$($part:ident $given:ident $index:tt),+] [$($rest:ident)+];)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($part: KeyPart, $given: Into<$part>,)+ $($rest),+> KeyPrefix<($($part,)+ $($rest,)+)> for ($($given,)+) {
            fn parts(self) -> Vec<Value> {
                vec![$($part::to_value(&self.$index.into())),+]
            }
        }
    )+};
}

prefixes! {
    [A A2 0] [B];
    [A A2 0] [B C];
    [A A2 0] [B C D];
    [A A2 0] [B C D E];
    [A A2 0] [B C D E F];
    [A A2 0, B B2 1] [C];
    [A A2 0, B B2 1] [C D];
    [A A2 0, B B2 1] [C D E];
    [A A2 0, B B2 1] [C D E F];
    [A A2 0, B B2 1, C C2 2] [D];
    [A A2 0, B B2 1, C C2 2] [D E];
    [A A2 0, B B2 1, C C2 2] [D E F];
    [A A2 0, B B2 1, C C2 2, D D2 3] [E];
    [A A2 0, B B2 1, C C2 2, D D2 3] [E F];
    [A A2 0, B B2 1, C C2 2, D D2 3, E E2 4] [F];
}
