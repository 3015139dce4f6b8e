#![no_main]

#[path = "../targets/nickname.rs"]
mod nickname;

libfuzzer_sys::fuzz_target!(|data: &[u8]| nickname::check(data));
