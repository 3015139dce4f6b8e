#![no_main]

#[path = "../targets/simple_frame.rs"]
mod simple_frame;

libfuzzer_sys::fuzz_target!(|data: &[u8]| simple_frame::check(data));
