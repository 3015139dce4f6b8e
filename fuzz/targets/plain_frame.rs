//! The simple protocol's requests: what can be read can be written and read again. These come as any bytes.

use teahouse::protocol::{PlainRequest, from_object};

pub(crate) fn check(data: &[u8]) {
    if let Ok(request) = from_object::<PlainRequest>(data) {
        let written = serde_json::to_vec(&request).expect("frames are plain JSON");
        assert_eq!(from_object::<PlainRequest>(&written).ok(), Some(request));
    }
}
