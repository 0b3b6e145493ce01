//! The trait and the macro behind the adapters, and the errors that they share.

use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
use crate::value::{InvalidValue, tag::Tag};

/// A type that the adapter `By` writes and reads. Private: adapters support only the types that they list.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type that this adapter is for",
    label = "not adapted",
    note = "the types of each adapter are listed at `surreal_session::value::with`; `Option` and `Vec` of them will do, too"
)]
pub trait Adapted<By>: Sized {
    /// Writes the value as the server's own type.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads the value from the server's own type.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

impl<By, T: Adapted<By>> Adapted<By> for Option<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => serializer.serialize_some(&ViaAdapter::<By, _>::new(value)),
            None => serializer.serialize_none(),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::<ViaAdapter<By, T>>::deserialize(deserializer)?;
        Ok(value.map(|through| through.value))
    }
}

impl<By, T: Adapted<By>> Adapted<By> for Vec<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(ViaAdapter::<By, _>::new))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Vec::<ViaAdapter<By, T>>::deserialize(deserializer)?;
        Ok(values.into_iter().map(|through| through.value).collect())
    }
}

/// Serialises and deserialises a value with the adapter.
struct ViaAdapter<By, T> {
    value: T,
    by: PhantomData<By>,
}

impl<By, T> ViaAdapter<By, T> {
    fn new(value: T) -> Self {
        Self { value, by: PhantomData }
    }
}

impl<By, T: Adapted<By>> Serialize for ViaAdapter<By, &T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.write(serializer)
    }
}

impl<'de, By, T: Adapted<By>> Deserialize<'de> for ViaAdapter<By, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self::new)
    }
}

/// The error of a negative span of time.
#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
pub(super) fn negative_duration() -> InvalidValue {
    InvalidValue::new(Tag::Duration.noun(), "it is negative")
}

/// The error of a duration that is too long for another crate's type, `noun`.
#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
pub(super) fn too_long_duration(noun: &'static str, longest: impl std::fmt::Display) -> InvalidValue {
    InvalidValue::new(noun, format!("it is longer than {longest}"))
}

/// Defines an adapter: the functions that serde calls, and the types that they accept.
macro_rules! adapter {
    ($module:literal; $($foreign:ty as $name:literal => $native:ident, not $stored:literal;)+) => {
        /// Writes a value, or an `Option` or `Vec` of them, as the server's own type.
        pub fn serialize<T, S>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
        where
            T: $crate::value::with::adapted::Adapted<Adapter>,
            S: serde::Serializer,
        {
            value.write(serializer)
        }

        /// Reads a value, or an `Option` or `Vec` of them, from the server's own type.
        pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
        where
            T: $crate::value::with::adapted::Adapted<Adapter>,
            D: serde::Deserializer<'de>,
        {
            T::read(deserializer)
        }

        /// Identifies this adapter, so that it accepts no type of another.
        #[doc(hidden)]
        #[derive(Debug)]
        pub enum Adapter {}

        $(
            impl $crate::value::with::adapted::Adapted<Adapter> for $foreign {
                fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let native = $crate::value::$native::try_from(self.clone()).map_err(serde::ser::Error::custom)?;
                    serde::Serialize::serialize(&native, serializer)
                }

                fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let native = <$crate::value::$native as serde::Deserialize>::deserialize(deserializer)?;
                    Self::try_from(native).map_err(serde::de::Error::custom)
                }
            }

            $crate::value::with::foreign::foreign! {
                $foreign => $crate::value::with::foreign::use_adapter!($name, $stored, $module, $native)
            }
        )+
    };
}

pub(super) use adapter;
