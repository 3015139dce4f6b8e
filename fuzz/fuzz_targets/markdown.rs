#![no_main]

#[path = "../targets/markdown.rs"]
mod markdown;

libfuzzer_sys::fuzz_target!(|data: &[u8]| markdown::check(data));
