//! Reading the server's JSON in the browser.
//!
//! The derived `Deserialize` of these types reads the same, and tests hold the two together. But it makes code anew for
//! each type, 25 kB of what a browser has to load; here a text becomes a [`Value`] once, and the rest is look-ups.

use serde_json::Value;
use uuid::Uuid;

/// What can be read from JSON.
pub trait FromJson: Sized {
    /// Reads it; `None` for anything else.
    fn from_value(value: &Value) -> Option<Self>;

    /// Reads it from a text.
    fn from_json(text: &str) -> Option<Self> {
        Self::from_value(&serde_json::from_str(text).ok()?)
    }
}

/// A field that must be there.
pub fn field<T: FromJson>(object: &Value, name: &str) -> Option<T> {
    T::from_value(object.get(name)?)
}

/// A field that may be missing or null, but not be something else.
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
