//! A total order of values, with equality and hash that agree with it.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::Value;
use crate::value::float::TotalFloat;

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares the type first, in the order of the variants, then the content.
impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(one), Self::Bool(other)) => one.cmp(other),
            (Self::Int(one), Self::Int(other)) => one.cmp(other),
            (Self::Float(one), Self::Float(other)) => TotalFloat(*one).cmp(&TotalFloat(*other)),
            (Self::Decimal(one), Self::Decimal(other)) => one.cmp(other),
            (Self::String(one), Self::String(other)) => one.cmp(other),
            (Self::Bytes(one), Self::Bytes(other)) => one.cmp(other),
            (Self::Datetime(one), Self::Datetime(other)) => one.cmp(other),
            (Self::Duration(one), Self::Duration(other)) => one.cmp(other),
            (Self::Uuid(one), Self::Uuid(other)) => one.cmp(other),
            (Self::Table(one), Self::Table(other)) => one.cmp(other),
            (Self::RecordId(one), Self::RecordId(other)) => one.cmp(other),
            (Self::Array(one), Self::Array(other)) => one.cmp(other),
            (Self::Set(one), Self::Set(other)) => one.cmp(other),
            (Self::Object(one), Self::Object(other)) => one.cmp(other),
            (Self::Geometry(one), Self::Geometry(other)) => one.cmp(other),
            (Self::File(one), Self::File(other)) => one.cmp(other),
            (Self::Range(one), Self::Range(other)) => one.cmp(other),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rank().hash(state);
        match self {
            Self::None | Self::Null => {}
            Self::Bool(value) => value.hash(state),
            Self::Int(number) => number.hash(state),
            Self::Float(number) => TotalFloat(*number).hash(state),
            Self::Decimal(number) => number.hash(state),
            Self::String(text) => text.hash(state),
            Self::Bytes(bytes) => bytes.hash(state),
            Self::Datetime(datetime) => datetime.hash(state),
            Self::Duration(duration) => duration.hash(state),
            Self::Uuid(uuid) => uuid.hash(state),
            Self::Table(table) => table.hash(state),
            Self::RecordId(id) => id.hash(state),
            Self::Array(elements) => elements.hash(state),
            Self::Set(set) => set.hash(state),
            Self::Object(entries) => entries.hash(state),
            Self::Geometry(geometry) => geometry.hash(state),
            Self::File(file) => file.hash(state),
            Self::Range(range) => range.hash(state),
        }
    }
}

impl Value {
    /// The position of the variant.
    fn rank(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Null => 1,
            Self::Bool(_) => 2,
            Self::Int(_) => 3,
            Self::Float(_) => 4,
            Self::Decimal(_) => 5,
            Self::String(_) => 6,
            Self::Bytes(_) => 7,
            Self::Datetime(_) => 8,
            Self::Duration(_) => 9,
            Self::Uuid(_) => 10,
            Self::Table(_) => 11,
            Self::RecordId(_) => 12,
            Self::Array(_) => 13,
            Self::Set(_) => 14,
            Self::Object(_) => 15,
            Self::Geometry(_) => 16,
            Self::File(_) => 17,
            Self::Range(_) => 18,
        }
    }
}
