//! What becomes a message or a reaction stays what it is when it is read again.

use teahouse::domain::{Body, Emoji};

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(body) = Body::parse(text) {
        assert_eq!(Body::parse(body.as_str()).as_ref(), Ok(&body));
        assert!(!body.as_str().is_empty() && !body.as_str().contains('\r'));
        assert!(body.as_str().len() <= text.len());
    }
    if let Ok(emoji) = Emoji::parse(text) {
        assert_eq!(emoji.as_str(), text);
        assert_eq!(Emoji::parse(emoji.as_str()).as_ref(), Ok(&emoji));
    }
}
