//! Decoding JSON in the browser, without serde's derived code.
//!
//! The derived `Deserialize` of these types accepts the same, which tests check. But it generates code for each type, 25 kB for
//! the browser to load. Here one parser makes a [`Value`] of a text, and the rest is look-ups.

use serde_json::Value;
use uuid::Uuid;

/// A type that can be decoded from JSON.
pub trait FromJson: Sized {
    /// Decodes a value; `None` if it is something else.
    fn from_value(value: &Value) -> Option<Self>;

    /// Decodes a text.
    fn from_json(text: &str) -> Option<Self> {
        Self::from_value(&serde_json::from_str(text).ok()?)
    }
}

/// Decodes a required field.
pub fn field<T: FromJson>(object: &Value, name: &str) -> Option<T> {
    T::from_value(object.get(name)?)
}

/// Decodes a field that may be missing or null.
pub fn optional<T: FromJson>(object: &Value, name: &str) -> Option<Option<T>> {
    match object.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(value) => T::from_value(value).map(Some),
    }
}

impl FromJson for String {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_str().map(Self::from)
    }
}

impl FromJson for bool {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl FromJson for u64 {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_u64()
    }
}

impl FromJson for u32 {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_u64()?.try_into().ok()
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::from_value).collect()
    }
}

impl FromJson for Uuid {
    fn from_value(value: &Value) -> Option<Self> {
        Self::try_parse(value.as_str()?).ok()
    }
}
