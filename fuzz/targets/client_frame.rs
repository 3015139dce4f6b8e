//! A client frame that decodes also survives encoding and decoding. The error of any other input is short.

use teahouse::protocol::ClientFrame;

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match ClientFrame::decode(text) {
        Ok(frame) => {
            let written = serde_json::to_string(&frame).expect("frames are plain JSON");
            assert_eq!(ClientFrame::decode(&written), Ok(frame));
        }
        Err(error) => assert!(error.detail.chars().count() <= 200, "{}", error.detail),
    }
}
