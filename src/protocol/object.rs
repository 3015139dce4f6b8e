//! Decoding of JSON objects.

/// Decodes a JSON object. Serde would also accept an array of a struct's fields for the struct; the protocol does not.
///
/// # Errors
/// For anything but an object that is a `T`.
pub fn from_object<'a, T: serde::Deserialize<'a>>(json: &'a [u8]) -> serde_json::Result<T> {
    match json.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') | None => serde_json::from_slice(json),
        Some(_) => Err(serde::de::Error::custom("not an object")),
    }
}
