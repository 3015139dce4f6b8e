//! Substring search. The one of Rust is made for long texts, and is more code for the browser to load.

/// The byte index of the first `part` in `text`.
pub fn find_substring(part: &str, text: &str) -> Option<usize> {
    (0..=text.len()).find(|start| text.as_bytes()[*start..].starts_with(part.as_bytes()))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use proptest::prelude::*;

    use super::find_substring;

    proptest! {
        #[test]
        fn a_text_is_found_where_rust_finds_it(part in "[ab茶]{0,3}", text in "[ab茶叶]{0,9}") {
            prop_assert_eq!(find_substring(&part, &text), text.find(&part));
        }
    }
}
