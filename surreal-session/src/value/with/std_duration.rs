//! [`std::time::Duration`] as [`Duration`](crate::value::Duration), which holds exactly the same.

use super::adapted::adapter;
use super::foreign::foreign;

adapter! {
    "std_duration";
    std::time::Duration as "std::time::Duration" => Duration, not "an object";
}

foreign! {
    std::time::SystemTime =>
        "`std::time::SystemTime` would be stored as an object: use `surreal_session::value::Datetime`, which converts from and to it"
}
