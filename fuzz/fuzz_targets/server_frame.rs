#![no_main]

#[path = "../targets/server_frame.rs"]
mod server_frame;

libfuzzer_sys::fuzz_target!(|data: &[u8]| server_frame::check(data));
