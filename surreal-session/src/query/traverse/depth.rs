//! How often a step is repeated.

use std::ops::{Bound, RangeBounds};

use crate::query::fragment::Fragment;

/// What the server (3.3.5) goes to at most.
const MAX: u16 = 256;

/// As it stands in front of the step: `1..3`, or `2..`.
pub(super) fn depth(steps: impl RangeBounds<u16>) -> Fragment {
    let least = match steps.start_bound() {
        Bound::Included(least) => *least,
        Bound::Excluded(before) => before.saturating_add(1),
        Bound::Unbounded => 1,
    };
    let most = match steps.end_bound() {
        Bound::Included(most) => Some(*most),
        Bound::Excluded(after) => Some(after.saturating_sub(1)),
        Bound::Unbounded => None,
    };
    let text = format!("{least}..{}", most.map_or_else(String::new, |most| most.to_string()));
    let end = most.unwrap_or(MAX);
    match (1..=MAX).contains(&least) && least <= end && end <= MAX {
        true => Fragment::new(text),
        false => Fragment::default().refused(&format!("a depth of {text} is not a range between 1 and {MAX}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_a_range_that_the_server_takes() {
        for (fragment, expected) in [
            (depth(1..=3), "1..3"),
            (depth(1..4), "1..3"),
            (depth(2..), "2.."),
            (depth(..=2), "1..2"),
            (depth(..), "1.."),
            (depth(256..=256), "256..256"),
            (depth((Bound::Excluded(1), Bound::Unbounded)), "2.."),
        ] {
            assert_eq!(fragment.to_string(), expected);
        }
        for refused in [depth(0..=2), depth(1..1), depth(..=0), depth(1..=257), depth(257..)] {
            assert!(refused.is_refused(), "{refused}");
        }
        #[expect(clippy::reversed_empty_ranges, reason = "this is what is refused")]
        let reversed = depth(3..=1);
        assert!(reversed.is_refused(), "{reversed}");
    }
}
