#![no_main]

#[path = "../targets/mention.rs"]
mod mention;

libfuzzer_sys::fuzz_target!(|data: &[u8]| mention::check(data));
