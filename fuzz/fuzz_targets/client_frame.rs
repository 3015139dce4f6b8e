#![no_main]

#[path = "../targets/client_frame.rs"]
mod client_frame;

libfuzzer_sys::fuzz_target!(|data: &[u8]| client_frame::check(data));
