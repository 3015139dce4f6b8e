#![no_main]

#[path = "../targets/plain_frame.rs"]
mod plain_frame;

libfuzzer_sys::fuzz_target!(|data: &[u8]| plain_frame::check(data));
