//! A frame that can be read can be written and read again; one that cannot is answered in few words.

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
