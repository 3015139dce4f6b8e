//! A request of the simple protocol that decodes also survives encoding and decoding. The input is any bytes.

use teahouse::protocol::{SimpleRequest, from_object};

pub(crate) fn check(data: &[u8]) {
    if let Ok(request) = from_object::<SimpleRequest>(data) {
        let written = serde_json::to_vec(&request).expect("frames are plain JSON");
        assert_eq!(from_object::<SimpleRequest>(&written).ok(), Some(request));
    }
}
